"""`kill -9` at every step of a pruning: what stays says the same as before, and the next one finishes it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from lineageflow_server import embedded, postgresql

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io
from lineageflow_core.service import folding, pruning
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.ports import Stores
from lineageflow_core.testing.values import run_id
from tests.core.openlineage.scenarios import Json, dataset, event, parent_facet
from tests.servers.postgresql import name_of, shared_postgresql
from tests.stateful.crash import kill_at

LATER = datetime.now(UTC) + timedelta(days=90)
OLD, YOUNG = "2026-01-01T00:00:00Z", LATER.isoformat()
READER = run_id(9)


def happened(number: int, time: str, reads: list[str], writes: list[str], parent: int | None = None) -> Json:
    facets = {} if parent is None else parent_facet(run_id(parent))
    return event(
        "COMPLETE",
        time=time,
        run=run_id(number),
        inputs=[dataset(name, documentation={"description": name}) for name in reads],
        outputs=[dataset(name) for name in writes],
        run_facets=facets,
    )


EVENTS = [
    happened(1, OLD, ["a"], ["b"]),
    happened(2, OLD, ["b"], ["c"], parent=20),
    happened(3, OLD, ["c"], ["d"], parent=20),
    happened(4, "2026-01-02T00:00:00Z", ["a"], ["b"]),  # stays: the reader read what it wrote
    {"eventTime": OLD, "dataset": dataset("d", documentation={"description": "of d"})},
    {"eventTime": OLD, "job": {"namespace": "nightly", "name": "declared"}, "inputs": [dataset("a")]},
    {"eventTime": OLD},
    happened(9, YOUNG, ["b", "e"], ["f"]),
]


def fill(stores: Stores) -> None:
    open_embedded(stores).lineage.ingest(EVENTS)


def at(stores: Stores) -> Catalog:
    return open_embedded(stores, clock=lambda: LATER)


@contextmanager
def in_folder(folder: Path) -> Iterator[tuple[Callable[[], str], Callable[[str], None]]]:
    """Gives how to make one more copy of a filled lake, and how to remove it."""
    with closing(embedded.open_stores(folder / "template")) as stores:
        fill(stores)

    def copy() -> str:
        return shutil.copytree(folder / "template", folder / "copy").as_posix()

    yield copy, shutil.rmtree


@contextmanager
def in_postgresql(folder: Path) -> Iterator[tuple[Callable[[], str], Callable[[str], None]]]:
    with shared_postgresql().empty_database() as template:
        with closing(postgresql.open_stores(f"{template}&storage={folder}")) as stores:
            fill(stores)
        yield (
            lambda: shared_postgresql().new_database(like=name_of(template)),
            shared_postgresql().drop_database,
        )


KINDS = {"folder": in_folder, "postgresql": in_postgresql}


def open_stores(lake: str) -> Stores:
    return postgresql.open_stores(lake) if "://" in lake else embedded.open_stores(Path(lake))


def prune(lake: str) -> None:
    with closing(open_stores(lake)) as stores:
        at(stores).events.prune(older_than_days=30)


def left(lake: str) -> tuple[dict[RunId, tuple[Io, ...]], dict[str, str]]:
    """Returns what each run read, and the digests of all facts, which are those that the events give."""
    with closing(open_stores(lake)) as stores:
        assert () == folding.verify(stores).differences
        runs = at(stores).lineage.list_runs().items
        found = {run.id: at(stores).lineage.get_run(run.id).reads for run in runs}
        with stores.lineage.write() as writer:
            return found, dict(writer.digests())


@pytest.mark.parametrize("kind, stride", [("folder", 3), ("postgresql", 1)])
def test_a_killed_pruning_is_finished_by_the_next(
    kind: str, stride: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_AT_ONCE", 1)
    with KINDS[kind](tmp_path) as (copy, remove):
        lake = copy()
        before, _ = left(lake)
        prune(lake)
        done = left(lake)
        remove(lake)
        assert {READER, run_id(4)} == done[0].keys()
        step, died = 1 - stride, True
        while died:
            step += stride
            lake = copy()
            died = kill_at(step, partial(prune, lake))
            reads, _ = left(lake)
            assert {run: before[run] for run in reads} == reads
            assert reads.keys() >= done[0].keys()
            prune(lake)
            assert done == left(lake)
            remove(lake)
    assert step > 5
