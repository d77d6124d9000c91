"""A Dagster job on a lake beside the same job with Dagster's own file store: what the integration costs.

Each run is a process of its own, with a Dagster instance of its own; its wall time begins when the job does,
its processor time is that of all processes which it started, those of steps included.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
from lineageflow_dagster import LineageFlowIOManager, LineageFlowResource, with_lineageflow

from benchmarks.measure import Row

SMALL = 100
FEW = 10
"""Of small ones, where each starts a process: what one costs is the same for any number of them."""
LARGE = 10
LARGE_ROWS = 3_125_000
"""Of four columns of eight bytes: 100 MB."""
LAKE = "BENCH_LAKE"
FORMAT = "BENCH_FORMAT"
NUMBER = "BENCH_SMALL"
REPEAT = 2
_PROGRAM = "import sys; from benchmarks import dagster; dagster.execute(*sys.argv[1:])"
_SHOWN = 4000
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)

Assets = Iterator[dg.AssetsDefinition]
IMPORTED_ONCE = ["lineageflow_dagster.preload", "benchmarks.dagster"]
DEFAULT: Mapping[str, object] = {"multiprocess": {}}
"""Each step in a process of its own: a new Python with Dagster's executor, a forked one with ours."""
FORKED: Mapping[str, object] = {
    "multiprocess": {"start_method": {"forkserver": {"preload_modules": IMPORTED_ONCE}}}
}
IN_PROCESS: Mapping[str, object] = {"in_process": {}}


def rows() -> Iterable[Row]:
    """Yields the figures, that of the executor first that every project has."""
    few, all_ = {NUMBER: str(FEW)}, {NUMBER: str(SMALL)}
    yield _row(f"{SMALL} small assets, as by default", "small", DEFAULT, all_, target=1.05, repeat=1)
    yield _row(f"{FEW} small assets, each in a forked process in both", "small", FORKED, few, target=1.05)
    yield _row(f"{SMALL} small assets, in one process", "small", IN_PROCESS, all_, target=1.05)
    yield _row(f"{LARGE} assets of 100 MB", "large", IN_PROCESS, {}, target=1.15, repeat=1)
    parquet = {FORMAT: "parquet"}
    yield _row(f"{LARGE} assets of 100 MB, as Parquet", "large", IN_PROCESS, parquet, target=None, repeat=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Of one run, in seconds."""

    wall: float
    processor: float


def _row(
    name: str,
    job: str,
    execution: Mapping[str, object],
    variables: Mapping[str, str],
    *,
    target: float | None,
    repeat: int = REPEAT,
) -> Row:
    """Lets both take turns, so that a machine which becomes slower does so for both."""
    ours, theirs = [], []
    for _ in range(repeat):
        theirs.append(_measure(job, execution, variables))
        ours.append(_measure(job, execution, {LAKE: "lake", FORMAT: "pickle", **variables}))
    mine, plain = (min(spent.processor for spent in runs) for runs in (ours, theirs))
    return Row(
        name=name,
        ours=min(spent.wall for spent in ours),
        limit=min(spent.wall for spent in theirs),
        limit_is="FilesystemIOManager",
        target=target,
        note=f"processor {mine:.2f} s, {plain:.2f} s: {mine / plain:.2f}",
    )


def _measure(job: str, execution: Mapping[str, object], variables: Mapping[str, str]) -> Spent:
    """Executes a job in a process of its own."""
    # What the processes of steps use is counted where their parent is waited for, and that outlives the run.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory(prefix="lineageflow-bench-") as folder:
        (Path(folder) / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        before = _used_by_children()
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, job, json.dumps(execution)],
            env={**os.environ, **variables, "DAGSTER_HOME": folder, "BENCH_FOLDER": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the job {job!r} failed: {done.stderr[-_SHOWN:]}")
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
        wall, imports = json.loads(done.stdout.splitlines()[-1])
        return Spent(wall=wall, processor=_used_by_children() - before - imports)


def _used_by_children() -> float:
    used = os.times()
    return used.children_user + used.children_system


def _definitions() -> dg.Definitions:
    """Returns both jobs, on a lake if the environment names one."""
    folder = Path(os.environ.get("BENCH_FOLDER", "."))
    definitions = dg.Definitions(
        assets=[
            *_assets("small", _small, int(os.environ.get(NUMBER, SMALL)), chains=5),
            *_assets("large", _large, LARGE, chains=1),
        ],
        jobs=[
            dg.define_asset_job("small", selection=dg.AssetSelection.groups("small")),
            dg.define_asset_job("large", selection=dg.AssetSelection.groups("large")),
        ],
    )
    if LAKE not in os.environ:
        return dg.Definitions.merge(
            definitions,
            dg.Definitions(resources={"io_manager": dg.FilesystemIOManager(base_dir=str(folder / "files"))}),
        )
    lake = LineageFlowResource(lake=str(folder / os.environ[LAKE]), repository="bench")
    io_manager = LineageFlowIOManager(lineageflow=lake, format=os.environ[FORMAT])
    kept = dg.Definitions.merge(definitions, dg.Definitions(resources={"io_manager": io_manager}))
    return with_lineageflow(kept, lake)


def _assets(group: str, make: Callable[[int], pd.DataFrame], number: int, *, chains: int) -> Assets:
    """Yields assets in as many chains, each but the first of a chain reading the one before."""
    for place in range(number):
        name, above = f"{group}_{place}", f"{group}_{place - chains}"
        if place < chains:
            yield dg.asset(name=name, group_name=group)(_first(make, place))
        else:
            ins = {"above": dg.AssetIn(above)}
            yield dg.asset(name=name, group_name=group, ins=ins)(_next(make, place))


def _first(make: Callable[[int], pd.DataFrame], place: int) -> Callable[[], pd.DataFrame]:
    def asset() -> pd.DataFrame:
        return make(place)

    return asset


def _next(make: Callable[[int], pd.DataFrame], place: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def asset(above: pd.DataFrame) -> pd.DataFrame:
        assert len(above)
        return make(place)

    return asset


def _small(place: int) -> pd.DataFrame:
    return pd.DataFrame({"number": range(place, place + 10)})


def _large(place: int) -> pd.DataFrame:
    columns = np.random.default_rng(place).random((4, LARGE_ROWS))
    return pd.DataFrame({f"c{column}": values for column, values in enumerate(columns)})


def small_job() -> dg.JobDefinition:
    """Small assets, as many as the environment says."""
    return _definitions().resolve_job_def("small")


def large_job() -> dg.JobDefinition:
    """Ten large ones."""
    return _definitions().resolve_job_def("large")


def execute(job: str, execution: str) -> None:
    """Executes a job once to have all imported and made, but for a lake; then tells what that took."""
    config = {
        "execution": {"config": json.loads(execution)},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    made = dg.reconstructable({"small": small_job, "large": large_job}[job])
    with dg.DagsterInstance.get() as instance:
        imports = time.process_time()
        started = time.perf_counter()
        with dg.execute_job(made, instance=instance, run_config=config) as result:
            failed = [event for event in result.all_events if event.is_failure]
            assert result.success, failed
        print(json.dumps([time.perf_counter() - started, imports]))
