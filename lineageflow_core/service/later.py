"""Parts of a lake that are made, and their code loaded, when somebody asks the first thing of them.

A step of a pipeline reads, writes and tells of it, in a process of its own maybe. That is a third of what a
lake can do, and loading the rest would take it longer than its work.
"""

from collections.abc import Callable
from importlib import import_module
from threading import Lock
from typing import Any


class Later:
    """Stands for what `make` returns, and makes it once, whatever thread is the first to ask."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: object | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # nobody asks a part for those, but for what any object may have
            raise AttributeError(name)
        found = getattr(self.made, name)
        if callable(found):  # asked for directly from now on
            setattr(self, name, found)
        return found

    @property
    def made(self) -> object:
        """What it stands for."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


def service(module: str, name: str, *given: object, **named: object) -> Any:
    """Stands for a service of this package: the class `name` of a module, made with these arguments."""
    return Later(lambda: getattr(import_module(f"{__package__}.{module}"), name)(*given, **named))
