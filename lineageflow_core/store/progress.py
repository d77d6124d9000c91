"""Telling of the bytes of one source once, however often they have to be sent."""

from collections.abc import Callable, Iterable, Iterator


class Reported:
    """How far one source has come, of which `progress` hears only what is new."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self._progress = progress
        self._told = 0

    def reached(self, position: int) -> None:
        """Tells of the bytes before `position` that were not told of yet."""
        if self._progress is not None and position > self._told:
            self._progress(position - self._told)
            self._told = position

    def chunks(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yields chunks, and tells of each when the next is asked for."""
        position = 0
        for chunk in chunks:
            yield chunk
            position += len(chunk)
            self.reached(position)

    def done(self, size: int) -> None:
        """Tells of the rest, also of what was stored already."""
        self.reached(size)
