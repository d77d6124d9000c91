"""The lakes that paths lead to: opened once for each process, and found as the command finds them.

A URL that another library opens has no argument for the lake. So this is, besides the command, the one place
that looks at the environment (`LINEAGEFLOW_LAKE`, `LINEAGEFLOW_TOKEN`) and at the working folder; it does so
when a path is used, and only where the storage options say nothing.
"""

import os
import threading
from pathlib import Path

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.location import TOKEN_VARIABLE, check_lake, lake_address

_opened: dict[tuple[int, str, str | None], Catalog] = {}
_opening = threading.Lock()


def find_lake(address: str | None, token: str | None) -> Catalog:
    """Returns the lake at `address`, or the one that a command would work on here.

    Raises NotFoundError where there is none: a path never makes a lake.
    """
    found = lake_address(address, os.environ, Path.cwd())
    token = token or os.environ.get(TOKEN_VARIABLE)
    key = (os.getpid(), found, token)  # connections must not be shared with a forked parent
    with _opening:
        if key not in _opened:
            check_lake(found)
            _opened[key] = connect(found, token=token)
        return _opened[key]
