"""What a publication relies on is there, and stays: the writer's half of a safe collection.

A writer remembers which collection was the last, then looks whether anything that it makes reachable has a
row among what collections took; it takes those rows away, brings the things back out of the trash, and only
then publishes, on the condition that no other collection has begun. `collection.py` has the whole argument.
"""

from collections.abc import Mapping, Sequence

from lineageflow_core.errors import ObjectCollectedError
from lineageflow_core.model.collection import Collected, CollectedState, ContentKind
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, ObjectId
from lineageflow_core.service.batches import in_batches
from lineageflow_core.store.ports import ContentStore, RefUpdate, Stores
from lineageflow_core.store.refusals import object_collected, tree_collected
from lineageflow_core.tree.compare import changed_datasets, changed_objects
from lineageflow_core.tree.root import EMPTY_ROOT
from lineageflow_core.tree.source import NodeBuffer, NodeSource
from lineageflow_core.tree.walk import walk

_AT_ONCE = 10_000


class Wholeness:
    """Sees to it that what becomes reachable is there."""

    def __init__(self, stores: Stores, repository: str, content: ContentStore, nodes: NodeSource) -> None:
        self._stores = stores
        self._repository = repository
        self._content = content
        self._nodes = nodes

    def secure(
        self,
        updates: Sequence[tuple[RefUpdate, Commit | None, Commit]],
        commits: Sequence[Commit],
        nodes: Mapping[bytes, bytes],
    ) -> list[Commit]:
        """Takes what moves make reachable away from all collections that have begun.

        A move comes with a commit that is reachable as long as it can be made, if there is one, and with the
        one that it makes reachable. Returns those of the commits that are in no pack, and that the
        publication is to bring: those that are new, and those whose packs are gone. Raises
        ObjectCollectedError if something of what they hold is gone.
        """
        states = tuple(CollectedState)
        if not self._stores.collections.list(self._repository, states=states, after=None, limit=1).items:
            return []
        buffer = NodeBuffer(self._nodes)
        buffer.new.update(nodes)
        done: set[str] = {EMPTY_ROOT}
        for _, before, after in updates:
            base = before.root if before is not None else EMPTY_ROOT
            for commit in (*commits, after):
                if commit.root not in done:
                    done.add(commit.root)
                    self._secure_tree(buffer, base, commit)
        return self._in_no_pack([*commits, *(after for _, _, after in updates)])

    def secure_pack(self, pack_id: str) -> None:
        """Takes a pack that is going to be written away from all collections that have begun."""
        if not self._stores.collections.get(self._repository, [pack_id]):
            return
        there = self._stores.collections.spare(self._repository, [pack_id])
        self._stores.collections.forget(self._repository, list(there.values()))

    def _secure_tree(self, nodes: NodeBuffer, before: str, commit: Commit) -> None:
        objects: set[str] = set()
        try:
            there = set(walk(nodes, bytes.fromhex(before)))
            needed = set(walk(nodes, bytes.fromhex(commit.root), skip=there))
            for _, one, other in changed_datasets(nodes, before, commit.root):
                if other is None:
                    continue
                there = set(walk(nodes, one.id)) if one is not None else set()
                needed.update(walk(nodes, other.id, skip=there))
                for _, _, value in changed_objects(nodes, one, other):
                    if value is not None:
                        objects.add(value.id.hex())
        except ObjectCollectedError:
            raise tree_collected(commit.id) from None
        self._secure_packs([each for each in needed if each not in nodes.new], commit.id)
        self._secure(ContentKind.OBJECT, sorted(objects))

    def _in_no_pack(self, commits: Sequence[Commit]) -> list[Commit]:
        """Returns the commits that are in no pack, and brings back the packs that the others are in."""
        lost: dict[CommitId, Commit] = {}
        for some in in_batches(commits, _AT_ONCE):
            ids = {bytes.fromhex(commit.id): commit for commit in some}
            located = self._stores.commits.locate(self._repository, list(ids))
            gone = self._bring_back({each.pack_id for each in located.values()})
            lost |= {
                commit.id: commit
                for digest, commit in ids.items()
                if digest not in located or located[digest].pack_id in gone
            }
        return list(lost.values())

    def _bring_back(self, pack_ids: set[str]) -> set[str]:
        """Takes packs away from collections; returns those that are gone."""
        had_rows = self._stores.collections.spare(self._repository, pack_ids) if pack_ids else {}
        if not had_rows:
            return set()
        there = self._content.trash.recall(ContentKind.PACK, had_rows)
        self._stores.collections.forget(self._repository, [had_rows[each] for each in there])
        return had_rows.keys() - there

    def _secure_packs(self, node_ids: Sequence[bytes], commit: CommitId) -> None:
        for start in range(0, len(node_ids), _AT_ONCE):
            some = node_ids[start : start + _AT_ONCE]
            while True:
                located = self._stores.commits.locate(self._repository, some)
                packs = {each.pack_id for each in located.values()}
                self._secure(ContentKind.PACK, sorted(packs))
                again = self._stores.commits.locate(self._repository, some)
                if {each.pack_id for each in again.values()} <= packs:
                    break  # else a collection or another writer moved nodes to another pack
            if len(again) < len(some):
                raise tree_collected(commit)

    def _secure(self, kind: ContentKind, ids: Sequence[str]) -> None:
        had_rows: dict[str, Collected] = {}
        for start in range(0, len(ids), _AT_ONCE):
            had_rows |= self._stores.collections.spare(self._repository, ids[start : start + _AT_ONCE])
        if not had_rows:
            return
        there = self._content.trash.recall(kind, had_rows)
        gone = had_rows.keys() - there
        if gone:
            raise object_collected(ObjectId(min(gone)), had_rows[min(gone)], count=len(gone))
        self._stores.collections.forget(self._repository, list(had_rows.values()))
