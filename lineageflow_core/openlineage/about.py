"""What people say of a dataset or a job, and what kind of job it is, as they go into an event."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is said of a dataset or a job; what is left empty is not told, and takes nothing back."""

    description: str | None = None
    owners: tuple[str, ...] = ()
    """As they are called where the pipeline is defined: `ada@example.org`, `team:data`."""
    tags: tuple[tuple[str, str], ...] = ()
    """Key and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    """What kind of job it is. Every job that has one here has an end (OpenLineage's BATCH)."""

    integration: str
    """What runs it: DAGSTER, AIRFLOW, ..."""
    type: str
    """As that calls it: JOB, STEP, TASK, ..."""
