"""One page of a long list."""

from dataclasses import dataclass
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
