"""The hook, and the button that tests a connection."""

import asyncio
import json
from pathlib import Path

import pytest
from lineageflow_airflow.hooks.lineageflow import LineageFlowHook
from lineageflow_airflow.operators.tags import LineageFlowTagOperator

from lineageflow_core import Lake
from lineageflow_core.errors import InvalidInputError
from tests.integrations.airflow.lakes import Connection
from tests.integrations.airflow.tries import execute


def test_a_hook_opens_the_lake_of_its_connection(served_lake: Lake) -> None:
    hook = LineageFlowHook()
    assert "sales" == hook.get_conn().repositories.get_repository("sales").name
    assert hook.get_conn() is LineageFlowHook().get_conn()
    assert hook.page == hook.said.address
    assert served_lake.repository("sales").head().id == asyncio.run(
        hook.call(lambda lake: lake.refs.resolve("sales", "main").id)
    )


def test_the_button_says_which_repositories_there_are_or_what_is_wrong(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.repository("ml").create()
    assert (True, "The lake answers; its repositories: ml, sales") == LineageFlowHook().test_connection()
    monkeypatch.setenv(
        "AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "lineageflow", "host": str(tmp_path / "no")})
    )
    works, text = LineageFlowHook("other").test_connection()
    assert (False, True) == (works, "no lake at" in text)


@pytest.mark.usefixtures("lake")
def test_the_repository_of_the_connection_is_meant_where_none_is_named(
    connected: tuple[Lake, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    nameless = LineageFlowTagOperator(task_id="tag", tag="v1")
    with pytest.raises(InvalidInputError, match="no repository is named"):
        LineageFlowHook().repository(None)
    said = {**connected[1], "extra": {"repository": "sales"}}
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(said))
    nameless.lineageflow_conn_id = "shop"
    assert "sales" == execute(nameless)["repository"]
