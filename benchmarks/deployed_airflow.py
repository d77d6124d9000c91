"""DAGs of 100 small tasks in a deployed Airflow, with the provider installed and without it: what users pay.

Scheduler, API server, DAG processor and triggerer over PostgreSQL, and LocalExecutor: each task is a process
of its own. Without the provider means that its distribution is not installed where Airflow runs. Two such
Airflows run, and take turns; while one works, the other waits for work.
"""

import json
import logging
import os
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from lineageflow_core import connect
from tests.integrations.airflow.deployed.deployment import ENDED, Airflow, airflow_running

DAGS = Path(__file__).parent / "airflow_dags"
PROVIDER = "airflow_provider_lineageflow"
TURNS = {"small_tasks": 4, "small_files": 2}
"""By DAG: a machine that becomes slower does so for both."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Of runs of a DAG, in seconds."""

    wall: float = 0.0
    """From the start of a run's first task to its end."""
    processor: float = 0.0
    """Of all processes of its Airflow, from when it is triggered until it has ended."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(wall=self.wall + other.wall, processor=self.processor + other.processor)


def measure() -> None:
    """Runs all DAGs in turns; prints what that took, by DAG: with the provider, and without it."""
    with both_running(Path(os.environ["AIRFLOW_HOME"])) as both:
        for airflow in both:
            run(airflow, "small_tasks")  # the first run of an Airflow takes longer, and is not counted
        spent = {dag: [Spent(), Spent()] for dag in TURNS}
        for dag, turns in TURNS.items():
            for turn in range(turns):
                for which in (0, 1) if turn % 2 == 0 else (1, 0):
                    spent[dag][which] += run(both[which], dag)
    print(json.dumps({dag: [asdict(each) for each in found] for dag, found in spent.items()}))


@contextmanager
def both_running(folder: Path) -> Iterator[tuple[Airflow, Airflow]]:
    """Runs an Airflow with the provider, and one without it; each has a place to write files to."""
    files = folder / "files"
    files.mkdir()
    connect(os.environ["LINEAGEFLOW_LAKE"]).repository("bench").create()
    ours = {"BENCH_PLACE": "lf://bench"}
    installed = sysconfig.get_path("purelib")
    path = os.pathsep.join(each for each in sys.path if each and each != installed)
    theirs = {"BENCH_PLACE": f"file://{files}", "PYTHONPATH": path}
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # else it says each request
    with (
        airflow_running(folder / "with", DAGS, ours) as airflow,
        airflow_running(folder / "without", DAGS, theirs, python=_without_provider(folder / "venv")) as plain,
    ):
        assert [True, False] == ["lineageflow" in _plugins(each) for each in (airflow, plain)]
        yield airflow, plain


def run(airflow: Airflow, dag: str) -> Spent:
    """Runs a DAG once, and returns what that took."""
    before = _processor(airflow)
    run_id = airflow.trigger(dag)
    while airflow.state(dag, run_id) not in ENDED:
        time.sleep(2)  # asking costs the API server
    processor = _processor(airflow) - before
    path = f"/dags/{dag}/dagRuns/{run_id}"
    tasks = airflow.ask("GET", f"{path}/taskInstances", params={"limit": 1000})["task_instances"]
    failed = [task["task_id"] for task in tasks if task["state"] != "success"]
    assert not failed, airflow.log(dag, run_id, failed[0])
    started = min(_time(task["start_date"]) for task in tasks)
    ended = _time(airflow.ask("GET", path)["end_date"])
    return Spent(wall=(ended - started).total_seconds(), processor=processor)


def _without_provider(folder: Path) -> str:
    """Makes an environment where all is installed that is here, but for the provider. Returns its Python."""
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if not each.name.startswith(f"{PROVIDER}-"):
            (packages / each.name).symlink_to(each)
    return str(folder / "bin" / "python")


def _plugins(airflow: Airflow) -> set[str]:
    return {each["name"] for each in airflow.ask("GET", "/plugins")["plugins"]}


def _processor(airflow: Airflow) -> float:
    """Returns the seconds that the processes of an Airflow have taken, and those of theirs that have ended.

    Those that give themselves a title lose the environment that they are known by; their parents have it.
    """
    mark = f"AIRFLOW_HOME={airflow.home}".encode()
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    left: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            _, parent, *fields = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks[int(folder.name)] = sum(map(int, fields[9:13]))  # utime, stime, cutime, cstime: proc(5)
            children.setdefault(int(parent), []).append(int(folder.name))
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                left.append(int(folder.name))
    ours: set[int] = set()
    while left:
        process = left.pop()
        if process not in ours:
            ours.add(process)
            left.extend(children.get(process, ()))
    return sum(ticks[each] for each in ours) / _TICKS


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
