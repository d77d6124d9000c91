"""The lakes that a process has open: each once, however often Dagster makes the resource.

Dagster makes one instance of it for the executor, another for its key and one more for each IO manager. They
share the lake's connections, and what they tell it goes together.
"""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

from lineageflow_core import Catalog, connect
from lineageflow_core.run.telling import Telling


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenedLake:
    """A lake, and what tells it of runs."""

    catalog: Catalog
    telling: Telling


_Place = tuple[str, str | None, Path | None]

_open: WeakValueDictionary[_Place, OpenedLake] = WeakValueDictionary()
_lock = Lock()


def open_lake(address: str, *, token: str | None, outbox: Path | None) -> OpenedLake:
    """Returns the lake at an address, opened if nobody has it open; see `connect`."""
    with _lock:
        found = _open.get((address, token, outbox))
        if found is None:
            catalog = connect(address, token=token, outbox=outbox)
            found = OpenedLake(catalog=catalog, telling=Telling(catalog))
            _open[address, token, outbox] = found
        return found
