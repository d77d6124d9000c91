"""Pruning: events and runs that are too old to keep, and why others stay."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lineageflow_core.model.ids import RunId


class KeptBecause(StrEnum):
    """Why an old pipeline stays: the first that holds."""

    GOING = "going"
    """One of its runs has not ended, or was heard of since."""
    LAST = "last"
    """It wrote one of the last versions of a dataset."""
    HELD = "held"
    """Something that a branch, tag, draft, plan or quarantine holds was made of what it wrote."""
    READ = "read"
    """A run that stays read the newest version of a dataset, and that was its."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPipelines:
    """How many old pipelines stay for one reason."""

    because: KeptBecause
    count: int
    examples: tuple[RunId, ...]
    """Some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruningPlan:
    """What would be pruned now. A pipeline goes with all of its steps, or stays."""

    before: datetime
    """What was last heard of from then on stays."""
    pipelines: int
    runs: int
    """Of those pipelines, steps included."""
    events: int
    """About no run: of datasets and jobs as such, or not understood. Those of runs go with these."""
    examples: tuple[RunId, ...]
    """Some of the pipelines."""
    kept: tuple[KeptPipelines, ...]
    """What is as old, and stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was pruned."""

    pipelines: int
    runs: int
    events: int
    """About no run."""
    more: bool
    """There is more to prune: call again."""
