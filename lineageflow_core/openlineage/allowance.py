"""`Allowance`: how long work may be kept waiting for what it does not need."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Allowance:
    """Seconds to wait: no more than `burst` of them at once, and in the long run a `share` of all time.

    So whatever happens to what is waited for, work of t seconds takes no longer than burst + (1 + share) t.
    Threads that share one guard it themselves; those that wait at the same time wait for what was left then.
    """

    def __init__(
        self, *, burst: float = 2.0, share: float = 0.01, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._share = share
        self._clock = clock
        self._left = burst
        self._at = clock()

    @contextmanager
    def spend(self) -> Iterator[float]:
        """Gives the seconds that may be waited in the block, and takes away those that it took."""
        began = self._clock()
        self._left = min(self._burst, self._left + (began - self._at) * self._share)
        self._at = began
        try:
            yield self._left
        finally:
            self._left = max(0.0, self._left - (self._clock() - began))
