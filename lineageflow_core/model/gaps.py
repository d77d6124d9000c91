"""What lineage does not know, and could: gaps in what producers tell."""

from dataclasses import dataclass
from enum import StrEnum

from lineageflow_core.model.known import KnownDataset
from lineageflow_core.model.run import Run


class Gap(StrEnum):
    """One kind of gap."""

    UNENDED_RUN = "unended_run"
    """A run began, and nobody told of its end."""
    UNPRODUCED_INPUT = "unproduced_input"
    """A dataset is read, and nobody told who writes it."""
    OUTPUT_WITHOUT_SCHEMA = "output_without_schema"
    """A dataset is written, and nobody told its columns."""
    OUTPUT_WITHOUT_COLUMN_LINEAGE = "output_without_column_lineage"
    """A dataset is written, and nobody told what its columns come from."""
    EVENT_WITH_PROBLEM = "event_with_problem"
    """An event was not understood wholly; `Events.list_events` lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapCount:
    """How many gaps of one kind there are."""

    gap: Gap
    count: int
    of: int
    """How many there could be: runs, datasets that are read, datasets that are written, events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGap:
    """One gap: a run, or a dataset."""

    gap: Gap
    run: Run | None = None
    dataset: KnownDataset | None = None
    seconds: float | None = None
    """How long the run has been going."""
    usual_seconds: float | None = None
    """The median of the job's last runs; None where it has none that completed."""
    overdue: bool = False
    """It has been going for more than three times as long as usual, and is no stream or service."""
