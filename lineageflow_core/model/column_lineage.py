"""Lineage of columns, at exact versions."""

from dataclasses import dataclass
from urllib.parse import quote

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.node import format_node


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNode:
    """A column of a version."""

    id: str
    """The version's node, '#', and the column, percent-encoded."""
    version: Version
    column: str
    """'' stands for all of them."""
    depth: int
    """How many runs away from the start it is."""
    is_known: bool = True
    """False where a run says nothing of where it comes from, or where it goes: there may be more."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ColumnLink:
    """One column comes from another, as the run that wrote it says."""

    source: str
    target: str
    run: RunId
    kind: str = ""
    """DIRECT or INDIRECT, if said."""
    subtype: str = ""
    """IDENTITY, TRANSFORMATION, AGGREGATION, JOIN, GROUP_BY, FILTER, SORT, WINDOW, CONDITIONAL, if said."""
    masking: bool = False
    """The values cannot be told from the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGraph:
    """What columns come from, or what comes of them."""

    columns: tuple[ColumnNode, ...]
    """Nearest first."""
    links: tuple[ColumnLink, ...]
    truncated: bool
    """There was more than the limit allowed."""


def format_column(version: Version, column: str) -> str:
    """Returns what a column of a version is called in a graph."""
    return f"{format_node(version)}#{quote(column, safe=' ')}"
