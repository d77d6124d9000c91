"""What a connection says of a lake, however people write it."""

import json
from pathlib import Path

import pytest
from airflow.exceptions import AirflowNotFoundException  # type: ignore[attr-defined]  # and in 3.1
from airflow.sdk import Connection as AirflowConnection
from lineageflow_airflow.connection import (
    LakeConnection,
    connection_of,
    lake_of,
    parse_connection,
)

from lineageflow_core import Lake
from lineageflow_core.errors import InvalidInputError, NotFoundError
from tests.integrations.airflow.lakes import Connection


@pytest.mark.parametrize(
    "connection, address",
    [
        ('{"host": "https://lake.example"}', "https://lake.example"),
        ('{"host": "https://lake.example/", "port": 8443}', "https://lake.example:8443"),
        ('{"host": "lake.example", "schema": "https"}', "https://lake.example"),
        ("lineageflow://lake.example:8080/http", "http://lake.example:8080"),
        ("lineageflow://https%3A%2F%2Flake.example", "https://lake.example"),
        ('{"host": "/mnt/lake"}', "/mnt/lake"),
        ('{"host": "./lake"}', "./lake"),
    ],
)
def test_the_address_is_a_servers_or_a_folder(
    connection: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_C", connection)
    assert address == connection_of("c").address


def test_the_rest_is_the_token_and_what_is_in_the_extra() -> None:
    extra = {"repository": "sales", "page": "https://page.example/", "outbox": "/var/outbox"}
    connection = AirflowConnection(
        conn_id="c", host="https://lake.example", password="secret", extra=json.dumps(extra)
    )
    expected = LakeConnection(
        address="https://lake.example",
        token="secret",
        repository="sales",
        page="https://page.example/",
        outbox="/var/outbox",
    )
    assert expected == parse_connection(connection)
    assert "https://page.example" == expected.page_url
    assert "secret" not in repr(expected)


def test_the_page_is_at_the_servers_address_and_a_folder_has_none() -> None:
    assert "https://lake.example" == LakeConnection(address="https://lake.example").page_url
    assert LakeConnection(address="/mnt/lake").page_url is None


@pytest.mark.parametrize("user", ["bot:s3cret@", "s3cret@", "bot:s3@cret@"])
def test_the_page_s_address_is_nobody_s_as_it_is_shown_to_all(user: str) -> None:
    assert "https://lake.example" == LakeConnection(address=f"https://{user}lake.example").page_url
    page = f"https://{user}lake.example/@lakes/"
    assert "https://lake.example/@lakes" == LakeConnection(address="/mnt/lake", page=page).page_url


def test_a_connection_without_a_host_is_refused_and_says_what_to_write() -> None:
    with pytest.raises(InvalidInputError, match="its host is to be the URL of a server"):
        parse_connection(AirflowConnection(conn_id="c", password="secret"))


def test_the_lake_of_the_default_connection_is_opened_once(lake: Lake) -> None:
    assert lake.address == lake_of().address
    assert lake_of() is lake_of("lineageflow_default")


def test_without_the_default_connection_the_lake_is_that_of_the_environment(
    connected: tuple[Lake, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, connection = connected
    token = connection.get("password", "secret")
    monkeypatch.setenv("LINEAGEFLOW_LAKE", connection["host"])
    monkeypatch.setenv("LINEAGEFLOW_TOKEN", token)
    assert LakeConnection(address=connection["host"], token=token) == connection_of()
    assert lake.address == lake_of().address


def test_a_connection_that_is_named_has_to_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LINEAGEFLOW_LAKE", str(tmp_path))
    with pytest.raises(AirflowNotFoundException, match="elsewhere"):
        lake_of("elsewhere")


def test_a_folder_that_is_no_lake_does_not_become_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LINEAGEFLOW_DEFAULT", json.dumps({"host": str(tmp_path / "none")}))
    with pytest.raises(NotFoundError, match="there is no lake at"):
        lake_of()
    assert not (tmp_path / "none").exists()
