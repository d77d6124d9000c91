"""Telling lineage stories: runs that read and wrote versions, as completed events in a store."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from lineageflow_core.model.ids import CommitId, RunId, SnapshotId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.openlineage.events import run_event
from lineageflow_core.openlineage.naming import pipeline_job, version_of
from lineageflow_core.openlineage.vocabulary import EventType
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores

START = datetime(2026, 5, 1, 2, tzinfo=UTC)


def run_id(name: str) -> RunId:
    """Returns the id of the run that a story calls `name`."""
    return RunId(str(uuid5(NAMESPACE_OID, name)))


def snapshot(text: str) -> Snapshot:
    """Returns `dataset[partition]@content` as a snapshot; content is any short text."""
    place, _, content = text.partition("@")
    dataset, _, partition = place.removesuffix("]").partition("[")
    digest = SnapshotId((content.encode().hex() or "0").ljust(64, "0")[:64])
    return Snapshot(dataset=dataset, partition=partition, snapshot=digest, objects=1, size=1)


def version(text: str) -> Version:
    """Returns `dataset[partition]@content` as a version of ours."""
    return version_of("lake", snapshot(text))


def versions(texts: Iterable[str]) -> set[Version]:
    return {version(text) for text in texts}


class Story:
    """A lake in memory that hears of runs."""

    def __init__(self) -> None:
        self.stores = MemoryStores()
        self.catalog = open_embedded(self.stores)
        self.now = START

    def tell(
        self,
        name: str,
        reads: Sequence[str | Snapshot] = (),
        writes: Sequence[str | Snapshot] = (),
        *,
        parent: str | None = None,
        end: EventType = EventType.COMPLETE,
    ) -> RunId:
        """Tells that a run read and wrote these versions and ended."""
        job = Job(namespace="nightly", name=f"{parent}.{name}" if parent else name)
        run = Run(id=run_id(name), job=job, state=RunState.RUNNING, parent=run_id(parent) if parent else None)
        pipeline = Run(id=run_id(parent), job=pipeline_job(job), state=RunState.RUNNING) if parent else None
        inputs, outputs = [_access(text) for text in reads], [_access(text) for text in writes]
        for event_type in (EventType.START, end):
            self.now += timedelta(minutes=1)
            self.catalog.lineage.ingest(
                [run_event(event_type, run, at=self.now, parent=pipeline, inputs=inputs, outputs=outputs)]
            )
        return run.id

    def tell_all(self, runs: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> "Story":
        """Tells of several runs: name to what it read and wrote."""
        for name, (reads, writes) in runs.items():
            self.tell(name, reads, writes)
        return self


def _access(content: str | Snapshot) -> DatasetAccess:
    exact = snapshot(content) if isinstance(content, str) else content
    return DatasetAccess(repository="lake", snapshots=(exact,), commit=CommitId("c" * 64))
