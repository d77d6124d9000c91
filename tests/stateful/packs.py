"""What can be had from packs alone, when everything else is lost."""

from collections.abc import Mapping, Sequence

from lineageflow_core.model.commit import Commit, decode_commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.store.ports import ContentStore
from lineageflow_core.tree.pack import COMMIT, NODE, read_records
from lineageflow_core.tree.root import RootTree
from lineageflow_core.tree.source import StoredNodes


class FromPacks:
    """Commits and trees, as the packs of a repository have them."""

    def __init__(self, content: ContentStore, sizes: Mapping[str, int]) -> None:
        """`sizes` names the packs, with their sizes in bytes."""
        self.commits: dict[CommitId, Commit] = {}
        self._stored: dict[bytes, bytes] = {}
        self._nodes = StoredNodes(self._read)
        for pack_id, size in sizes.items():
            whole = content.read_pack(pack_id, 0, size)
            for kind, digest, start, length in read_records(whole):
                record = whole[start : start + length]
                if kind == COMMIT:
                    commit = decode_commit(record)
                    self.commits[commit.id] = commit
                elif kind == NODE:
                    self._stored[digest] = record

    def read(self, commit: CommitId) -> list[ObjectEntry]:
        """Returns a commit's objects, read from nothing but packs. Raises KeyError if a node is in none."""
        return list(RootTree(self._nodes, self.commits[commit].root).objects(""))

    def _read(self, node_ids: Sequence[bytes]) -> Mapping[bytes, bytes]:
        return {node_id: self._stored[node_id] for node_id in node_ids}
