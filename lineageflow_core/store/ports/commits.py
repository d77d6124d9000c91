"""Commits, what each of them changed, and where tree nodes lie."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.commit_filter import CommitFilter
from lineageflow_core.model.ids import CommitId, SnapshotId
from lineageflow_core.store.ports.publication import NodeLocation


class CommitLink(NamedTuple):
    """A commit as a node of the graph. A tuple, because they are made by the hundred thousand."""

    id: CommitId
    parents: tuple[CommitId, ...]
    generation: int
    replaces: bool
    """Whether the commit wrote units as one thing."""


class CommitPlace(NamedTuple):
    """Where a commit stands among all: every commit has a larger place than its ancestors."""

    generation: int
    id: CommitId


class CommitStore(Protocol):
    """Commits and the whereabouts of tree nodes. Filled by `RefStore.publish`."""

    def get(self, repository: str, commit: CommitId) -> Commit | None: ...

    def get_many(self, repository: str, commits: Sequence[CommitId]) -> dict[CommitId, Commit]: ...

    def find(self, repository: str, prefix: str, *, limit: int) -> list[CommitId]:
        """Returns ids that start with these hex digits, in order."""
        ...

    def ancestors(
        self, repository: str, commits: Sequence[CommitId], *, down_to: int
    ) -> Sequence[CommitLink]:
        """Returns these commits and their ancestors, those of generation `down_to` or more, in any order.

        May leave out what lies behind a commit that it returns; who misses a parent asks for it again. May
        return others of them, too.
        """
        ...

    def candidates(
        self, repository: str, wanted: CommitFilter, *, after: CommitPlace | None, limit: int
    ) -> list[CommitPlace]:
        """Returns commits that `wanted` may show, the last place first; `after` is a place to go on behind.

        All that it shows are among them, and few others: those of which too little is recorded, and those
        that differ from what is wanted in a detail. Whether it shows them, their bodies and trees say. A
        commit may have changed a path if it changed a dataset there, below or above.
        """
        ...

    def snapshots_after(
        self, repository: str, dataset: str, commits: Sequence[CommitId]
    ) -> dict[CommitId, SnapshotId | None]:
        """Returns what the dataset was after those of the commits that are recorded to have changed it."""
        ...

    def locate(self, repository: str, node_ids: Sequence[bytes]) -> dict[bytes, NodeLocation]:
        """Returns where nodes and commits lie; of a commit of an earlier version, it is not known."""
        ...
