"""Many things, some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_batches(things: Iterable[T], count: int) -> Iterator[list[T]]:
    """Yields things in lists of `count`; the last may be shorter, and none is empty."""
    rest = iter(things)
    while some := list(islice(rest, count)):
        yield some
