"""Places of operations follow the commits of transactions, whatever numbers those began with."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from lineageflow_server.embedded import open_stores
from lineageflow_server.postgresql import open_stores as open_postgresql
from lineageflow_server.sql import rows, tables
from lineageflow_server.sql.postgresql import PostgresqlDatabase
from lineageflow_server.sql.stores import SqlStores
from sqlalchemy import insert

from lineageflow_core.testing.repository_store import new_info
from lineageflow_core.testing.values import MAIN, NOON, move, new_commit, publication
from tests.servers.postgresql import shared_postgresql

FIRST = new_commit("first")


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStores]:
    if request.param == "sqlite":
        with closing(open_stores(tmp_path / "lake")) as stores:
            yield stores
        return
    with (
        shared_postgresql().empty_database() as address,
        closing(open_postgresql(f"{address}&storage={tmp_path}")) as stores,
    ):
        yield stores


def publish(stores: SqlStores, key: str, repository: str = "r") -> None:
    stores.refs.publish(repository, publication(key))


def placed(stores: SqlStores, after: int = 0) -> list[int]:
    return [each.place for each in stores.operations.placed_after(after, 100)]


def test_what_commits_late_comes_late_although_it_began_first(tmp_path: Path) -> None:
    with (
        shared_postgresql().empty_database() as address,
        closing(open_postgresql(f"{address}&storage={tmp_path}")) as stores,
        closing(PostgresqlDatabase(address)) as database,
    ):
        publish(stores, "before")
        with database.write() as connection:
            late = rows.operation_row(1, replace(publication("late"), operation="late"))
            connection.execute(insert(tables.operations), late)
            publish(stores, "early")
            known = stores.operations.placed_after(0, 100)
            assert [1, 2] == [each.place for each in known]
            assert 2 == stores.operations.last_place()
        [seen] = stores.operations.placed_after(2, 100)
        assert (3, "late", "r") == (seen.place, seen.operation.operation, seen.repository)
        assert seen.operation.id < known[-1].operation.id


def test_all_who_ask_at_once_are_told_the_same(stores: SqlStores) -> None:
    def write_and_ask(number: int) -> list[tuple[int, int]]:
        publish(stores, f"k{number}", f"r{number % 3}")
        return [(each.place, each.operation.id) for each in stores.operations.placed_after(0, 100)]

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(write_and_ask, range(24)))
    last = [(each.place, each.operation.id) for each in stores.operations.placed_after(0, 100)]
    assert list(range(1, 25)) == [place for place, _ in last]
    assert all(some == last[: len(some)] for some in told)


def test_pages_follow_each_other(stores: SqlStores) -> None:
    for number in range(5):
        publish(stores, f"k{number}")
    first = stores.operations.placed_after(0, 2)
    assert ([1, 2], [3, 4, 5]) == ([each.place for each in first], placed(stores, 2))


def test_a_place_is_never_given_again(stores: SqlStores) -> None:
    info = replace(new_info("gone"), deleted_at=NOON)
    stores.repositories.add(info)
    publish(stores, "a")
    publish(stores, "b", info.id)
    assert [1, 2] == placed(stores)
    stores.repositories.purge(info.id)
    publish(stores, "c")
    assert ([1, 3], 3) == (placed(stores), stores.operations.last_place())


def test_what_was_written_before_anybody_asked_has_places(stores: SqlStores) -> None:
    stores.refs.publish("r", publication("k", move(MAIN, None, FIRST), commits=[FIRST]))
    [seen] = stores.operations.placed_after(0, 1)
    assert [MAIN] == [each.ref for each in seen.operation.moves]
