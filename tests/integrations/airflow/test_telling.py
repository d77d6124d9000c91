"""Where the OpenLineage provider's events go is told from its configuration, however it is written."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from lineageflow_airflow.telling import leads_to, provider_tells, provider_transport

from tests.integrations.airflow.releases import configured_by_connection

LAKE = "https://lake.example"
HTTP = {"type": "http", "url": LAKE}
OTHER = {"type": "http", "url": "https://marquez.example"}
TRY = SimpleNamespace(task=EmptyOperator(task_id="load"), dag_id="daily", task_id="load")


@pytest.fixture(autouse=True)
def _enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__DISABLED", "False")


def configure(monkeypatch: pytest.MonkeyPatch, transport: dict[str, Any]) -> None:
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", json.dumps(transport))


@pytest.mark.parametrize(
    "transport",
    [
        HTTP,
        {"type": "async_http", "url": f"{LAKE}/"},
        {"type": "http", "url": "https://LAKE.example:443", "endpoint": "/api/v1/lineage"},
        {"type": "lineageflow_core.openlineage.transport.LineageFlowTransport", "url": LAKE},
        {"type": "composite", "transports": {"old": OTHER, "lf": HTTP}},
        {"type": "composite", "transports": [OTHER, HTTP]},
        {"type": "transform", "transformer_class": "a.B", "transport": HTTP},
        {
            "type": "composite",
            "transports": {"lf": {"type": "transform", "transformer_class": "a.B", "transport": HTTP}},
        },
    ],
)
def test_a_transport_leads_to_the_lake_at_its_address_also_through_others(transport: dict[str, Any]) -> None:
    assert leads_to(transport, LAKE)


@pytest.mark.parametrize(
    "transport",
    [
        {},
        OTHER,
        {"type": "console"},
        {"type": "http", "url": "http://lake.example"},
        {"type": "http", "url": f"{LAKE}/elsewhere"},
        {"type": "http", "url": LAKE, "endpoint": "other"},
        {"type": "composite", "transports": [OTHER]},
    ],
)
def test_a_transport_to_another_place_does_not(transport: dict[str, Any]) -> None:
    assert not leads_to(transport, LAKE)


def test_a_lake_below_a_path_is_found_there() -> None:
    assert leads_to({"type": "http", "url": "https://example/lake"}, "https://example/lake/")


def test_the_provider_tells_a_lake_that_its_transport_in_airflows_configuration_leads_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(monkeypatch, HTTP)
    assert provider_tells(LAKE, TRY)
    assert not provider_tells("https://other.example", TRY)
    assert not provider_tells("/mnt/lake", TRY)


def test_the_configuration_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "openlineage.yml").write_text(json.dumps({"transport": HTTP}))
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__CONFIG_PATH", str(tmp_path / "openlineage.yml"))
    assert provider_tells(LAKE, TRY)


@configured_by_connection
def test_the_configuration_may_be_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OL", json.dumps({"conn_type": "http", "extra": {"transport": HTTP}}))
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__CONFIG_CONN_ID", "ol")
    assert provider_tells(LAKE, TRY)


def test_the_configuration_may_be_in_the_environment_of_openlineages_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", LAKE)
    for name in ("TYPE", "URL"):  # openlineage-python sets these itself
        monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__TRANSPORTS__DEFAULT_HTTP__{name}", "")
        monkeypatch.delenv(f"OPENLINEAGE__TRANSPORT__TRANSPORTS__DEFAULT_HTTP__{name}")
    assert provider_tells(LAKE, TRY)


def test_a_provider_that_is_disabled_or_has_no_transport_tells_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {} == provider_transport()
    configure(monkeypatch, HTTP)
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__DISABLED", "True")
    assert not provider_tells(LAKE, TRY)


@pytest.mark.filterwarnings("ignore")  # the provider warns of the setting, and ignores it if it may not
def test_a_task_that_the_provider_is_not_to_tell_of_is_told_by_us(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, HTTP)
    operator = "airflow.providers.standard.operators.empty.EmptyOperator"
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__DISABLED_FOR_OPERATORS", operator)
    assert not provider_tells(LAKE, TRY)


@pytest.mark.parametrize(
    "name, value",
    [
        ("TRANSPORT", "{'type': 'http', 'url': 'https://lake.example'}"),
        ("TRANSPORT", '["s3cret"]'),
        ("CONFIG_PATH", "/nowhere/openlineage.yml"),
        pytest.param("CONFIG_CONN_ID", "nowhere", marks=configured_by_connection),
    ],
)
def test_a_configuration_that_cannot_be_read_fails_no_task_and_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, value: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__OPENLINEAGE__{name}", value)
    assert not provider_tells(LAKE, TRY)
    assert not provider_tells(LAKE, TRY)
    assert (1, False) == (caplog.text.count("lineageflow doctor"), "s3cret" in caplog.text)
