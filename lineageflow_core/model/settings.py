"""What a repository's people agreed on: how branches are written, what is kept, what readers are told.

Patterns are as in a shell: `*`, `?`, `[abc]`, and `*` matches `/`, too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from lineageflow_core.errors import InvalidInputError


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

    @property
    def protects(self) -> bool:
        """Tells whether the rule keeps anybody from anything, beyond what stale reads do."""
        return bool(self.writers or self.merges_only or self.checks or self.required_metadata)

    def applies_to(self, branch: str) -> bool:
        """Tells whether the rule is about a branch."""
        return fnmatchcase(branch, self.pattern)


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

    def rules_for(self, branch: str) -> tuple[BranchRule, ...]:
        """Returns the rules that hold on a branch."""
        return tuple(rule for rule in self.branch_rules if rule.applies_to(branch))

    def stale_reads_on(self, branch: str) -> StaleReads:
        """Returns what becomes of stale reads on a branch: what the strictest of its rules says."""
        strictness = list(StaleReads)
        found = [rule.stale_reads for rule in self.rules_for(branch)]
        return max(found, key=strictness.index, default=StaleReads.WARN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChange:
    """A repository's settings before and after an operation."""

    before: RepositorySettings
    after: RepositorySettings


_BRANCH_PATTERN = re.compile(r"[A-Za-z0-9._*?\[\]!-]{1,128}")


def check_settings(settings: RepositorySettings) -> RepositorySettings:
    """Returns `settings` if they can hold.

    Raises InvalidInputError, naming the rule that says nothing, cannot match, or contradicts another.
    """
    for rule in settings.branch_rules:
        _check_branch_rule(rule)
    _check_distinct((rule.pattern for rule in settings.branch_rules), "rule for the branches")
    for rule in settings.branch_rules:
        _check_somebody_may_write(settings, rule.pattern)
    for kept in settings.retention_rules:
        _check_retention_rule(kept)
    _check_distinct(
        (f"{kept.branches} and the datasets {kept.datasets}" for kept in settings.retention_rules),
        "retention rule for the branches",
    )
    for dataset, columns in settings.key_columns.items():
        _check_names([dataset], "key_columns: a dataset")
        if not columns:
            raise InvalidInputError(f"key_columns: {dataset!r} has no columns; name at least one")
        _check_names(columns, f"key_columns: a column of {dataset!r}")
    if settings.trash_days < 0:
        raise InvalidInputError(f"trash_days is {settings.trash_days}; it is 0 or more")
    if settings.grace_hours < 1:
        raise InvalidInputError(
            f"grace_hours is {settings.grace_hours}; it is 1 or more, so that nothing is collected while "
            "it is being written"
        )
    return settings


def _check_branch_rule(rule: BranchRule) -> None:
    where = f"the rule for the branches {rule.pattern!r}"
    if not _BRANCH_PATTERN.fullmatch(rule.pattern):
        raise InvalidInputError(
            f"{rule.pattern[:200]!r} matches no branch; write a branch's name, or a pattern like 'release-*'"
        )
    _check_names(rule.writers, f"{where}: a writer")
    _check_names(rule.checks, f"{where}: a check")
    _check_names(rule.required_metadata, f"{where}: a key of metadata")


def _check_somebody_may_write(settings: RepositorySettings, branch: str) -> None:
    """Raises InvalidInputError where the rules that hold on a branch leave no writer."""
    named = [rule for rule in settings.rules_for(branch) if rule.writers]
    if named and not set.intersection(*(set(rule.writers) for rule in named)):
        patterns = " and ".join(repr(rule.pattern) for rule in named)
        raise InvalidInputError(
            f"the rules for {patterns} leave nobody who may write to {branch!r}: all rules that match hold; "
            "name a writer in each of them"
        )


def _check_retention_rule(rule: RetentionRule) -> None:
    where = f"the retention rule for the branches {rule.branches!r} and the datasets {rule.datasets!r}"
    for pattern in (rule.branches, rule.datasets):
        _check_names([pattern], f"{where}: a pattern")
    if rule.keep_days is None and rule.keep_versions is None:
        raise InvalidInputError(f"{where} says nothing; give keep_days, keep_versions, or both")
    if rule.keep_days is not None and rule.keep_days < 0:
        raise InvalidInputError(f"{where}: keep_days is {rule.keep_days}; it is 0 or more")
    if rule.keep_versions is not None and rule.keep_versions < 1:
        raise InvalidInputError(f"{where}: keep_versions is {rule.keep_versions}; it is 1 or more")


def _check_names(names: Iterable[str], what: str) -> None:
    seen = list(names)
    if not all(name.strip() for name in seen):
        raise InvalidInputError(f"{what} is empty; name it, or leave it out")
    _check_distinct(seen, what)


def _check_distinct(items: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for item in items:
        if item in seen:
            raise InvalidInputError(f"{what} {item!r} is given twice; say it once")
        seen.add(item)
