"""One Airflow for all tests of this folder, over the DAGs in `dags/` and a lake behind a server.

A test that needs data of its own has a DAG with a repository of its own.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineageflow_core import Lake, Repository, connect
from tests.integrations.airflow.conftest import CONNECTION
from tests.integrations.airflow.deployed.deployment import Airflow, airflow_running
from tests.server.serving import TOKEN, served

DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake that Airflow works with, in a folder."""
    return connect(str(tmp_path_factory.mktemp("deployed") / "lake"))


@pytest.fixture(scope="session")
def sales(lake: Lake) -> Repository:
    """The repository that the examples work with."""
    return lake.repository("sales").create()


@pytest.fixture(scope="session")
def airflow(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """An Airflow that runs."""
    with served(lake) as address:
        connection = {"conn_type": "lineageflow", "host": address, "password": TOKEN}
        variables = {CONNECTION: json.dumps(connection)}
        with airflow_running(tmp_path_factory.mktemp("airflow"), DAGS, variables) as airflow:
            yield airflow
