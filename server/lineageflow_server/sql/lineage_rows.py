"""Events, and what they say of jobs, runs, datasets and versions: values to rows and back."""
# ruff: noqa: D103 - what a mapping does, its name says

import threading
from collections.abc import Iterable

import zstandard

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.run import Job, Run
from lineageflow_core.store.paging import place_of_run
from lineageflow_core.store.ports import StoredEvent, Word
from lineageflow_server.sql.rows import AnyRow, Values, encode, identity


class _OfThread(threading.local):
    """A compressor may not be shared; to make one for each event takes longer than to compress it."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=1)


_of_thread = _OfThread()


def event_row(event: StoredEvent) -> Values:
    return {
        "digest": event.digest,
        "body": _of_thread.compressor.compress(event.body),
        "received_at": event.received_at,
        "replaced_by": event.replaced_by,
        **reading_row(event),
    }


def reading_row(event: StoredEvent) -> Values:
    """What is understood of an event."""
    return {
        "run_id": event.run_id,
        "kind": event.kind,
        "at": event.at,
        "problem": event.problem,
        "warning": event.warning,
        "is_aside": event.is_aside,
    }


def event_from(row: AnyRow) -> StoredEvent:
    return StoredEvent(
        digest=row.digest,
        run_id=row.run_id,
        body=zstandard.decompress(row.body),
        kind=row.kind or EventKind.UNKNOWN,
        at=row.at,
        received_at=row.received_at,
        problem=row.problem,
        warning=row.warning,
        is_aside=row.is_aside,
        replaced_by=row.replaced_by,
    )


def name_row(namespace: str, name: str) -> Values:
    """Of a job, or of a dataset."""
    return {"digest": identity(namespace, name), "namespace": namespace, "name": name}


def job_row(job: Job) -> Values:
    return name_row(job.namespace, job.name)


def dataset_row(dataset: DatasetName) -> Values:
    return name_row(dataset.namespace, dataset.name)


def run_row(job: int, run: Run, record: bytes) -> Values:
    return {
        "id": run.id,
        "job": job,
        "state": run.state,
        "parent": run.parent,
        "placed_at": place_of_run(run).at,
        "ended_at": run.ended_at,
        "body": encode(run),
        "record": _of_thread.compressor.compress(record),
        "loop": None,
    }


def record_from(compressed: bytes) -> bytes:
    return zstandard.decompress(compressed)


def version_row(dataset: int, first: DatasetName, partition: str, version: str | None) -> Values:
    return {
        "digest": identity(first.namespace, first.name, partition, version),
        "dataset": dataset,
        "partition": partition,
        "version": version,
    }


def version_identity(version: Version) -> bytes:
    return identity(version.namespace, version.name, version.partition, version.version)


def io_row(run: int, dataset: int, version: int, io: Io, *, written: bool) -> Values:
    return {
        "run": run,
        "written": written,
        "version": version,
        "dataset": dataset,
        "whole": io.version.partition == "",
        "evidence": io.evidence,
        "dataset_type": io.dataset_type,
        "at": io.at,
    }


def open_read_row(run: int, dataset: int, io: Io) -> Values:
    return {
        "run": run,
        "dataset": dataset,
        "partition": io.version.partition,
        "dataset_type": io.dataset_type,
        "at": io.at,
    }


def io_from(row: AnyRow) -> Io:
    return Io(
        run_id=row.run_id,
        version=Version(namespace=row.namespace, name=row.name, partition=row.partition, version=row.version),
        evidence=row.evidence,
        dataset_type=row.dataset_type,
        at=row.at,
    )


def open_read_from(row: AnyRow) -> Io:
    return Io(
        run_id=row.run_id,
        version=Version(namespace=row.namespace, name=row.name, partition=row.partition),
        evidence=Evidence.UNKNOWN,
        dataset_type=row.dataset_type,
        at=row.at,
    )


def flow_from(row: AnyRow) -> Flow:
    return Flow(
        run_id=row.run_id,
        target=DatasetName(namespace=row.namespace, name=row.name),
        source=None
        if row.source_name is None
        else DatasetName(namespace=row.source_namespace, name=row.source_name),
        evidence=row.evidence,
    )


def column_edge_row(map_: int, source: int, edge: ColumnEdge) -> Values:
    return {
        "map": map_,
        "field": edge.field,
        "source": source,
        "source_field": edge.source_field,
        "kind": edge.kind,
        "subtype": edge.subtype,
        "masking": edge.masking,
    }


def column_edge_from(row: AnyRow) -> ColumnEdge:
    return ColumnEdge(
        field=row.field,
        source=DatasetName(namespace=row.source_namespace, name=row.source_name),
        source_field=row.source_field,
        kind=row.kind,
        subtype=row.subtype,
        masking=row.masking,
    )


def column_map_digest(edges: Iterable[ColumnEdge]) -> bytes:
    return identity(*(encode(edge).hex() for edge in sorted(edges)))


def word_row(owner: str, key: int, facet: str, word: Word) -> Values:
    return {owner: key, "facet": facet, "stamp": word.stamp, "said": word.said}
