"""An Airflow with a database of its own, a lake that its default connection leads to, and runs of DAGs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineageflow_core import Lake
from tests.integrations.airflow.lakes import Connection, open_lake, serve_lake
from tests.integrations.airflow.settings import set_up

set_up()  # before a module of tests imports Airflow

CONNECTION = "AIRFLOW_CONN_LINEAGEFLOW_DEFAULT"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps the tests of a module in one process, and those that share a deployed Airflow, too."""
    for item in items:
        name = "deployed" if item.path.parent.name == "deployed" else item.path.name
        item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(scope="session", autouse=True)
def _database() -> None:
    from airflow.utils.db import initdb

    from tests.integrations.airflow.releases import lineage

    initdb()
    lineage.get_hook_lineage_collector()  # loads the plugins, as each process of Airflow does


@pytest.fixture(autouse=True)
def _connections() -> Iterator[None]:
    yield
    _forget()


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[tuple[Lake, Connection]]:
    """A lake, and the connection that leads to it."""
    with open_lake(tmp_path / "lake") as connected:
        yield connected


@pytest.fixture
def lake(connected: tuple[Lake, Connection], monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake in a folder, with the repository `sales`, that `lineageflow_default` leads to."""
    lake, connection = connected
    monkeypatch.setenv(CONNECTION, json.dumps(connection))
    lake.repository("sales").create()
    _forget()
    return lake


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """Another lake, with the repository `sales`, that the connection `elsewhere` leads to."""
    with open_lake(tmp_path / "elsewhere") as (lake, connection):
        monkeypatch.setenv("AIRFLOW_CONN_ELSEWHERE", json.dumps(connection))
        lake.repository("sales").create()
        yield lake


@pytest.fixture
def served_lake(
    lake: Lake, connected: tuple[Lake, Connection], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lake]:
    """The same lake, but `lineageflow_default` leads to a server of it."""
    with serve_lake(*connected) as connection:
        monkeypatch.setenv(CONNECTION, json.dumps(connection))
        _forget()
        yield lake


def _forget() -> None:
    from lineageflow_airflow.connection import forget_connections
    from lineageflow_airflow.filesystem import AirflowFileSystem

    forget_connections()
    AirflowFileSystem.clear_instance_cache()
