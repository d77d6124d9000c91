"""Datasets, jobs and runs as lists and pictures show them: with what readers want to see beside a name.

What a card says is what the operations on one thing say of it (`model.known`); as of a time, what they would
have said then.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import AccessFacets, Facets
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Io, Version
from lineageflow_core.model.run import Job, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCard:
    """A dataset, or one version of it."""

    name: DatasetName
    dataset_type: str | None = None
    """TABLE, FILE, MODEL, ... as OpenLineage's datasetType facet says."""
    first_at: datetime | None = None
    """When a run first read or wrote it; of a version, when it was written."""
    version: Version | None = None
    """What was written last, of the whole or of a partition; None if nothing was."""
    written_at: datetime | None = None
    """When that was."""
    run: Run | None = None
    """Who wrote that."""
    facets: Facets = field(default_factory=dict)
    """The last word on each; of a version or as of a time, what the run that wrote it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCard:
    """A job with what it reads and writes."""

    job: Job
    first_at: datetime | None = None
    """When its first run began."""
    latest: Run | None = None
    """The run that began last."""
    parent: Job | None = None
    """The job of the run that its latest run belongs to."""
    reads: tuple[DatasetName, ...] = ()
    """What the runs in `told_by` read; without any, what the job declares."""
    writes: tuple[DatasetName, ...] = ()
    told_by: tuple[RunId, ...] = ()
    """The last run that reads or writes anything, and the last that completed: one that is still going has
    not said everything yet."""
    columns_by: RunId | None = None
    """The last run that says where columns come from: one that says nothing of it takes nothing back."""
    facets: Facets = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputColumns:
    """Where the columns of one output come from."""

    output: DatasetName
    edges: tuple[ColumnEdge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """A run with all that it said."""

    run: Run
    reads: tuple[Io, ...] = ()
    writes: tuple[Io, ...] = ()
    facets: Facets = field(default_factory=dict)
    job_facets: Facets = field(default_factory=dict)
    read_facets: tuple[AccessFacets, ...] = ()
    """What it said of each dataset that it read."""
    write_facets: tuple[AccessFacets, ...] = ()
    columns: tuple[OutputColumns, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Wire:
    """A job reads or writes a dataset."""

    dataset: DatasetName
    job: Job
    written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Datasets and jobs, and which job reads and writes which dataset."""

    datasets: tuple[DatasetName, ...]
    jobs: tuple[Job, ...]
    wires: tuple[Wire, ...]
    truncated: bool
    """More was reachable than the limit allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfDataset:
    """One facet of one dataset."""

    dataset: DatasetName
    facet: dict[str, Any]
