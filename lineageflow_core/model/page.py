"""One page of a long list, walking a list from page to page, and stretches of a list by position."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some items, and where to go on."""

    items: tuple[T, ...]
    next: str | None = None
    """Pass as `after` for the following page; None on the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch(Generic[T]):
    """A stretch of a list, by position. A list that changes meanwhile shifts; a `Page` does not."""

    items: tuple[T, ...]
    total: int
    """How long the whole list is."""


class TimeOrder(StrEnum):
    """Which way a list is sorted by time."""

    NEWEST_FIRST = "newest_first"
    OLDEST_FIRST = "oldest_first"


Fetch = Callable[[str | None, int], Page[T]]
"""Returns the page behind a cursor (None: the first one) with at most so many items."""


def every(fetch: Fetch[T], *, most: int | None = None) -> Iterator[T]:
    """Yields the items of all pages, or the first `most` of them."""
    return islice(_walk(fetch, MAX_LIMIT if most is None else min(max(most, 1), MAX_LIMIT)), most)


def _walk(fetch: Fetch[T], limit: int) -> Iterator[T]:
    after: str | None = None
    while True:
        page = fetch(after, limit)
        yield from page.items
        if page.next is None:
            return
        after = page.next
