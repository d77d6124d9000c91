"""A DAG's params for old versions: Airflow shows them, and refuses what cannot be meant."""

from typing import Any

import pytest
from airflow.sdk import DAG, Param
from lineageflow_airflow import LineageFlowParams
from lineageflow_airflow.failures import AirflowException

from tests.integrations.airflow.releases import triggered_params

REFUSALS = (ValueError, AirflowException)
"""What Airflow raises: of the second kind before 3.2."""


def validated(conf: dict[str, Any], params: LineageFlowParams | None = None) -> dict[str, Any]:
    """Returns what a run's params are, as Airflow makes them of its conf when it is triggered."""
    dag = DAG("old", schedule=None, params=LineageFlowParams() if params is None else params)
    return triggered_params(dag, conf)


def test_without_conf_nothing_is_said() -> None:
    assert {"lineageflow_ref": None, "lineageflow_into": None} == validated({})


@pytest.mark.parametrize(
    "ref",
    [
        "v1",
        "main~3",
        "main@{2026-05-01 12:00}",
        "main@{2026-05-01T12:00:00+00:00}",
        "run:0199-af",
        "ab" * 32,
        "",
        None,
        {"sales": "v1", "ml": "main"},
    ],
)
def test_whatever_names_a_commit_can_be_read(ref: object) -> None:
    assert ref == validated({"lineageflow_ref": ref})["lineageflow_ref"]


@pytest.mark.parametrize("ref", [5, True, ["v1"], "a/b", " v1", "v1 ", "@v1", {"sales": 5}, {"sales": "a/b"}])
def test_what_names_no_commit_is_refused_before_anything_runs(ref: object) -> None:
    with pytest.raises(REFUSALS, match=r"valid|match"):
        validated({"lineageflow_ref": ref})


@pytest.mark.parametrize("into", [5, "main~3", "a/b", "a b", {"sales": "main~3"}])
def test_what_names_no_branch_cannot_be_published_to(into: object) -> None:
    assert "restated" == validated({"lineageflow_into": "restated"})["lineageflow_into"]
    with pytest.raises(REFUSALS, match=r"valid|match"):
        validated({"lineageflow_into": into})


def test_a_dag_has_defaults_and_params_of_its_own_beside_them() -> None:
    params = LineageFlowParams(ref="v1", into="restated") | {"region": Param("eu", type="string")}
    assert {"lineageflow_ref": "v1", "lineageflow_into": "restated", "region": "us"} == validated(
        {"region": "us"}, params
    )
