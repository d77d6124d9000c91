"""Cutting a lazy sequence into a page."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from lineageflow_core.model.page import Page
from lineageflow_core.store.paging import check_limit

T = TypeVar("T")


def page_of(items: Iterator[T], limit: int, cursor: Callable[[T], str]) -> Page[T]:
    """Returns the next `limit` items; `cursor` gives what to pass as `after` behind an item."""
    check_limit(limit)
    page = tuple(islice(items, limit))
    more = next(items, None) is not None
    return Page(items=page, next=cursor(page[-1]) if more else None)
