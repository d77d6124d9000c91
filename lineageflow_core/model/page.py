"""One page of a long list, and walking a list from page to page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
