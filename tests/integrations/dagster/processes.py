"""A real `dagster dev`: webserver, daemon and code server over one instance, and the runs that they start.

The instance keeps what it knows in PostgreSQL, as a deployment does; the other tests here have SQLite.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import httpx2

from tests.integrations.waiting import PATIENCE, until
from tests.servers.postgresql import shared_postgresql

INSTANCE = """
telemetry: {{enabled: false}}
nux: {{enabled: false}}
storage: {{postgres: {{postgres_url: "{database}"}}}}
run_coordinator: {{module: dagster._core.run_coordinator, class: DefaultRunCoordinator}}
"""
"""Runs start at once: the queue would look for them every few seconds."""
DRIVER = "postgresql+psycopg2:"
"""What Dagster is made for. SQLAlchemy 2.1 would take psycopg 3, whose connections Dagster finds closed."""

LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
TERMINATE = """
mutation($run: String!) {
  terminateRun(runId: $run) { __typename ... on PythonError { message } }
}
"""
REEXECUTE = """
mutation($params: ReexecutionParams!) {
  launchPipelineReexecution(reexecutionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
BACKFILL = """
mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""

ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


@dataclass(frozen=True, kw_only=True)
class DagsterDev:
    """What a person has who works with a running Dagster: its address, and its instance to look at."""

    address: str
    module: str
    instance: dg.DagsterInstance
    environment: Mapping[str, str]
    """Of its processes."""

    def launch(self, job: str, *, config: Mapping[str, Any] = {}, tags: Mapping[str, str] = {}) -> str:
        """Launches a job, as the launchpad does. Returns the run's id."""
        selector = {**self._repository(), "pipelineName": job}
        params = {
            "selector": selector,
            "runConfigData": json.dumps(config),
            "executionMetadata": {"tags": _tags(tags)},
        }
        answer = self._ask(LAUNCH, {"params": params})["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        run_id: str = answer["run"]["runId"]
        return run_id

    def backfill_assets(
        self, assets: Sequence[str], partitions: Sequence[str], *, tags: Mapping[str, str]
    ) -> str:
        """Launches a backfill of assets. Returns its id."""
        return self._backfill(
            {"assetSelection": [{"path": [asset]} for asset in assets]}, partitions, tags=tags
        )

    def backfill_job(self, job: str, partitions: Sequence[str], *, tags: Mapping[str, str]) -> str:
        """Launches a backfill of a job. Returns its id."""
        selector = {"partitionSetName": f"{job}_partition_set", "repositorySelector": self._repository()}
        return self._backfill({"selector": selector}, partitions, tags=tags)

    def backfill_by_command(
        self, job: str, partitions: Sequence[str], *, tags: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        """Types `dagster job backfill`. It ends when the runs have, which are its own server's."""
        words = ["-m", self.module, "-j", job, "--partitions", ",".join(partitions), "--noprompt"]
        return subprocess.Popen(
            [sys.executable, "-m", "dagster", "job", "backfill", *words, "--tags", json.dumps(dict(tags))],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def reexecute(self, run_id: str, *, tags: Mapping[str, str]) -> str:
        """Executes all of a run again, with its tags and these, as its page does. Returns the id."""
        params = {"parentRunId": run_id, "strategy": "ALL_STEPS", "extraTags": _tags(tags)}
        answer = self._ask(REEXECUTE, {"params": params})["launchPipelineReexecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        again: str = answer["run"]["runId"]
        return again

    def terminate(self, run_id: str) -> None:
        """Terminates a run."""
        answer = self._ask(TERMINATE, {"run": run_id})["terminateRun"]
        assert answer["__typename"] == "TerminateRunSuccess", answer

    def ended(self, run_id: str) -> dg.DagsterRunStatus:
        """Waits for a run's end. Returns how it ended."""

        def status() -> dg.DagsterRunStatus | None:
            run = self.instance.get_run_by_id(run_id)
            return run.status if run is not None and run.status in ENDED else None

        return until(status, f"run {run_id} ends")

    def runs(self, tags: Mapping[str, str], *, number: int) -> list[dg.DagsterRun]:
        """Waits for as many runs with these tags, and for their ends."""

        def started() -> Sequence[dg.DagsterRun] | None:
            found = self.instance.get_runs(dg.RunsFilter(tags=dict(tags)))
            return found if len(found) >= number else None

        for run in until(started, f"there are {number} runs with {dict(tags)}"):
            self.ended(run.run_id)
        return list(self.instance.get_runs(dg.RunsFilter(tags=dict(tags))))

    def step_pid(self, run_id: str, step: str) -> int:
        """Returns the process that executes a step."""
        started = dg.DagsterEventType.STEP_WORKER_STARTED
        for record in self.instance.all_logs(run_id, of_type=started):
            if record.step_key == step and record.dagster_event is not None:
                return _pid(record.dagster_event.engine_event_data.metadata["pid"])
        raise AssertionError(f"no process has executed the step {step!r}")

    def run_pid(self, run_id: str) -> int:
        """Returns the process that executes a run."""
        for record in self.instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            event = record.dagster_event
            if event is not None and event.step_key is None and "pid" in event.engine_event_data.metadata:
                return _pid(event.engine_event_data.metadata["pid"])
        raise AssertionError(f"no process has executed the run {run_id}")

    def _backfill(
        self, what: Mapping[str, Any], partitions: Sequence[str], *, tags: Mapping[str, str]
    ) -> str:
        params = {**what, "partitionNames": list(partitions), "tags": _tags(tags)}
        answer = self._ask(BACKFILL, {"params": params})["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        backfill_id: str = answer["backfillId"]
        return backfill_id

    def _repository(self) -> dict[str, str]:
        return {"repositoryName": "__repository__", "repositoryLocationName": self.module}

    def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = httpx2.post(f"{self.address}/graphql", json=body, timeout=PATIENCE, trust_env=False).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data


@contextmanager
def dagster_dev(module: str, folder: Path, variables: Mapping[str, str]) -> Iterator[DagsterDev]:
    """Runs `dagster dev` over a module until the end of the block; no process of it is left then."""
    home = folder / "home"
    home.mkdir()
    port = _free_port()
    with shared_postgresql().empty_database() as database:
        url = database.replace("postgresql:", DRIVER, 1)
        (home / "dagster.yaml").write_text(INSTANCE.format(database=url))
        environment = {
            **os.environ,
            **variables,
            "DAGSTER_HOME": str(home),
            "PYTHONWARNINGS": "ignore",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        command = [sys.executable, "-m", "dagster", "dev", "-m", module, "-h", "127.0.0.1", "-p", str(port)]
        with (
            (folder / "dagster.log").open("wb") as log,
            subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            ) as process,
        ):
            try:
                address = f"http://127.0.0.1:{port}"
                until(lambda: _is_up(process, address, folder / "dagster.log"), "Dagster is up")
                with dg.DagsterInstance.from_config(str(home)) as instance:
                    yield DagsterDev(
                        address=address, module=module, instance=instance, environment=environment
                    )
            finally:
                _end(process, home)


def is_running(pid: int) -> bool:
    """Tells whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _is_up(process: "subprocess.Popen[bytes]", address: str, log: Path) -> bool | None:
    assert process.poll() is None, log.read_text()
    try:
        httpx2.get(f"{address}/server_info", trust_env=False, timeout=5).raise_for_status()
    except httpx2.HTTPError:
        return None
    return True


def _end(process: "subprocess.Popen[bytes]", home: Path) -> None:
    """Ends Dagster as Ctrl-C does, then all that it and its runs have left, wherever they hid."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    mark = f"DAGSTER_HOME={home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _pid(value: object) -> int:
    return int(str(getattr(value, "value", value)))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
