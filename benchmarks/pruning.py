"""Pruning, and how long it keeps others from writing.

All runs but the last tenth are old. Half load a table, half report on it; none names a version, so reports
are of what was there. Each transaction is timed by itself: so long may an event have to wait.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from lineageflow_server import embedded, postgresql

from benchmarks.measure import Row
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.ports import Stores
from tests.servers.postgresql import running_postgresql

RUNS = 20_000
_TABLES = 100
_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_OLD = _NOW - timedelta(days=90)
_LATER = _NOW + timedelta(days=20)


def rows(runs: int = RUNS) -> Iterator[Row]:
    for name, opened in LAKES.items():
        with opened() as stores:
            held: list[float] = []
            stores.lineage.write = _timed(stores.lineage.write, held)  # type: ignore[method-assign]
            catalog = open_embedded(stores, clock=lambda: _LATER)
            _fill(catalog, runs)
            started = time.perf_counter()
            plan = catalog.events.plan_pruning(older_than_days=30)
            planned = time.perf_counter() - started
            held.clear()
            started = time.perf_counter()
            done = calls = 0
            more = True
            while more:
                pruned = catalog.events.prune(older_than_days=30)
                done, calls, more = done + pruned.runs, calls + 1, pruned.more
            taken = time.perf_counter() - started
            assert plan.runs == done, (plan.runs, done)
            most, median = 1000 * max(held), 1000 * sorted(held)[len(held) // 2]
            yield Row(
                name=f"prune {done} of {runs} runs, {name}",
                ours=taken,
                note=f"{done / taken:,.0f} runs a second, in {calls} calls; the plan took {planned:.1f} s; "
                f"others wait for {median:.0f} ms, {most:.0f} ms at most",
            )


def _fill(catalog: Any, runs: int) -> None:
    young = runs - runs // 10
    for first in range(0, runs, 500):
        some = range(first, min(first + 500, runs))
        events = [told for run in some for told in _events(run, _NOW if run >= young else _OLD)]
        catalog.lineage.ingest(events)


def _events(run: int, since: datetime) -> Iterator[dict[str, Any]]:
    at = since + timedelta(seconds=run)
    common = {
        "producer": "https://example.org/producer",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(UUID(int=run + (1 << 100)))},
        "job": {"namespace": "nightly", "name": f"etl.job_{run % (2 * _TABLES)}"},
    }
    loads, number = run % 2 == 0, run // 2 % _TABLES
    table, source = (
        {"namespace": "postgres://warehouse", "name": f"db.{name}_{number}"}
        for name in (("table", "raw") if loads else ("report", "table"))
    )
    fields = [{"name": f"column_{number}", "type": "BIGINT"} for number in range(10)]
    facets = {"schema": {"fields": fields}}
    yield {"eventType": "START", "eventTime": at.isoformat(), **common, "inputs": [source]}
    ended = (at + timedelta(milliseconds=500)).isoformat()
    yield {"eventType": "COMPLETE", "eventTime": ended, **common, "outputs": [{**table, "facets": facets}]}


def _timed(write: Any, held: list[float]) -> Any:
    @contextmanager
    def timed() -> Iterator[Any]:
        started = time.perf_counter()
        with write() as writer:
            yield writer
        held.append(time.perf_counter() - started)

    return timed


@contextmanager
def _sqlite() -> Iterator[Stores]:
    with (
        TemporaryDirectory(prefix="lineageflow-prune-") as folder,
        closing(embedded.open_stores(Path(folder) / "lake")) as stores,
    ):
        yield stores


@contextmanager
def _postgresql() -> Iterator[Stores]:
    with (
        running_postgresql(fsync="on", full_page_writes="on", shared_buffers="256MB") as server,
        TemporaryDirectory(prefix="lineageflow-prune-") as folder,
        closing(postgresql.open_stores(f"{server.new_database()}&storage={folder}")) as stores,
    ):
        yield stores


LAKES = {"SQLite": _sqlite, "PostgreSQL": _postgresql}
