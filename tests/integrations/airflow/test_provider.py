"""What Airflow is told of the provider is what Airflow understands."""

import json
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from pkgutil import iter_modules

import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager
from lineageflow_airflow.provider import PACKAGE, get_provider_info

INNER = {
    "lineageflow_airflow.operators.base",
    "lineageflow_airflow.operators.dag_runs",
    "lineageflow_airflow.operators.publish",
    "lineageflow_airflow.sensors.base",
    "lineageflow_airflow.triggers.live",
}
"""What others are made of, and no DAG imports."""


def test_the_description_is_one_by_airflows_schema() -> None:
    schema = json.loads(files("airflow").joinpath("provider_info.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(get_provider_info(), schema)


def test_the_fields_of_the_connection_are_as_airflows_schema_for_provider_authors_has_them() -> None:
    schema = json.loads(files("airflow").joinpath("provider.yaml.schema.json").read_text(encoding="utf-8"))
    (said,) = get_provider_info()["connection-types"]
    jsonschema.validate(said, schema["properties"]["connection-types"]["items"])


@pytest.mark.parametrize("kind", ["hooks", "operators", "sensors", "triggers"])
def test_the_description_names_every_module_that_dags_import(kind: str) -> None:
    (said,) = get_provider_info()[kind]
    package = f"lineageflow_airflow.{kind}"
    modules = {f"{package}.{each.name}" for each in iter_modules(import_module(package).__path__)}
    assert sorted(modules - INNER) == said["python-modules"]


@pytest.mark.parametrize(
    "group, name", [("apache_airflow_provider", "provider_info"), ("airflow.plugins", "lineageflow")]
)
def test_airflow_finds_the_provider_and_finding_3_its_plugin_by_entry_points(group: str, name: str) -> None:
    ours = [each for each in entry_points(group=group, name=name) if "lineageflow" in each.value]
    assert 1 == len(ours)
    assert ours[0].load()


@pytest.mark.skipif(
    not hasattr(ProvidersManager, "_load_ui_metadata"), reason="before 3.2, forms are made of hooks"
)
def test_the_form_of_a_connection_asks_for_a_lake_and_a_token() -> None:
    manager = ProvidersManager()  # type: ignore[no-untyped-call]
    assert PACKAGE in manager.providers
    behaviour = manager.field_behaviours["lineageflow"]
    assert {"host": "Lake", "password": "Token"} == behaviour["relabeling"]
    fields = [each for each in manager.connection_form_widgets if each.startswith("extra__lineageflow__")]
    assert ["outbox", "page", "repository"] == sorted(each.rpartition("__")[2] for each in fields)
