"""What events are about: datasets, jobs and namespaces as producers name them, wherever the data lies.

A dataset here is one that some event names. A repository's own datasets are `model.objects.Dataset`; those
that an event names are here too, under the namespace `lf://repository`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.lineage import DatasetName, Io, Version
from lineageflow_core.model.quality import Measurements, Quality
from lineageflow_core.model.run import Job, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNamespace:
    """A namespace that some dataset or job is in."""

    namespace: str
    datasets: int
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDataset:
    """A dataset that some event names, under the first of its names."""

    name: DatasetName
    dataset_type: str | None = None
    """TABLE, FILE, MODEL, ... as OpenLineage's datasetType facet says."""
    versions: int = 0
    """How many versions of it are known: written, or read by their name."""
    current: Version | None = None
    """What was written last, of the whole dataset or of a partition; None if nothing was."""
    written_at: datetime | None = None
    """When a run last wrote it, or was about to."""
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownJob:
    """A job that some event names."""

    job: Job
    runs: int = 0
    latest: Run | None = None
    """The run that began last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One entry of a dataset's history: a run wrote it, or a version was read that nobody wrote."""

    io: Io
    """Its version is None where the run did not complete (yet)."""
    run: Run | None = None
    """The run that wrote it; None where nobody did that is known: then `io` is the first read of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownColumn:
    """A column, as the facet `schema` has it."""

    name: str
    """With the columns that it lies in: `address.city`."""
    type: str | None = None
    """As the producer calls it."""
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """How one column differs from the version before."""

    name: str
    kind: DiffKind
    left: KnownColumn | None
    """As it was; None where it was added."""
    right: KnownColumn | None
    """As it is; None where it was removed."""


Facets = dict[str, dict[str, Any]]
"""The last word on each facet, by its key. Numbers that JSON's readers would not agree on are text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDetails:
    """A dataset with all that was said of it last."""

    known: KnownDataset
    names: tuple[DatasetName, ...]
    """All its names, the first one first."""
    columns: tuple[KnownColumn, ...] = ()
    facets: Facets = field(default_factory=dict)
    """schema, ownership, documentation, tags, dataSource, ... under any of its names."""


class VersionState(StrEnum):
    """What became of a version."""

    COMMITTED = "committed"
    """The run that wrote it completed, or says while it goes on that it has written it."""
    PENDING = "pending"
    """The run goes on, and may have written something."""
    DIRTY = "dirty"
    """The run failed, and may have written something."""
    PLACEHOLDER = "placeholder"
    """It was read, and who wrote it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion:
    """One entry of a dataset's history."""

    version: Version
    """Without a version where the state is PENDING or DIRTY."""
    state: VersionState
    at: datetime | None
    """When it was written; of a placeholder, when it was first read."""
    run: Run | None
    """Who wrote it, with job and code; None of a placeholder."""
    columns: tuple[KnownColumn, ...] | None = None
    """As the run that wrote it says; None where it does not."""
    changes: tuple[ColumnChange, ...] = ()
    """Against the entry before that has columns."""
    measurements: Measurements | None = None
    """Rows, bytes and files, as the run that wrote it says."""
    quality: tuple[Quality, ...] = ()
    """What any run found out about this version, the last first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetails:
    """A job with all that was said of it last."""

    known: KnownJob
    facets: Facets = field(default_factory=dict)
    """sql, sourceCodeLocation, documentation, ownership, jobType, ..."""
    reads: tuple[DatasetName, ...] = ()
    """What its latest run read."""
    writes: tuple[DatasetName, ...] = ()
    declared_reads: tuple[DatasetName, ...] = ()
    """What it says that it reads, without any run."""
    declared_writes: tuple[DatasetName, ...] = ()
    before: tuple[Job, ...] = ()
    """Jobs that go before it."""
    behind: tuple[Job, ...] = ()
    """Jobs that it goes before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTree:
    """A run with the runs inside it, and those inside them."""

    run: Run
    descendants: tuple[Run, ...]
    """Parents before their steps; steps of one parent by start."""
    truncated: bool
    """There are more than were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFacets:
    """What was said of a dataset that a run read or wrote."""

    dataset: DatasetName
    facets: Facets


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfRun:
    """All facets of one run."""

    run: Run
    facets: Facets
    job_facets: Facets
    """The job's, as this run knew it."""
    reads: tuple[AccessFacets, ...]
    writes: tuple[AccessFacets, ...]
