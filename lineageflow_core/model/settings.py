"""What a repository's people agreed on: how branches are written, what is kept, what readers are told."""

from dataclasses import dataclass, field
from enum import StrEnum


class StaleReads(StrEnum):
    """What becomes of a merge whose source read versions that the target has moved on from since."""

    ALLOW = "allow"
    WARN = "warn"
    """It happens, and says so."""
    FAIL = "fail"


class QuarantinePolicy(StrEnum):
    """What a reader of a quarantined version is told."""

    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRule:
    """What holds on the branches that a pattern matches. Where several match, all of them hold."""

    pattern: str
    """A branch's name, or a pattern as in a shell: `main`, `release-*`."""
    writers: tuple[str, ...] = ()
    """Authors who may move the branch; none named: everyone."""
    merges_only: bool = False
    """It takes merges and publications, no direct commits."""
    checks: tuple[str, ...] = ()
    """Checks that must have passed on what is merged in."""
    required_metadata: tuple[str, ...] = ()
    """Keys that the metadata of every direct commit and merge has."""
    stale_reads: StaleReads = StaleReads.WARN


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How long the past of some datasets is kept on some branches. What lineage needs is kept beyond it."""

    branches: str = "*"
    """A pattern as in a shell."""
    datasets: str = "*"
    """A pattern as in a shell; '*' matches '/' too."""
    keep_days: int | None = None
    """Versions that were current at some time in these days stay. None: days remove nothing."""
    keep_versions: int | None = None
    """At least so many of a dataset's latest versions stay. None: their number removes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySettings:
    """All settings of one repository. The defaults allow everything and keep everything."""

    branch_rules: tuple[BranchRule, ...] = ()
    retention_rules: tuple[RetentionRule, ...] = ()
    quarantine: QuarantinePolicy = QuarantinePolicy.WARN
    key_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns that identify a row, by dataset (a pattern as in a shell)."""
    trash_days: int = 7
    """How long what a collection took can be restored."""
    grace_hours: int = 24
    """Bytes younger than this, by the storage's clock, are never collected."""
