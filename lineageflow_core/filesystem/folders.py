"""Folders that were made and hold nothing yet.

A commit knows no empty folders, as in git. Most tools make a folder before they write into it, though, and
want to see it then; and making one says that what goes into it belongs together. So an instance remembers the
folders that were made with it. The outermost one around a file is the dataset that the file begins.
"""

import threading
from collections.abc import Iterable, Iterator

from lineageflow_core.model.names import is_under


class Folders:
    """Names of folders, as fsspec writes paths. Threads may share it."""

    def __init__(self, made: Iterable[str] = ()) -> None:
        self._made = frozenset(made)
        self._changing = threading.Lock()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._made))

    def add(self, name: str) -> None:
        """Remembers a folder; those that it lies in are there, too."""
        with self._changing:
            self._made |= {name}

    def remove(self, name: str) -> None:
        """Forgets a folder and those in it."""
        with self._changing:
            self._made = frozenset(made for made in self._made if not is_under(made, name))

    def has(self, name: str) -> bool:
        """Tells whether a folder was made, or one in it."""
        return any(is_under(made, name) for made in self._made)

    def below(self, name: str) -> set[str]:
        """Returns the folders directly in a folder."""
        start = len(name) + 1
        found = (made for made in self._made if made != name and is_under(made, name))
        return {name + "/" + made[start:].partition("/")[0] for made in found}

    def around(self, name: str) -> str | None:
        """Returns the outermost folder that was made and that a file lies in."""
        return min((made for made in self._made if made != name and is_under(name, made)), default=None)
