"""How branches stand to one another."""

from dataclasses import dataclass
from datetime import datetime

from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.refs import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the histories of two refs stand to one another."""

    left: CommitId
    right: CommitId
    bases: tuple[CommitId, ...]
    """Their best common ancestors: one, or several where the histories criss-cross, or none."""
    ahead: int
    """How many commits only the right one has."""
    behind: int
    """How many commits only the left one has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchStatus:
    """A branch, how far it is from another one, and what happened on it last."""

    ref: Ref
    ahead: int
    """How many commits it has that the other one has not."""
    behind: int
    """How many commits the other one has that it has not."""
    author: str
    """Of its last commit, as what follows."""
    message: str
    committed_at: datetime
    run_id: RunId | None = None
