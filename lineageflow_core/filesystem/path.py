"""`LineageFlowPath`: `lf://` for universal-pathlib, which finds it by an entry point.

Only universal-pathlib imports this module.
"""

from upath import UPath


class LineageFlowPath(UPath):
    """A path in a lake: `UPath("lf://sales/raw/orders.csv", lake="./lake").read_text()`."""

    __slots__ = ()
