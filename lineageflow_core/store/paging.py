"""How stores cut an ordered list into pages, and where the next page starts.

Lists by name go on after a name. Lists that show the newest first go on after a `Place`: an instant
and, for things of the same instant, an id. Both stay right when items are added or removed between two
pages: nothing is shown twice, and nothing that stays is left out.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self, TypeVar

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import parse_run_id
from lineageflow_core.model.known import Occurrence
from lineageflow_core.model.lineage import Io
from lineageflow_core.model.page import MAX_LIMIT, Page, Stretch
from lineageflow_core.model.quality import Tested
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.run import Run
from lineageflow_core.store.instants import EPOCH, from_microseconds, to_microseconds

T = TypeVar("T")
_LARGEST_RANK = 1000


class Place(NamedTuple):
    """A place in a list that shows the newest first: larger places come earlier."""

    at: datetime
    id: str

    def __str__(self) -> str:
        return f"{to_microseconds(self.at)}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote. Raises InvalidInputError."""
        microseconds, _, id_ = text.partition(".")
        try:
            return cls(from_microseconds(int(microseconds)), id_)
        except (ValueError, OverflowError):
            raise InvalidInputError(
                f"{text[:100]!r} is not a place in this list: pass the `next` of a page as `after`"
            ) from None


def parse_place_of_run(text: str) -> Place:
    """Reads a place among runs. Raises InvalidInputError."""
    place = Place.parse(text)
    return Place(place.at, parse_run_id(place.id))


def place_of_run(run: Run) -> Place:
    """Returns where a run stands: by its start, else by its end, else before all others."""
    return Place(run.started_at or run.ended_at or EPOCH, run.id)


def parse_sequence(text: str) -> int:
    """Reads a place in a log, of operations or of events. Raises InvalidInputError."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InvalidInputError(
            f"{text[:100]!r} is not a place in this list: pass the `next` of a page as `after`"
        )
    return int(text)


class PlaceOfQuarantine(NamedTuple):
    """A place in the list of quarantines."""

    dataset: str
    partition: str
    snapshot: str

    def __str__(self) -> str:
        return "\n".join(self)  # which no path holds

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote. Raises InvalidInputError."""
        parts = text.split("\n")
        if len(parts) != len(cls._fields):
            raise InvalidInputError(
                f"{text[:100]!r} is not a place in this list: pass the `next` of a page as `after`"
            )
        return cls(*parts)


def place_of_quarantine(held: Quarantine) -> PlaceOfQuarantine:
    """Returns where a quarantine stands: by dataset, partition and version."""
    return PlaceOfQuarantine(held.dataset, held.partition, held.snapshot)


def check_limit(limit: int) -> None:
    """Raises InvalidInputError unless a page can hold `limit` items."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"a page holds 1 to {MAX_LIMIT} items, not {limit}")


def page_of(items: Sequence[T], limit: int, *, cursor: Callable[[T], object]) -> Page[T]:
    """Returns the first `limit` of `items`, which hold one more if there is a next page."""
    shown = tuple(items[:limit])
    return Page(items=shown, next=str(cursor(shown[-1])) if len(items) > limit else None)


def check_stretch(offset: int, limit: int) -> None:
    """Raises InvalidInputError unless a stretch can begin at `offset` and hold `limit` items."""
    check_limit(limit)
    if not 0 <= offset < 1 << 31:
        raise InvalidInputError(f"a list goes on after 0 to {(1 << 31) - 1:,} items, not {offset}")


def stretch_of(items: Sequence[T], *, offset: int, limit: int) -> Stretch[T]:
    """Returns `limit` items after `offset` of a whole list."""
    check_stretch(offset, limit)
    return Stretch(items=tuple(items[offset : offset + limit]), total=len(items))


class PlaceOfName(NamedTuple):
    """A place in a list by namespace and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return json.dumps(self)  # either may hold any character

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote. Raises InvalidInputError."""
        return cls(*_parse_parts(text, (str, str)))


class PlaceOfOccurrence(NamedTuple):
    """A place in a dataset's history: larger places come earlier."""

    at: datetime
    run: str
    partition: str
    version: str

    def __str__(self) -> str:
        return json.dumps([to_microseconds(self.at), *self[1:]])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote. Raises InvalidInputError."""
        at, run, *rest = _parse_parts(text, (int, str, str, str))
        try:
            return cls(from_microseconds(at), parse_run_id(run), *rest)
        except OverflowError:
            raise _no_place(text) from None


class PlaceOfFound(NamedTuple):
    """A place in what a search found."""

    rank: int
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return json.dumps(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote. Raises InvalidInputError."""
        rank, *rest = _parse_parts(text, (int, str, str, str))
        if not 0 <= rank <= _LARGEST_RANK:
            raise _no_place(text)
        return cls(rank, *rest)


class PlaceOfDerived(NamedTuple):
    """A place in what was derived from something."""

    degree: int
    namespace: str
    name: str
    partition: str
    version: str

    def __str__(self) -> str:
        return json.dumps(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote. Raises InvalidInputError."""
        return cls(*_parse_parts(text, (int, str, str, str, str)))


class PlaceOfTested(NamedTuple):
    """A place in the list of what was tested: larger places come earlier."""

    at: datetime
    run: str
    namespace: str
    name: str
    written: bool

    def __str__(self) -> str:
        return json.dumps([to_microseconds(self.at), *self[1:]])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what `str` wrote. Raises InvalidInputError."""
        at, run, *rest = _parse_parts(text, (int, str, str, str, bool))
        try:
            return cls(from_microseconds(at), parse_run_id(run), *rest)
        except OverflowError:
            raise _no_place(text) from None


def place_of_tested(run: Run, tested: Tested) -> PlaceOfTested:
    """Returns where a run's tests of one dataset stand: where the run does, then by dataset and side."""
    at, run_id = place_of_run(run)
    return PlaceOfTested(at, run_id, tested.dataset.namespace, tested.dataset.name, tested.written)


def place_of_occurrence(found: Occurrence) -> PlaceOfOccurrence:
    """Returns where an occurrence stands: by its time, else before all others; then by run and version."""
    return place_of_io(found.io)


def place_of_io(io: Io) -> PlaceOfOccurrence:
    """Returns where a write stands in the history of its dataset."""
    return PlaceOfOccurrence(io.at or EPOCH, io.run_id, io.version.partition, io.version.version or "")


def _parse_parts(text: str, types: Sequence[type]) -> list[Any]:
    try:
        parts = json.loads(text)
    except ValueError:
        raise _no_place(text) from None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(types):
        raise _no_place(text)
    return parts


def _no_place(text: str) -> InvalidInputError:
    return InvalidInputError(
        f"{text[:100]!r} is not a place in this list: pass the `next` of a page as `after`"
    )
