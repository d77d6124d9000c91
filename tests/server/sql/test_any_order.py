"""Events of whole scenarios, in any order, any number of times, over several calls: one set of rows."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.schema import make_tables
from lineageflow_server.sql.stores import SqlStores
from sqlalchemy import delete

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.ids import RunId
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.folding import verify
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.memory.turns import ThreadTurns
from lineageflow_core.testing.strategies import contract_settings
from tests.core.openlineage.scenarios import Json, dataset, event, parent_facet
from tests.server.sql.databases import DATABASES


def _run(number: int) -> RunId:
    return RunId(f"00000000-0000-4000-8000-{number:012}")


def _schema(**columns: str) -> Json:
    return {"fields": [{"name": name, "type": kind} for name, kind in columns.items()]}


def _tests(*, success: bool) -> Json:
    return {"assertions": [{"assertion": "unique", "success": success}]}


_SYMLINK = {"identifiers": [{"namespace": "hive", "name": "orders", "type": "TABLE"}]}
_COLUMNS = {"fields": {"id": {"inputFields": [{"namespace": "s3://lake", "name": "other", "field": "id"}]}}}
_LATER_COLUMNS = {
    "fields": {"id": {"inputFields": [{"namespace": "s3://lake", "name": "raw", "field": "id"}]}}
}

EVENTS: list[Json] = [
    # a run whose facts come in pieces, and whose facets are replaced
    event("START", 0, run=_run(1), inputs=[dataset("raw")], outputs=[]),
    event(
        "START", 1, run=_run(1), outputs=[dataset("orders", columnLineage=_COLUMNS, schema=_schema(id="int"))]
    ),
    event("COMPLETE", 2, run=_run(1), outputs=[dataset("orders", columnLineage=_LATER_COLUMNS)]),
    event("OTHER", 3, run=_run(1), inputs=[dataset("more", tags={"tags": [{"key": "pii"}]})]),
    # its reader, which may come first, and what it was read as
    event(
        "COMPLETE",
        5,
        run=_run(2),
        job="report",
        inputs=[dataset("orders", namespace="hive")],
        outputs=[dataset("report")],
    ),
    event(
        "COMPLETE",
        4,
        run=_run(3),
        job="load",
        outputs=[dataset("orders", "7", symlinks=_SYMLINK, schema=_schema(id="long", e="text"))],
    ),
    # a late producer, a failed one, and one that never ends
    event("COMPLETE", 3, run=_run(4), job="load", outputs=[dataset("orders")], run_facets=parent_facet()),
    event("FAIL", 6, run=_run(5), job="load", outputs=[dataset("orders")]),
    event("START", 6, run=_run(6), job="load", outputs=[dataset("never")]),
    # tests, which pass later, and a facet that is taken back
    event(
        "COMPLETE",
        7,
        run=_run(7),
        job="check",
        inputs=[dataset("orders", dataQualityAssertions=_tests(success=False))],
    ),
    event(
        "RUNNING",
        8,
        run=_run(7),
        job="check",
        inputs=[dataset("orders", dataQualityAssertions=_tests(success=True))],
    ),
    event(
        "COMPLETE",
        9,
        run=_run(8),
        outputs=[dataset("report", tags={"_deleted": True}, ownership={"owners": [{"name": "ada"}]})],
    ),
    event("COMPLETE", 1, run=_run(9), outputs=[dataset("report", tags={"tags": [{"key": "old"}]})]),
    {
        "eventTime": "2026-05-01T02:30:00Z",
        "producer": "https://p",
        "schemaURL": "https://s",
        "dataset": dataset("alone"),
    },
    {
        "eventTime": "2026-05-01T02:31:00Z",
        "producer": "https://p",
        "schemaURL": "https://s",
        "job": {"namespace": "nightly", "name": "declared"},
        "inputs": [dataset("alone")],
    },
]


@pytest.fixture(params=list(DATABASES), scope="module")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path: Path = tmp_path_factory.mktemp("lake")
    with DATABASES[request.param](path) as database:
        with database.migrate() as connection:
            make_tables(connection)
        yield database


@settings(contract_settings, max_examples=15)
@given(data=st.data())
def test_any_order_and_repetition_of_events_gives_one_set_of_rows(
    database: Database, data: st.DataObject
) -> None:
    stores = SqlStores(database, turns=ThreadTurns(), content=MemoryStores().content)
    lake = open_embedded(stores)
    empty(database, stores)
    take(lake, [EVENTS])
    expected = digests(stores)
    again = data.draw(st.lists(st.sampled_from(EVENTS), max_size=6))
    shuffled = data.draw(st.permutations([*EVENTS, *again]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    empty(database, stores)
    take(lake, [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)])
    assert expected == digests(stores)
    assert () == verify(stores).differences


def empty(database: Database, stores: SqlStores) -> None:
    """Removes all events, and what follows from them."""
    with stores.lineage.write() as writer:
        writer.clear()
    with database.write() as connection:
        connection.execute(delete(tables.events))


def take(lake: Catalog, calls: list[list[Json]]) -> None:
    """Hands events in, in several calls; each time as other objects, with their keys in another order."""
    for number, events in enumerate(calls):
        lake.lineage.ingest([_reordered(each, backwards=number % 2 == 1) for each in events])


def _reordered(value: Json, *, backwards: bool) -> Json:
    pairs = sorted(json.loads(json.dumps(value)).items(), reverse=backwards)
    return {
        key: _reordered(each, backwards=backwards) if isinstance(each, dict) else each for key, each in pairs
    }


def digests(stores: SqlStores) -> dict[str, str]:
    """Returns the digests of all facts."""
    with stores.lineage.write() as writer:
        return writer.digests()
