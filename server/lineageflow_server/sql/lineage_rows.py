"""Events, and what they say of jobs, runs, datasets and versions: values to rows and back."""
# ruff: noqa: D103 - what a mapping does, its name says

import zstandard

from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.run import Job, Run
from lineageflow_core.store.paging import place_of_run
from lineageflow_core.store.ports import StoredEvent
from lineageflow_server.sql.rows import AnyRow, Values, encode, identity


def event_row(event: StoredEvent) -> Values:
    return {
        "digest": event.digest,
        "run_id": event.run_id,
        "body": zstandard.compress(event.body, 1),
        "problem": event.problem,
    }


def event_from(row: AnyRow) -> StoredEvent:
    return StoredEvent(
        digest=row.digest, run_id=row.run_id, body=zstandard.decompress(row.body), problem=row.problem
    )


def job_row(job: Job) -> Values:
    return {
        "digest": identity(job.namespace, job.name),
        "namespace": job.namespace,
        "name": job.name,
    }


def run_row(job: int, run: Run) -> Values:
    return {
        "id": run.id,
        "job": job,
        "state": run.state,
        "parent": run.parent,
        "placed_at": place_of_run(run).at,
        "body": encode(run),
    }


def dataset_row(version: Version) -> Values:
    return {
        "digest": identity(version.namespace, version.name),
        "namespace": version.namespace,
        "name": version.name,
    }


def version_row(dataset: int, version: Version) -> Values:
    return {
        "digest": version_identity(version),
        "dataset": dataset,
        "partition": version.partition,
        "version": version.version,
    }


def version_identity(version: Version) -> bytes:
    return identity(version.namespace, version.name, version.partition, version.version)


def io_row(run: int, version: int, io: Io, *, written: bool) -> Values:
    return {
        "run": run,
        "written": written,
        "version": version,
        "evidence": io.evidence,
        "dataset_type": io.dataset_type,
    }


def io_from(row: AnyRow) -> Io:
    return Io(
        run_id=row.run_id,
        version=Version(namespace=row.namespace, name=row.name, partition=row.partition, version=row.version),
        evidence=row.evidence,
        dataset_type=row.dataset_type,
    )
