"""Refs: names for commits, and the syntax that people write them in."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote, unquote

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import CommitId, parse_run_id
from lineageflow_core.model.instants import in_utc
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
    """What one person staged on one branch; its name is `<branch>:<author>`, the author percent-encoded.
    Kept out of people's listings."""


_WITH_PREFIX = frozenset({RefKind.RUN, RefKind.STAGE})
_MAX_AUTHOR_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class RefName:
    """The kind and name that identify a stored ref in its repository."""

    kind: RefKind
    name: str

    def __str__(self) -> str:
        """Returns the ref as people write it in an address."""
        return f"{self.kind.value}:{self.name}" if self.kind in _WITH_PREFIX else self.name


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
    """A branch, tag, commit id (at least 8 hex digits of it), a run's id if `is_run`, or the name of a
    stage's ref if `is_stage`."""
    is_run: bool = False
    is_stage: bool = False
    at: datetime | None = None
    """The branch as it was at this instant (`main@{2026-05-01}`)."""
    back: int = 0
    """How many first parents to go back (`main~2`)."""


_REVISION = re.compile(r"(?P<start>[^~@{}]+)(?:@\{(?P<at>[^{}]+)\})?(?P<back>(?:~[0-9]{0,9})*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefRange:
    """Commits between two refs, as in git (https://git-scm.com/docs/gitrevisions)."""

    start: str
    end: str
    is_symmetric: bool
    """`a...b`: those that only one of the two has. Else `a..b`: those that `b` has and `a` has not."""

    def __str__(self) -> str:
        return f"{self.start}{'...' if self.is_symmetric else '..'}{self.end}"


def parse_revision(text: str) -> Revision:
    """Parses a ref: `main`, `v1`, `3f2a91c0`, `main~2`, `main@{2026-05-01}`, `run:<id>`, `stage:main:ada`.

    A time without a zone is UTC; a bare date is that day's start. Raises InvalidInputError.
    """
    match = _REVISION.fullmatch(text)
    if match is None:
        raise InvalidInputError(
            f"{text[:200]!r} is not a ref; write a branch, tag or commit id, 'main~2', "
            "'main@{2026-05-01}', 'run:<id>' or 'stage:<branch>:<author>'"
        )
    start, at_text, back_text = match["start"], match["at"], match["back"]
    at = parse_instant(at_text) if at_text else None
    back = sum(int(step) if step else 1 for step in back_text.split("~")[1:])
    if start.startswith("run:"):
        return Revision(start=parse_run_id(start.removeprefix("run:")), is_run=True, at=at, back=back)
    if start.startswith("stage:"):
        name = check_stage_name(start.removeprefix("stage:"))
        return Revision(start=name, is_stage=True, at=at, back=back)
    if not re.fullmatch(r"[0-9a-f]{64}", start):
        _check_start(start)
    return Revision(start=start, at=at, back=back)


def _check_start(name: str) -> None:
    """Raises InvalidInputError for what names no branch or tag; where git has a word for it, with ours."""
    if name == "HEAD":
        raise InvalidInputError("there is no 'HEAD', as nothing is checked out: name the branch, like 'main'")
    if name.endswith("^"):
        raise InvalidInputError(f"{name[:200]!r} is not a ref; the parent of 'main' is written 'main~1'")
    check_ref_name(name)


def parse_range(text: str) -> RefRange | None:
    """Returns the range `a..b` or `a...b`; None where the text is no range. Raises InvalidInputError."""
    start, dots, end = text.partition("...") if "..." in text else text.partition("..")
    if not dots:
        return None
    if not start or not end or end.startswith("."):
        raise InvalidInputError(
            f"{text[:200]!r} is not a range; write both its ends, as in 'v1..main' or 'v1...main'"
        )
    return RefRange(start=start, end=end, is_symmetric=dots == "...")


def stage_ref(branch: str, author: str) -> RefName:
    """Returns the ref of what `author` staged on `branch`. Raises InvalidInputError.

    An author may have any name, so it is percent-encoded as in RFC 3986, and '~', which is ref syntax, too.
    """
    if branch.startswith("run:"):
        raise InvalidInputError(
            f"{branch!r} takes no staged changes: what a run writes is seen by nobody until it publishes"
        )
    encoded = quote(check_author(author), safe="").replace("~", "%7E")
    return RefName(kind=RefKind.STAGE, name=f"{check_ref_name(branch)}:{encoded}")


def parse_stage_name(name: str) -> tuple[str, str]:
    """Returns the branch and the author that the name of a stage's ref says. Raises InvalidInputError."""
    branch, separator, author = name.partition(":")
    try:
        if separator:
            return check_ref_name(branch), check_author(unquote(author, errors="strict"))
    except UnicodeDecodeError:
        pass
    raise InvalidInputError(
        f"{name[:200]!r} names no staged changes; write 'stage:<branch>:<author>', the author percent-encoded"
    )


def check_stage_name(name: str) -> str:
    """Returns the name of a stage's ref in its one form. Raises InvalidInputError."""
    return stage_ref(*parse_stage_name(name)).name


def check_stored_name(kind: RefKind, name: str) -> str:
    """Returns the name of a stored ref in its one form. Raises InvalidInputError."""
    if kind is RefKind.RUN:
        return parse_run_id(name)
    return check_stage_name(name) if kind is RefKind.STAGE else check_ref_name(name)


def check_author(author: str) -> str:
    """Returns who somebody is, in Unicode NFC and without spaces around. Raises InvalidInputError."""
    author = unicodedata.normalize("NFC", author.strip())
    if not author:
        raise InvalidInputError("the author is empty; name who does this")
    if not author.isprintable():
        raise InvalidInputError(f"the author {author[:200]!r} holds characters that cannot be printed")
    if len(author.encode()) > _MAX_AUTHOR_BYTES:
        raise InvalidInputError(f"the author {author[:50]!r}... is longer than {_MAX_AUTHOR_BYTES} bytes")
    return author


def parse_instant(text: str) -> datetime:
    """Parses a time as ISO 8601: without a zone it is UTC, a bare date is that day's start.

    Raises InvalidInputError.
    """
    try:
        return in_utc(datetime.fromisoformat(text))
    except (ValueError, InvalidInputError):
        raise InvalidInputError(
            f"{text[:100]!r} is not a time; write ISO 8601, as in '2026-05-01' or '2026-05-01T09:30:00Z'"
        ) from None
