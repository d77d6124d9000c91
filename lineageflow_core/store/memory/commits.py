"""Commits and the whereabouts of tree nodes, in memory."""

from collections.abc import Sequence

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.commit_filter import CommitFilter
from lineageflow_core.model.ids import CommitId, SnapshotId, parse_object_id
from lineageflow_core.model.names import is_under
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.ports import CommitLink, CommitPlace, NodeLocation


class MemoryCommitStore:
    """A `CommitStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, repository: str, commit: CommitId) -> Commit | None:
        return self.get_many(repository, [commit]).get(commit)

    def get_many(self, repository: str, commits: Sequence[CommitId]) -> dict[CommitId, Commit]:
        for commit in commits:
            parse_object_id(commit)
        with self._state.lock:
            found = {commit: self._state.commits.get((repository, commit)) for commit in commits}
        return {commit: value for commit, value in found.items() if value is not None}

    def find(self, repository: str, prefix: str, *, limit: int) -> list[CommitId]:
        with self._state.lock:
            found = [
                commit
                for owner, commit in self._state.commits
                if owner == repository and commit.startswith(prefix)
            ]
        return sorted(found)[:limit]

    def ancestors(
        self, repository: str, commits: Sequence[CommitId], *, down_to: int
    ) -> Sequence[CommitLink]:
        found: dict[CommitId, CommitLink] = {}
        pending = list(commits)
        with self._state.lock:
            while pending:
                commit = self._state.commits.get((repository, pending.pop()))
                if commit is None or commit.id in found or commit.generation < down_to:
                    continue
                found[commit.id] = CommitLink(
                    commit.id, commit.parents, commit.generation, bool(commit.replaced)
                )
                pending += commit.parents
        return list(found.values())

    def candidates(
        self, repository: str, wanted: CommitFilter, *, after: CommitPlace | None, limit: int
    ) -> list[CommitPlace]:
        with self._state.lock:
            places = [
                CommitPlace(commit.generation, commit.id)
                for (owner, _), commit in self._state.commits.items()
                if owner == repository
                and wanted.admits(commit)
                and (not wanted.path or self._may_touch(repository, commit.id, wanted.path))
            ]
        behind = (place for place in places if after is None or place < after)
        return sorted(behind, reverse=True)[:limit]

    def snapshots_after(
        self, repository: str, dataset: str, commits: Sequence[CommitId]
    ) -> dict[CommitId, SnapshotId | None]:
        with self._state.lock:
            recorded = [self._state.changes.get((repository, commit)) for commit in commits]
        return {
            changes.commit: change.after
            for changes in recorded
            if changes is not None
            for change in changes.datasets
            if change.path == dataset
        }

    def _may_touch(self, repository: str, commit: CommitId, path: str) -> bool:
        changes = self._state.changes.get((repository, commit))
        return changes is None or any(
            is_under(change.path, path) or is_under(path, change.path) for change in changes.datasets
        )

    def locate(self, repository: str, node_ids: Sequence[bytes]) -> dict[bytes, NodeLocation]:
        with self._state.lock:
            found = {node_id: self._state.nodes.get((repository, node_id)) for node_id in node_ids}
        return {node_id: node for node_id, node in found.items() if node is not None}
