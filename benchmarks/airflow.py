"""A DAG of Airflow with the provider beside the same DAG without it: what the integration costs.

First deployed (`deployed_airflow.py`), which is what users have. Then one process runs both, in turns, as
`DAG.test` does, so that what a task costs is not lost in what its process does: without the provider means
there that Airflow has not loaded its plugin: no listener, and nobody who wants lineage collected. What a
scheduler pays is the time of each call of our listener there, where tasks and runs are rows of a database.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Row

if TYPE_CHECKING:
    from airflow.sdk import DAG

TASKS = 100
TURNS = 4
"""A machine that becomes slower does so for both."""
SLOWEST_CALL = 0.005
"""Seconds that no call of a listener in the scheduler may take."""
LISTENER = "lineageflow_airflow.listener"


@dataclass(slots=True, kw_only=True)
class Spent:
    """Of one DAG, all turns together, in seconds."""

    wall: float = 0.0
    processor: float = 0.0


def rows() -> Iterable[Row]:
    """Yields the figures."""
    found = _measured_by("deployed_airflow")
    yield _row(f"{TASKS} tasks without data, deployed", *found["small_tasks"], target=1.05)
    yield _row(f"{TASKS} tasks that write a small file, deployed", *found["small_files"], target=None)
    found = _measured_by("airflow")
    yield _row(f"{TASKS} tasks without data", found["idle"], found["idle, plain"], target=1.05)
    yield _row(f"{TASKS} tasks that write a small file", found["file"], found["file, plain"], target=None)
    yield Row(
        name="the slowest call of the listener in the scheduler",
        ours=found["call"],
        limit=SLOWEST_CALL,
        limit_is="what it may take",
        target=1,
        note=f"of {found['calls']}",
    )


def _measured_by(module: str) -> Any:
    """Lets a module of this package measure, in a process with an Airflow of its own."""
    program = f"from benchmarks.{module} import measure; measure()"
    with tempfile.TemporaryDirectory(prefix="lineageflow-bench-") as folder:
        settings = {
            "AIRFLOW_HOME": folder,
            "AIRFLOW__API_AUTH__JWT_SECRET": "a secret that nobody has to keep, and as long as it has to be",
            "AIRFLOW__CORE__DAGS_FOLDER": f"{folder}/dags",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
            "AIRFLOW__OPENLINEAGE__DISABLED": "True",
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # a busy machine fails no task
            "LINEAGEFLOW_LAKE": f"{folder}/lake",
            "PYTHONDONTWRITEBYTECODE": "",  # what is installed is compiled
        }
        Path(folder, "dags").mkdir()
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def _row(name: str, ours: dict[str, float], plain: dict[str, float], *, target: float | None) -> Row:
    processor = ours["processor"] / plain["processor"]
    return Row(
        name=name,
        ours=ours["wall"],
        limit=plain["wall"],
        limit_is="without the provider, to a folder",
        target=target,
        note=f"processor {ours['processor']:.2f} s, {plain['processor']:.2f} s: {processor:.2f}",
    )


def measure() -> None:
    """Runs all DAGs in turns, then calls the listener as a scheduler does; prints what that took."""
    from airflow.utils.db import initdb

    from lineageflow_core import connect

    initdb()
    connect(os.environ["LINEAGEFLOW_LAKE"]).repository("bench").create()
    folder = Path(os.environ["AIRFLOW_HOME"], "files")
    folder.mkdir()
    dags = {
        "idle": _dag("idle", _idle),
        "idle, plain": _dag("idle_plain", _idle),
        "file": _dag("file", _writer("lf://bench")),
        "file, plain": _dag("file_plain", _writer(f"file://{folder}")),
    }
    spent = {name: Spent() for name in dags}
    for turn in range(TURNS + 1):
        for name, dag in list(dags.items())[:: -1 if turn % 2 else 1]:  # nobody always comes after another
            with _without_provider() if name.endswith("plain") else _with_provider():
                _execute(dag, spent[name] if turn else Spent())  # the first imports and opens all there is
    slowest, calls = _calls(TASKS)
    figures = {name: asdict(each) for name, each in spent.items()}
    print(json.dumps({**figures, "call": slowest, "calls": calls}))


def _idle(place: int) -> None:
    assert place >= 0


def _writer(place: str) -> Callable[[int], None]:
    def write(number: int) -> None:
        import fsspec

        with fsspec.open(f"{place}/d{number}.txt", "wb") as file:
            file.write(b"a small file\n")

    return write


def _dag(name: str, work: Callable[[int], None]) -> "DAG":
    from airflow.sdk import DAG, task

    with DAG(name, schedule=None) as dag:
        for place in range(TASKS // TURNS):
            task(task_id=f"t{place}")(work)(place)
    return dag


def _execute(dag: "DAG", spent: Spent) -> None:
    from tests.integrations.airflow.runs import run_dag

    wall, processor = time.perf_counter(), time.process_time()
    ran = run_dag(dag)
    spent.wall += time.perf_counter() - wall
    spent.processor += time.process_time() - processor
    assert ran.state == "success", ran.errors


@contextmanager
def _with_provider() -> Iterator[None]:
    yield


@contextmanager
def _without_provider() -> Iterator[None]:
    """Takes the provider's listener and its reader of lineage out of this process, until the end."""
    from unittest.mock import patch

    from airflow.sdk.listener import get_listener_manager

    listeners = get_listener_manager().pm
    ours = sys.modules[LISTENER]
    listeners.unregister(ours)
    try:
        with patch("airflow.sdk.plugins_manager.get_hook_lineage_readers_plugins", list):
            yield
    finally:
        listeners.register(ours)


def _calls(number: int) -> tuple[float, int]:
    """Calls each of our listener's functions as a scheduler does; returns the longest and how many."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    ours: Any = sys.modules[LISTENER]
    with create_session() as session:
        instances = session.scalars(select(TaskInstance).limit(number)).all()
        runs = session.scalars(select(DagRun)).all()
        calls = [
            *((ours.on_task_instance_running, (each,)) for each in instances),
            *((ours.on_task_instance_success, (each,)) for each in instances),
            *((ours.on_task_instance_failed, (each, "killed")) for each in instances),
            *((ours.on_task_instance_skipped, (each,)) for each in instances),
            *(
                (getattr(ours, name), (run, ""))
                for name in ("on_dag_run_running", "on_dag_run_success", "on_dag_run_failed")
                if hasattr(ours, name)
                for run in runs
            ),
        ]
        return max(_seconds(call, arguments) for call, arguments in calls), len(calls)


def _seconds(call: Callable[..., None], arguments: tuple[Any, ...]) -> float:
    started = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - started
