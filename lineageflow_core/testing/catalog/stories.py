"""Runs that really read and write, for the suites about lineage and plans."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.openlineage.events import run_event
from lineageflow_core.openlineage.naming import version_of
from lineageflow_core.openlineage.vocabulary import EventType
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession
from lineageflow_core.testing.catalog.scene import new_run_id


def session_of(repo: Repository, name: str, *, pipeline: RunId | None = None) -> RunSession:
    """Returns a run that has not begun; a step, if `pipeline` is the id of the whole run."""
    job = Job(namespace=repo.name, name=f"nightly.{name}" if pipeline else name)
    return RunSession(repo.catalog, repo.name, job, pipeline=pipeline, author="runner")


def run(
    repo: Repository,
    name: str,
    *,
    reads: Sequence[str] = (),
    writes: Mapping[str, bytes],
    partition: str = "",
) -> RunId:
    """Runs a pipeline that publishes: every dataset, or this partition of each, gets one file."""
    session = session_of(repo, name)
    for dataset in reads:
        session.read(dataset, partitions=(partition,) if partition else None)
    for dataset, content in writes.items():
        session.write(dataset, {"part-0": content}, partition=partition)
    session.publish()
    return session.run.id


def build_all(repo: Repository, content: bytes) -> dict[str, RunId]:
    """Runs ingest, clean and report; returns their runs. Each reads what the one before wrote."""
    return {
        "ingest": run(repo, "ingest", writes={"raw": content, "weather": b"fair"}),
        "clean": run(repo, "clean", reads=("raw",), writes={"clean": b"clean " + content}),
        "report": run(repo, "report", reads=("clean", "weather"), writes={"report": b"report " + content}),
    }


def version_at(repo: Repository, path: str, ref: str = "main") -> Version:
    """Returns the version that a ref holds of a dataset or partition."""
    return version_of(repo.name, repo.catalog.objects.get_snapshot(repo.name, ref, path))


def node_at(repo: Repository, path: str, ref: str = "main") -> str:
    """Returns the node of that version."""
    return format_node(version_at(repo, path, ref))


def tell_of_copy(repo: Repository, dataset: str, *, into: Repository, path: str) -> RunId:
    """Tells of a run that copied a dataset into another repository; the bytes are there already."""
    copy = Run(id=new_run_id(), job=Job(namespace=into.name, name="copy"), state=RunState.COMPLETED)
    read, written = (
        DatasetAccess(
            repository=each.name,
            snapshots=(each.catalog.objects.get_snapshot(each.name, "main", place),),
            commit=each.head().id,
        )
        for each, place in ((repo, dataset), (into, path))
    )
    event = run_event(EventType.COMPLETE, copy, at=datetime.now(UTC), inputs=[read], outputs=[written])
    repo.catalog.lineage.ingest([event])
    return copy.id
