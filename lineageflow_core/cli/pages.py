"""Walking a list of the catalog from page to page."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from lineageflow_core.model.page import MAX_LIMIT, Page

T = TypeVar("T")

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
