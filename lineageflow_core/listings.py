"""What handles return that people look at: tuples and values that a notebook shows as tables and drawings."""

from dataclasses import dataclass

from lineageflow_core import html
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DiffEntry
from lineageflow_core.model.lineage import LineageEdge, LineageGraph, LineageNode
from lineageflow_core.model.page import every
from lineageflow_core.scope import Scope


class Commits(tuple[Commit, ...]):
    """Commits, newest first."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(f"{each.id[:8]} {each.created_at:%Y-%m-%d %H:%M} {each.message}" for each in self)

    def _repr_html_(self) -> str:
        return html.commits_page(self)


class Differences(tuple[DiffEntry, ...]):
    """Objects that differ, by path."""

    __slots__ = ()

    @classmethod
    def between(cls, scope: Scope, left: str, right: str, *, path: str) -> "Differences":
        """Returns what differs at or below `path` from one ref to another."""
        diff = scope.catalog.history.diff
        pages = every(
            lambda after, limit: diff(scope.repository, left, right, path=path, after=after, limit=limit)
        )
        return cls(pages)

    def __repr__(self) -> str:
        return "\n".join(f"{each.kind:8} {each.path}" for each in self)

    def _repr_html_(self) -> str:
        return html.differences_page(self)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Part of the graph of versions and runs."""

    graph: LineageGraph

    @property
    def nodes(self) -> tuple[LineageNode, ...]:
        return self.graph.nodes

    @property
    def edges(self) -> tuple[LineageEdge, ...]:
        return self.graph.edges

    def _repr_html_(self) -> str:
        return html.lineage_page(self.graph)
