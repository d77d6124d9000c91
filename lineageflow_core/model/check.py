"""Checks: what somebody found out about the content of a commit."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lineageflow_core.model.ids import CommitId, RunId


class CheckState(StrEnum):
    """What a check found."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The latest result of one check of one content. Equal content has equal checks, on every branch."""

    name: str
    """As rules name it: `row-count`."""
    state: CheckState
    root: str
    """Digest of the root tree of what was checked."""
    commit: CommitId
    """The commit that was looked at; others may have the same content."""
    author: str
    at: datetime
    run_id: RunId | None = None
    """The run that checked."""
    summary: str = ""
    """One line for people: what was wrong, or how good it is."""
    details: dict[str, str] = field(default_factory=dict)
    """What was measured."""
