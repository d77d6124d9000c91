"""Events that name very many datasets are stored by as many statements as those that name few."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lineageflow_server.embedded import open_stores
from lineageflow_server.sql.sqlite import SqliteDatabase
from lineageflow_server.sql.stores import SqlStores
from sqlalchemy import event

from lineageflow_core.catalog import Catalog
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.testing.catalog.producers import Dataset, run_events


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[SqlStores]:
    stores = open_stores(tmp_path / "lake")
    yield stores
    stores.close()


def names(prefix: str, count: int, **facets: Any) -> list[Dataset]:
    return [(f"{prefix}{number}", "1", facets) for number in range(count)]


def unversioned(found: dict[str, Any]) -> dict[str, Any]:
    for each in (*found["inputs"], *found["outputs"]):
        each["facets"].pop("version")
    return found


def statements(stores: SqlStores, told: dict[str, Any]) -> list[str]:
    """Returns what is executed while an event is taken in."""
    database = stores._database
    assert isinstance(database, SqliteDatabase)
    executed: list[str] = []
    listener = lambda *call: executed.append(call[2])  # noqa: E731 - SQLAlchemy keeps it by identity
    event.listen(database._engine, "before_cursor_execute", listener)
    assert () == catalog_of(stores).lineage.ingest([told]).problems
    event.remove(database._engine, "before_cursor_execute", listener)
    return executed


def catalog_of(stores: SqlStores) -> Catalog:
    return open_embedded(stores)


def test_reads_are_bound_to_late_writes_all_at_once(stores: SqlStores) -> None:
    costs = []
    for number, (prefix, count) in enumerate((("few", 5), ("many", 300))):
        reads, writes = names(prefix, count), names(prefix, count)
        catalog_of(stores).lineage.ingest([unversioned(run_events(prefix, 10, reads, [])[1])])
        costs.append(statements(stores, run_events(prefix, number, [], writes)[1]))
    assert len(costs[0]) == len(costs[1])
    [deletion] = {each for each in costs[1] if each.startswith('DELETE FROM "ios"') and "whole" in each}
    with stores._database.read() as connection:
        values = (1,) * deletion.count("?")
        [plan] = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {deletion}", values)
    assert "ios_by_dataset (dataset=? AND written=? AND whole=? AND at=?" in plan.detail


def test_names_are_joined_all_at_once(stores: SqlStores) -> None:
    costs = []
    for number, (prefix, count) in enumerate((("few", 5), ("many", 200))):
        reads = [
            (name, version, {"symlinks": {"identifiers": [{"namespace": "hive://h", "name": name}]}})
            for name, version, _ in names(prefix, count)
        ]
        costs.append(len(statements(stores, run_events(prefix, number, reads, [])[1])))
    assert costs[0] == costs[1]
    listed = catalog_of(stores).datasets.list_known_datasets(limit=1000).items
    assert 205 == len(listed)
