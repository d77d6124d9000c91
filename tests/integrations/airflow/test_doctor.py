"""`lineageflow doctor` says whether this Airflow is set up, and what to add where it is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.models.connection import Connection
from airflow.utils.session import create_session
from lineageflow_airflow.connection import forget_connections
from lineageflow_airflow.doctor import examine
from lineageflow_airflow.openlineage import FUNCTION

from lineageflow_core.doctor import Finding, FindingState
from tests.integrations.airflow.conftest import CONNECTION
from tests.integrations.airflow.releases import configured_by_connection

OPENLINEAGE = "AIRFLOW__OPENLINEAGE__"


def found() -> dict[str, Finding]:
    """Returns what is found, by its name."""
    return {finding.name: finding for finding in examine()}


@pytest.mark.usefixtures("lake")
def test_an_airflow_with_a_connection_to_a_lake_is_well() -> None:
    assert {FindingState.GOOD} == {finding.state for finding in found().values()}
    assert {"provider", "plugin", "connection", "OpenLineage", "XCom"} == set(found())


def test_without_a_connection_it_says_the_line_that_makes_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    forget_connections()
    finding = found()["connection"]
    assert FindingState.WRONG is finding.state
    name, _, value = finding.lines[0].partition("=")
    assert (CONNECTION, "lineageflow") == (name, json.loads(value.strip("'"))["conn_type"])


def test_a_lake_that_does_not_answer_is_wrong_and_no_line_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "lineageflow", "host": "http://127.0.0.1:9"}
    monkeypatch.setenv(CONNECTION, json.dumps(connection))
    forget_connections()
    finding = found()["connection"]
    assert (FindingState.WRONG, ()) == (finding.state, finding.lines)


@pytest.mark.usefixtures("served_lake")
def test_a_provider_that_tells_another_place_is_told_how_to_tell_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = {
        "type": "http",
        "url": "https://marquez.example",
        "auth": {"type": "api_key", "apiKey": "secret"},
    }
    monkeypatch.setenv(f"{OPENLINEAGE}DISABLED", "False")
    monkeypatch.setenv(f"{OPENLINEAGE}TRANSPORT", json.dumps(other))
    advice = [finding for finding in found().values() if finding.state is FindingState.ADVICE]
    assert ["OpenLineage", "run facet"] == [finding.name for finding in advice]
    lines = dict(line.partition("=")[::2] for finding in advice for line in finding.lines)
    assert FUNCTION == lines[f"{OPENLINEAGE}CUSTOM_RUN_FACETS"].strip("'")
    assert "secret" not in str(lines)
    for name, value in lines.items():
        monkeypatch.setenv(name, value.strip("'"))
    assert {FindingState.GOOD} == {finding.state for finding in found().values()}


@pytest.mark.usefixtures("served_lake")
@pytest.mark.parametrize(
    "option, value",
    [("TRANSPORT", "{'type': 'console'}"), ("DISABLED", "perhaps"), ("SELECTIVE_ENABLE", "x")],
)
def test_a_provider_that_cannot_be_read_is_wrong_and_the_line_mends_it(
    monkeypatch: pytest.MonkeyPatch, option: str, value: str
) -> None:
    monkeypatch.setenv(f"{OPENLINEAGE}DISABLED", "False")
    monkeypatch.setenv(f"{OPENLINEAGE}TRANSPORT", '{"type": "console"}')
    monkeypatch.setenv(f"{OPENLINEAGE}{option}", value)
    finding = found()["OpenLineage"]
    name, _, mended = finding.lines[0].partition("=")
    assert (FindingState.WRONG, f"{OPENLINEAGE}{option}") == (finding.state, name)
    monkeypatch.setenv(name, mended.strip("'"))
    assert FindingState.WRONG is not found()["OpenLineage"].state


@pytest.mark.usefixtures("served_lake")
@configured_by_connection
def test_the_provider_s_connection_may_be_in_airflow_s_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{OPENLINEAGE}DISABLED", "False")
    monkeypatch.setenv(f"{OPENLINEAGE}CONFIG_CONN_ID", "told_to")
    extra = json.dumps({"transport": {"type": "console"}})
    kept = Connection(conn_id="told_to", conn_type="http", extra=extra)
    with create_session() as session:
        session.add(kept)
    try:
        assert FindingState.ADVICE is found()["OpenLineage"].state
    finally:
        with create_session() as session:
            session.delete(kept)
    assert "told_to" in found()["OpenLineage"].text


@pytest.mark.usefixtures("lake")
def test_a_file_of_the_provider_that_is_not_there_is_wrong_unless_it_is_disabled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"{OPENLINEAGE}CONFIG_PATH", "/nowhere/openlineage.yml")
    assert FindingState.GOOD is found()["OpenLineage"].state
    monkeypatch.setenv(f"{OPENLINEAGE}DISABLED", "False")
    finding = found()["OpenLineage"]
    assert (FindingState.WRONG, True) == (finding.state, "/nowhere/openlineage.yml" in finding.text)


@pytest.mark.usefixtures("lake")
def test_xcom_that_would_be_lineage_is_wrong_and_its_own_branch_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variable = "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH"
    monkeypatch.setenv(variable, "lf://sales/xcom")
    finding = found()["XCom"]
    assert FindingState.WRONG is finding.state
    name, _, value = finding.lines[0].partition("=")
    assert variable == name
    monkeypatch.setenv(name, value)
    assert FindingState.GOOD is found()["XCom"].state


@pytest.mark.slow
@pytest.mark.usefixtures("lake")
def test_the_command_asks_the_installed_provider(tmp_path: Path) -> None:
    package = tmp_path / "provider_as_installed-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: provider-as-installed\nVersion: 1\n")
    entry = "[lineageflow.doctor]\nairflow = lineageflow_airflow.doctor:examine\n"
    (package / "entry_points.txt").write_text(entry)
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    code = "from lineageflow_core.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--json", "doctor"],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    assert {"airflow"} == {finding["about"] for finding in json.loads(done.stdout)}
