"""A real Airflow: api-server, scheduler, DAG processor and triggerer, with LocalExecutor and PostgreSQL.

What `airflow standalone` starts, sooner (`components.py`).
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.integrations.airflow.deployed import components
from tests.integrations.airflow.runs import Event
from tests.integrations.waiting import until
from tests.servers.postgresql import shared_postgresql

HEALTH = {"metadatabase", "scheduler", "dag_processor", "triggerer"}
SETTINGS: Mapping[str, str] = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    # Each task parses its file, too: on a busy machine in more than the half minute that Airflow allows.
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "600",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",  # files do not change, and parsing costs
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "1",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "PYTHONWARNINGS": "ignore",
}
ENDED = {"success", "failed"}


@dataclass(frozen=True, kw_only=True)
class Airflow:
    """What a person has who works with an Airflow that runs: its pages, its API and its command."""

    address: str
    home: Path
    variables: Mapping[str, str]
    python: str = sys.executable
    """What its processes are run by, and so what is installed there."""

    def command(self, *words: str, fails: bool = False) -> str:
        """Runs `airflow ...`, and returns what it prints; expects that it succeeds, or that it fails."""
        done = subprocess.run(
            [self.python, "-m", "airflow", *words],
            env=self.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Returns what the API answers; `path` is what comes after `/api/v2`."""
        answer = self._request(method, path, **request)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def connection_types(self) -> dict[str, dict[str, Any]]:
        """Returns the connection types that the page offers, and the form of each."""
        address = f"{self.address}/ui/connections/hook_meta"
        answer = httpx2.get(address, headers=self.credentials(), timeout=60, trust_env=False)
        return {each["connection_type"]: each for each in answer.raise_for_status().json()}

    def credentials(self) -> dict[str, str]:
        """Returns the headers that show a new token."""
        answer = httpx2.get(f"{self.address}/auth/token", timeout=60, trust_env=False)
        return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}

    def knows(self, dag: str) -> None:
        """Waits until a DAG is known: by its whole name, as a search finds what contains it, too."""
        until(lambda: self._request("GET", f"/dags/{dag}/details").is_success or None, f"{dag} is known")

    def trigger(self, dag: str, *, conf: Mapping[str, Any] = {}, run_id: str | None = None) -> str:
        """Triggers a run as soon as the DAG is known, without a logical date. Returns its id."""
        self.knows(dag)
        run = {"logical_date": None, "conf": dict(conf), "dag_run_id": run_id}
        return str(self.ask("POST", f"/dags/{dag}/dagRuns", json=run)["dag_run_id"])

    def state(self, dag: str, run_id: str) -> str:
        """Returns the state of a run."""
        return str(self.ask("GET", f"/dags/{dag}/dagRuns/{run_id}")["state"])

    def ended(self, dag: str, run_id: str) -> str:
        """Returns the state of a run when it has come to an end."""

        def state() -> str | None:
            found = self.state(dag, run_id)
            return found if found in ENDED else None

        return until(state, f"the run {run_id} of {dag} comes to an end")

    def runs(self, dag: str) -> dict[str, str]:
        """Returns all runs of a DAG, and their states."""
        self.knows(dag)
        found = self.ask("GET", f"/dags/{dag}/dagRuns")["dag_runs"]
        return {run["dag_run_id"]: run["state"] for run in found}

    def tasks(self, dag: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Returns what is known of each task of a run: by `task_id`, mapped ones by `task_id[map_index]`."""
        found = self.ask("GET", f"/dags/{dag}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {
            task["task_id"] if task["map_index"] < 0 else f"{task['task_id']}[{task['map_index']}]": task
            for task in found
        }

    def states(self, dag: str, run_id: str) -> dict[str, str | None]:
        """Returns the state of each task."""
        return {name: task["state"] for name, task in self.tasks(dag, run_id).items()}

    def kill(self, dag: str, run_id: str, task: str) -> None:
        """Kills the process of a task that runs: it can do nothing more, as if its machine was off."""

        def pid() -> int | None:
            found = self.tasks(dag, run_id)[task]
            return found["pid"] if found["state"] == "running" else None

        os.kill(until(pid, f"{task} of {run_id} runs"), signal.SIGKILL)

    def log(self, dag: str, run_id: str, task: str, *, try_number: int = 1) -> str:
        """Returns what a try of a task has logged."""
        path = f"/dags/{dag}/dagRuns/{run_id}/taskInstances/{task}/logs/{try_number}"
        content = self.ask("GET", path)["content"]
        return "\n".join(str(line.get("event", line)) for line in content)

    def clear(self, dag: str, run_id: str, *tasks: str, only_failed: bool = False) -> None:
        """Clears tasks and what is below them, or all, or those that failed, as the page does."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "only_failed": only_failed,
            **({"task_ids": list(tasks), "include_downstream": True} if tasks else {}),
        }
        self.ask("POST", f"/dags/{dag}/clearTaskInstances", json=body)

    def events(self, dag: str, run_id: str) -> list[Event]:
        """Returns the asset events that a run has caused, oldest first."""
        query = {"source_dag_id": dag, "source_run_id": run_id, "order_by": "timestamp"}
        return [
            Event(uri=event["uri"], extra=event["extra"], task=event["source_task_id"], id=event["id"])
            for event in self.ask("GET", "/assets/events", params=query)["asset_events"]
        ]

    def backfill(self, dag: str, begin: str, end: str, *options: str) -> None:
        """Creates a backfill with the command, for the days from one to another."""
        self.knows(dag)
        words = ["--dag-id", dag, "--from-date", begin, "--to-date", end, *options]
        self.command("backfill", "create", *words)

    def _request(self, method: str, path: str, **request: Any) -> httpx2.Response:
        return httpx2.request(
            method, f"{self.address}/api/v2{path}", headers=self.credentials(),
            timeout=60, trust_env=False, **request,
        )  # fmt: skip


@contextmanager
def airflow_running(
    home: Path, dags: Path, variables: Mapping[str, str], *, python: str = sys.executable
) -> Iterator[Airflow]:
    """Runs an Airflow over a folder of DAGs until the end of the block; no process of it is left then."""
    home.mkdir(exist_ok=True)
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        database = stack.enter_context(shared_postgresql().empty_database())
        environment = {
            **os.environ,
            **SETTINGS,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__BASE_URL": address,
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.replace(":", "+psycopg2:", 1),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database.replace(":", "+psycopg_async:", 1),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            **variables,
        }
        airflow = Airflow(address=address, home=home, variables=environment, python=python)
        stack.enter_context(_running(airflow))
        yield airflow


@contextmanager
def _running(airflow: Airflow) -> Iterator[None]:
    """Runs all components, and waits until they are well."""
    log = airflow.home / "airflow.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [airflow.python, components.__file__],
            env=airflow.variables, stdin=subprocess.PIPE, stdout=output, stderr=output,
        ) as process,
    ):  # fmt: skip
        try:
            until(lambda: _is_up(airflow, process), "Airflow is up")
            yield
        finally:
            process.communicate()


def _is_up(airflow: Airflow, process: "subprocess.Popen[bytes]") -> bool | None:
    if process.poll() is not None:
        raise AssertionError("\n".join(log.read_text() for log in airflow.home.glob("*.log")))
    try:
        answer = httpx2.get(f"{airflow.address}/api/v2/monitor/health", timeout=30, trust_env=False)
    except httpx2.HTTPError:
        return None
    found = answer.raise_for_status().json()
    return all(found[part]["status"] == "healthy" for part in HEALTH) or None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
