"""Waiting for what other processes do: as long as a busy machine may take, and no longer than it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 180.0
"""Seconds until something that does not happen is given up: longer than any machine is busy."""


def until(happens: Callable[[], T | None], what: str) -> T:
    """Returns what `happens` returns as soon as that is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = happens()
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"it did not happen in time that {what}")
