"""Programs that send events, as others wrote them: in an environment that `make test` installs.

It is the folder that LF_EMITTERS names. Where there is none its tests are skipped, except where `CI` says
that none may be missing.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from lineageflow_server.embedded import open_stores

from lineageflow_core.connect import connect
from lineageflow_core.lake import Lake
from lineageflow_core.model.lineage import Direction, Io, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.quality import Outcome
from lineageflow_core.model.run import Run
from tests.server.serving import TOKEN, served

ENVIRONMENT = "LF_EMITTERS"
SOURCES = Path(__file__).parents[2]
OURS = "lineageflow_core.openlineage.transport.LineageFlowTransport"


def run_program(
    *command: str, folder: Path, variables: Mapping[str, str], fails: bool = False
) -> subprocess.CompletedProcess[str]:
    """Runs a program of the environment in a folder, and expects that it succeeds, or that it fails."""
    programs = _environment() / "bin"
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=folder,
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(folder),
            "DO_NOT_TRACK": "1",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done


def by_http(address: str) -> dict[str, str]:
    """Returns what tells OpenLineage's own client to post to a server."""
    return {"OPENLINEAGE_URL": address, "OPENLINEAGE_API_KEY": TOKEN}


def by_outbox(address: str, outbox: Path) -> dict[str, str]:
    """Returns what tells OpenLineage's own client to use our transport."""
    return {
        "OPENLINEAGE__TRANSPORT__TYPE": OURS,
        "OPENLINEAGE__TRANSPORT__URL": address,
        "OPENLINEAGE__TRANSPORT__TOKEN": TOKEN,
        "LINEAGEFLOW_OUTBOX": str(outbox),
        "PYTHONPATH": str(SOURCES),
    }


@contextmanager
def receiver(folder: Path) -> Iterator[tuple[Lake, str]]:
    """Serves an empty lake in a folder; gives the lake, and the server's address."""
    lake = connect(str(folder))
    with served(lake) as address:
        yield lake, address


def pipelines(lake: Lake) -> list[Run]:
    """Returns the runs that are no steps, oldest first."""
    return list(reversed(lake.lineage.list_runs().items))


def steps(lake: Lake, pipeline: Run) -> dict[str, Run]:
    """Returns the steps of a run by their job's name, of which each has one."""
    found = [step for step in lake.lineage.get_run(pipeline.id).steps if step.parent == pipeline.id]
    by_job = {step.job.name: step for step in found}
    assert len(by_job) == len(found)
    return by_job


def reads(lake: Lake, run: Run) -> list[Io]:
    return [io for io in lake.lineage.get_run(run.id).reads if io.run_id == run.id]


def writes(lake: Lake, run: Run) -> list[Io]:
    return [io for io in lake.lineage.get_run(run.id).writes if io.run_id == run.id]


def written(lake: Lake, run: Run) -> Version:
    """Returns the only version that a run wrote."""
    (io,) = writes(lake, run)
    return io.version


def columns(lake: Lake, run: Run) -> set[tuple[str, str, str]]:
    """Returns which columns of what a run wrote come from which dataset's which column."""
    assert lake.address is not None
    with closing(open_stores(Path(lake.address))) as stores:
        found = stores.lineage.columns([run.id]).values()
    return {(edge.field, edge.source.name, edge.source_field) for edges in found for edge in edges}


def outcomes(lake: Lake, version: Version) -> dict[str, tuple[str | None, Outcome]]:
    """Returns what runs that read exactly this version tested: the column and the outcome, by assertion."""
    found = lake.datasets.list_quality(namespace=version.namespace, name=version.name).items
    return {
        assertion.assertion: (assertion.column, assertion.outcome)
        for quality in found
        if quality.versions == (version,)
        for assertion in quality.assertions
    }


def is_tainted(lake: Lake, version: Version) -> bool:
    (taint,) = lake.datasets.get_taint(format_node(version))
    return taint.tainted


def traced(lake: Lake, version: Version, direction: Direction) -> set[tuple[str, str | None]]:
    """Returns the versions that fed a version, or that it fed: names of datasets with their versions."""
    graph = lake.lineage.trace(format_node(version), direction=direction, depth=10)
    versions = [node.version for node in graph.nodes if node.version and node.version.version]
    found = {(each.name, each.version) for each in versions}
    return found - {(version.name, version.version)}


def problems(lake: Lake) -> list[str]:
    """Returns what of the events was not understood."""
    return [event.problem for event in lake.events.list_events(with_problems=True).items if event.problem]


def _environment() -> Path:
    named = os.environ.get(ENVIRONMENT)
    folder = (SOURCES / named).absolute() if named else None
    if folder is None or not (folder / ".installed").exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{ENVIRONMENT} names no environment of emitters; `make test` makes one")
        pytest.skip("the emitters are not installed; `make test` does that")
    return folder
