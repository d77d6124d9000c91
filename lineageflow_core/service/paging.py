"""Cutting a lazy sequence into a page."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.page import MAX_LIMIT, Page

T = TypeVar("T")


def page_of(items: Iterator[T], limit: int, cursor: Callable[[T], str]) -> Page[T]:
    """Returns the next `limit` items; `cursor` gives what to pass as `after` behind an item."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"a page holds 1 to {MAX_LIMIT} items, not {limit}")
    page = tuple(islice(items, limit))
    more = next(items, None) is not None
    return Page(items=page, next=cursor(page[-1]) if more else None)
