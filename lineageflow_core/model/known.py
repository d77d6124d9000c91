"""What events are about: datasets, jobs and namespaces as producers name them, wherever the data lies.

A dataset here is one that some event names. A repository's own datasets are `model.objects.Dataset`; those
that an event names are here too, under the namespace `lf://repository`.
"""

from dataclasses import dataclass
from datetime import datetime

from lineageflow_core.model.lineage import DatasetName, Io, Version
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
