"""Timing, and the one row that every benchmark prints."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure beside what it is compared with."""

    name: str
    ours: float
    """Seconds."""
    limit: float | None = None
    """Seconds that the bare work takes, without us."""
    limit_is: str = ""
    target: float | None = None
    """How many times the limit it may take."""
    peers: tuple[tuple[str, float], ...] = ()
    """Others and their seconds."""
    note: str = ""


def seconds(
    work: Callable[[], object], *, repeat: int = 3, before: Callable[[], object] | None = None
) -> float:
    """Returns the least time that `work` took; `before` prepares each repetition, untimed."""
    best = float("inf")
    for _ in range(repeat):
        if before is not None:
            before()
        gc.collect()
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best
