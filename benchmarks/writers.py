"""Branches, and many writers on one of them: 50 processes that each merge disjoint datasets into `main`.

On a lake in a folder; on one in PostgreSQL, which flushes every commit to the disk as it does in earnest; and
over HTTP, to one server of that lake and to two. Merges a second tell how busy the machine was, too; what a
merge takes of its writer's processor does so less.
"""

import itertools
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

from benchmarks.measure import Row, seconds
from benchmarks.serving import serving
from lineageflow_core import Repository, connect
from lineageflow_core.errors import LineageFlowError
from lineageflow_core.model.change import put
from lineageflow_core.model.objects import ObjectEntry
from tests.servers.postgresql import running_postgresql

WRITERS = 50
MERGES_EACH = 10
"""Measured, after one that is not: a process that has just begun loads and reads what the others know."""
_PATIENCE = 600.0
"""Seconds until writers that do not answer are given up."""

_Place = tuple[str, str | None]
"""An address, and the token of a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one writer did."""

    times: tuple[float, ...]
    """Seconds that each merge took, the waiting included."""
    failed: int
    processor: float
    """Seconds of processor time of the writer's process, in all."""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as place:
        folder = Path(place).resolve()
        lake = str(folder / "lake")
        yield from _branches("a folder", Repository(connect(lake), "branches", author="bench").create())
        yield _merges("a folder", lake, [(lake, None)])
        with running_postgresql(fsync="on", full_page_writes="on") as database:
            lake = f"{database.new_database()}&storage={folder / 'content'}"
            yield from _branches("PostgreSQL", Repository(connect(lake), "branches", author="bench").create())
            yield _merges("PostgreSQL", lake, [(lake, None)])
            for servers in (1, 2):
                with ExitStack() as running:
                    places = [running.enter_context(serving(lake)) for _ in range(servers)]
                    yield _merges(f"PostgreSQL over HTTP, servers: {servers}", lake, places)


def _branches(kind: str, repo: Repository) -> Iterator[Row]:
    (entry,) = repo.catalog.content.upload(repo.name, [b"x"])
    for objects in (10, 100_000):
        many = [
            ObjectEntry(path=f"{at:06d}", object_id=entry.object_id, size=entry.size) for at in range(objects)
        ]
        repo.catalog.history.commit(
            repo.name, "main", [put(f"size-{objects}", many)], author="bench", message="fill"
        )
        names = (f"b-{objects}-{number}" for number in itertools.count())
        yield Row(
            name=f"branch from a commit of {objects:,} objects, in {kind}",
            ours=seconds(lambda names=names: repo.branch(next(names)), repeat=20),  # type: ignore[misc]
        )


def _merges(kind: str, lake: str, places: Sequence[_Place]) -> Row:
    name = f"merges-{len(places)}-{places[0][1] is not None}".lower()
    repo = Repository(connect(lake), name, author="bench").create()
    for writer in range(WRITERS):
        for merge in range(1 + MERGES_EACH):
            branch = f"w{writer}-{merge}"
            repo.branch(branch)
            repo.put(f"dataset-{writer}/{merge}", branch.encode(), branch=branch)
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[Work] = context.Queue()
    ready = context.Barrier(WRITERS + 1, timeout=_PATIENCE)
    done = context.Event()
    writers = [
        context.Process(
            target=_merge_all, args=(places[at % len(places)], name, at, ready, done, results), daemon=True
        )
        for at in range(WRITERS)
    ]
    for process in writers:
        process.start()
    ready.wait()
    started = time.perf_counter()
    works = [results.get(timeout=_PATIENCE) for _ in writers]
    whole = time.perf_counter() - started
    done.set()
    for process in writers:
        process.join()
    times = [each for work in works for each in work.times]
    percentiles = statistics.quantiles(times, n=100)
    return Row(
        name=f"a merge into one branch by {WRITERS} processes, in {kind}",
        ours=whole / len(times),
        limit=1 / 50,
        limit_is="50 merges a second, none failed, 99 % within 2 s",
        target=1.0,
        note=(
            f"{len(times) / whole:.0f} a second; {sum(work.failed for work in works)} failed; half within "
            f"{percentiles[49]:.2f} s, 99 % within {percentiles[98]:.2f} s; "
            f"{sum(work.processor for work in works) / len(times) * 1000:.1f} ms of a writer's processor each"
        ),
    )


def _merge_all(
    place: _Place,
    name: str,
    writer: int,
    ready: Barrier,
    done: Event,
    results: "multiprocessing.Queue[Work]",
) -> None:
    address, token = place
    repo = Repository(connect(address, token=token), name, author=f"writer-{writer}")
    repo.merge(f"w{writer}-0")
    times: list[float] = []
    failed = 0
    ready.wait()
    before = time.process_time()
    for merge in range(1, 1 + MERGES_EACH):
        started = time.perf_counter()
        try:
            repo.merge(f"w{writer}-{merge}")
        except LineageFlowError:
            failed += 1
        times.append(time.perf_counter() - started)
    results.put(Work(times=tuple(times), failed=failed, processor=time.process_time() - before))
    done.wait()  # ending a process takes time, too
