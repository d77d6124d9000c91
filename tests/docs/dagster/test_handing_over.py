"""The page about handing over is true: from a run of Dagster to a DAG of a real Airflow."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import dagster as dg
import pytest

from lineageflow_core import Lake
from tests.docs.dagster.story import Story
from tests.docs.markdown import blocks
from tests.emitters.programs import receiver, run_program
from tests.server.serving import TOKEN

PAGE = "docs/dagster/handing-over.md"
TEST_THE_DAG = """
import json, sys
from airflow.utils.db import initdb

initdb()
import report
state = report.report().test(run_conf=json.loads(sys.argv[1])).state
assert state == "success", state
"""

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run")]


@contextmanager
def airflow_api() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Takes what is posted to Airflow; gives its address, and what was posted."""
    posted: list[dict[str, Any]] = []

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/api/v2/dags/report/dagRuns"
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # as it is there
            pass

    with HTTPServer(("127.0.0.1", 0), Api) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", posted
        finally:
            server.shutdown()
            thread.join()


def hand_over(definitions: ModuleType, instance: dg.DagsterInstance, run_id: str) -> None:
    """Does as the daemon does when a run has succeeded."""
    run = instance.get_run_by_id(run_id)
    (record,) = instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_SUCCESS)
    assert run is not None
    assert record.dagster_event is not None
    with dg.build_resources(dict(definitions.defs.resources)) as resources:
        context = dg.build_run_status_sensor_context(
            sensor_name="hand_over",
            dagster_event=record.dagster_event,
            dagster_instance=instance,
            dagster_run=run,
            resources={"lineageflow": resources.lineageflow},
        )
        definitions.hand_over(context)


def test_airflow_goes_on_with_exactly_what_the_run_has_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver(tmp_path / "lake") as (lake, address), airflow_api() as (airflow, posted):
        variables = {"LINEAGEFLOW_LAKE": address, "LINEAGEFLOW_TOKEN": TOKEN, "AIRFLOW": airflow}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.syspath_prepend(str(tmp_path))
        story = Story(folder=tmp_path, last_run=lambda: newest_run(lake), variables=variables)
        story.prepare()
        *files, commands = blocks(PAGE)
        for block in files:
            story.block(PAGE, block)
        story.command("dagster job execute -f definitions.py -j nightly")
        run_id = newest_run(lake)
        repository = lake.repository("shop")
        handed_over = repository.head()
        repository.write("orders", {"data.json": b"[1]"}, message="the next delivery")

        with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
            hand_over(import_module("definitions"), instance, run_id)
        assert posted == [{"dag_run_id": run_id, "logical_date": None, "conf": {"commit": handed_over.id}}]

        dags = tmp_path / "dags"
        dags.mkdir()
        (tmp_path / "report.py").rename(dags / "report.py")
        (dags / "test_dag.py").write_text(TEST_THE_DAG)
        environment = {
            **variables,
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        run_program(
            "python",
            "dags/test_dag.py",
            json.dumps(posted[0]["conf"]),
            folder=tmp_path,
            variables=environment,
        )
        assert repository.read_bytes("report/total.txt") == b"200"
        story.block(PAGE, commands)
        blame = lake.lineage.blame("shop", "main", "report")
        (read,) = blame.inputs
        assert read.name == "orders"
        (made,) = lake.objects.list_datasets("shop", handed_over.id).items
        assert read.version == made.snapshot


def newest_run(lake: Lake) -> str:
    newest, *_ = lake.lineage.list_runs().items
    return newest.id
