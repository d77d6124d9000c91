"""Refs: names for commits, and the syntax that people write them in."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import CommitId, parse_run_id
from lineageflow_core.model.names import check_ref_name


class RefKind(StrEnum):
    """What a stored ref is."""

    BRANCH = "branch"
    """Moves with each commit; people's."""
    TAG = "tag"
    """Never moves."""
    RUN = "run"
    """The branch of one run; its name is the run's id. Kept out of people's listings."""
    STAGE = "stage"
    """What one person has staged on one branch, `<branch>:<owner>`. Kept out of people's listings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefName:
    """The kind and name that identify a stored ref in its repository."""

    kind: RefKind
    name: str

    def __str__(self) -> str:
        """Returns the ref as people write it in an address."""
        return f"{self.kind.value}:{self.name}" if self.kind in {RefKind.RUN, RefKind.STAGE} else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A stored name for a commit."""

    kind: RefKind
    name: str
    commit: CommitId
    created_at: datetime
    updated_at: datetime
    """When it last moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A ref as written, taken apart: a start, then how many first parents back."""

    start: str
    """A branch, tag, commit id (at least 8 hex digits of it), or a run's id if `is_run`."""
    is_run: bool = False
    at: datetime | None = None
    """The branch as it was at this instant (`main@{2026-05-01}`)."""
    back: int = 0
    """How many first parents to go back (`main~2`)."""


_REVISION = re.compile(r"(?P<start>[^~@{}]+)(?:@\{(?P<at>[^{}]+)\})?(?P<back>(?:~[0-9]{0,9})*)")


def parse_revision(text: str) -> Revision:
    """Parses a ref: `main`, `v1`, `3f2a91c0`, `main~2`, `main@{2026-05-01}`, `run:<id>`.

    A time without a zone is UTC; a bare date is that day's start. Raises InvalidInputError.
    """
    match = _REVISION.fullmatch(text)
    if match is None:
        raise InvalidInputError(
            f"{text[:200]!r} is not a ref; write a branch, tag or commit id, 'main~2', 'main@{{2026-05-01}}' "
            "or 'run:<id>'"
        )
    start, at_text, back_text = match["start"], match["at"], match["back"]
    at = parse_instant(at_text) if at_text else None
    back = sum(int(step) if step else 1 for step in back_text.split("~")[1:])
    if start.startswith("run:"):
        return Revision(start=parse_run_id(start.removeprefix("run:")), is_run=True, at=at, back=back)
    if not re.fullmatch(r"[0-9a-f]{64}", start):
        check_ref_name(start)
    return Revision(start=start, at=at, back=back)


def parse_range(text: str) -> tuple[str, str] | None:
    """Returns the two ends of a range, `a..b`; None where the text is no range. Raises InvalidInputError."""
    start, dots, end = text.partition("..")
    if not dots:
        return None
    if not start or not end or end.startswith("."):
        raise InvalidInputError(f"{text[:200]!r} is not a range; write both its ends, as in 'v1..main'")
    return start, end


def parse_instant(text: str) -> datetime:
    """Parses a time as ISO 8601: without a zone it is UTC, a bare date is that day's start.

    Raises InvalidInputError.
    """
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidInputError(
            f"{text[:100]!r} is not a time; write ISO 8601, as in '2026-05-01' or '2026-05-01T09:30:00Z'"
        ) from None
