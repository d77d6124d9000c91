"""How runs are published: what becomes visible together, and which checks must have passed."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import dagster as dg

from lineageflow_core.errors import InvalidInputError

PUBLISH_TAG = "lineageflow/publish"
"""Run tag: how this run is published, whatever its definitions say. A value of `PublishMode`."""
CHECKS_TAG = "lineageflow/checks"
"""Run tag: which checks of this run must have passed. A value of `RequiredChecks`."""
BACKFILL_TAG = "dagster/backfill"
"""Run tag that Dagster sets: the backfill that the run belongs to."""

Choice = TypeVar("Choice", bound=StrEnum)


class PublishMode(StrEnum):
    """What becomes visible together."""

    RUN = "run"
    """All that a run wrote, when its last step has succeeded."""
    ASSET = "asset"
    """Each output, as soon as it is written: also where a check or a later step fails."""
    BACKFILL = "backfill"
    """All runs of a backfill, when all of them have succeeded. Runs outside of backfills are as RUN."""
    REVIEW = "review"
    """All that a run wrote, when a person has merged the branch that it left."""


class RequiredChecks(StrEnum):
    """Which asset checks keep a run from being published when they fail. Those that only warn never do."""

    BLOCKING = "blocking"
    """Those that also keep Dagster from executing what is downstream."""
    ALL = "all"
    NONE = "none"
    """None. In Dagster, a blocking check that failed still fails its run and skips what is downstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicy:
    """How runs are published."""

    mode: PublishMode = PublishMode.RUN
    checks: RequiredChecks = RequiredChecks.BLOCKING

    @property
    def lands_each_output(self) -> bool:
        """Tells whether an output is visible before the run has ended."""
        return self.mode is PublishMode.ASSET

    def for_run(self, run: dg.DagsterRun) -> "PublishPolicy":
        """Returns what holds for one run: its tags go first. Raises InvalidInputError for unknown values."""
        policy = replace(
            self,
            mode=_chosen(run, PUBLISH_TAG, self.mode),
            checks=_chosen(run, CHECKS_TAG, self.checks),
        )
        if policy.mode is PublishMode.BACKFILL and BACKFILL_TAG not in run.tags:
            return replace(policy, mode=PublishMode.RUN)
        return policy


def review_branch(run_id: str) -> str:
    """Returns the branch on which a person finds what a run wrote."""
    return f"review-{run_id}"


def backfill_branch(backfill_id: str) -> str:
    """Returns the branch that the runs of a backfill publish to."""
    return f"backfill-{backfill_id}"


def _chosen(run: dg.DagsterRun, tag: str, default: Choice) -> Choice:
    said = run.tags.get(tag)
    if said is None:
        return default
    choices = type(default)
    try:
        return choices(said)
    except ValueError:
        known = ", ".join(repr(choice.value) for choice in choices)
        raise InvalidInputError(f"the run tag {tag!r} is {said!r}; it is one of {known}") from None
