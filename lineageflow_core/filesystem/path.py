"""`LineageFlowPath`: `lf://` for universal-pathlib, which finds it by an entry point.

Only universal-pathlib imports this module.
"""

from fsspec.registry import get_filesystem_class
from upath import UPath

from lineageflow_core.model.address import SCHEME

get_filesystem_class(SCHEME)  # universal-pathlib warns of a file system that is not imported yet


class LineageFlowPath(UPath):
    """A path in a lake: `UPath("lf://sales/raw/orders.csv", lake="./lake").read_text()`."""

    __slots__ = ()
