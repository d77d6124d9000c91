"""Branches, and many writers on one of them: 50 processes that each merge a disjoint dataset into `main`.

On a lake in a folder, and on one in PostgreSQL, which flushes every commit to the disk as it does in earnest.
"""

import itertools
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row, seconds
from lineageflow_core import Repository, connect
from lineageflow_core.model.change import put
from lineageflow_core.model.objects import ObjectEntry
from tests.servers.postgresql import running_postgresql

WRITERS = 50
MERGES_EACH = 4


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as place:
        folder = Path(place).resolve()
        yield from _on("a folder", str(folder / "lake"))
        with running_postgresql(fsync="on", full_page_writes="on") as server:
            yield from _on("PostgreSQL", f"{server.new_database()}&storage={folder / 'content'}")


def _on(kind: str, lake: str) -> Iterator[Row]:
    repo = Repository(connect(lake), "bench", author="bench").create()
    yield from _branches(kind, repo)
    yield from _merges(kind, lake, repo)


def _branches(kind: str, repo: Repository) -> Iterator[Row]:
    (entry,) = repo.catalog.content.upload("bench", [b"x"])
    for objects in (10, 100_000):
        many = [
            ObjectEntry(path=f"{at:06d}", object_id=entry.object_id, size=entry.size) for at in range(objects)
        ]
        repo.catalog.history.commit(
            "bench", "main", [put(f"size-{objects}", many)], author="bench", message="fill"
        )
        names = (f"b-{objects}-{number}" for number in itertools.count())
        yield Row(
            name=f"branch from a commit of {objects:,} objects, in {kind}",
            ours=seconds(lambda names=names: repo.branch(next(names)), repeat=20),  # type: ignore[misc]
        )


def _merges(kind: str, lake: str, repo: Repository) -> Iterator[Row]:
    for writer in range(WRITERS):
        for merge in range(MERGES_EACH):
            name = f"w{writer}-{merge}"
            repo.branch(name)
            repo.put(f"dataset-{writer}/{merge}", name.encode(), branch=name)
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[float]] = context.Queue()
    ready = context.Barrier(WRITERS + 1)
    writers = [context.Process(target=_merge_all, args=(lake, at, ready, results)) for at in range(WRITERS)]
    for process in writers:
        process.start()
    ready.wait()
    started = time.perf_counter()
    times = [each for _ in writers for each in results.get()]
    whole = time.perf_counter() - started
    for process in writers:
        process.join()
    slowest = statistics.quantiles(times, n=100)[98]
    yield Row(
        name=f"a merge into one branch by {WRITERS} processes, in {kind} ({len(times) / whole:.0f} a second)",
        ours=whole / len(times),
        limit=1 / 50,
        limit_is="50 merges a second",
        target=1.0,
        note=f"none failed; 99 % within {slowest:.2f} s",
    )


def _merge_all(
    lake: str, writer: int, ready: "object", results: "multiprocessing.Queue[list[float]]"
) -> None:
    repo = Repository(connect(lake), "bench", author=f"writer-{writer}")
    times: list[float] = []
    ready.wait()  # type: ignore[attr-defined]
    for merge in range(MERGES_EACH):
        started = time.perf_counter()
        repo.merge(f"w{writer}-{merge}")
        times.append(time.perf_counter() - started)
    results.put(times)
