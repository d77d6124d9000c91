"""What of a run's outputs its target has, now that the run is published. Only that is materialized.

A publication that raised no conflict brought all that the run wrote. But somebody may have decided a conflict
against the run, and files that were put one by one are merged with those of others.
"""

import dagster as dg

from lineageflow_core import Catalog
from lineageflow_core.errors import ObjectNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.run import Transaction
from lineageflow_dagster.naming import dataset_path, path_segment


class Landing:
    """A publication, and what the target has since. `catalog` and `repository` are the lake's."""

    def __init__(self, catalog: Catalog, repository: str, transaction: Transaction) -> None:
        self._catalog = catalog
        self._repository = repository
        self._head = self._resolved(transaction.tip)
        self.commit = self._resolved(transaction.published or transaction.into)
        """The one by which the run was published; of one that wrote nothing new, what the target has."""

    def version(self, asset: dg.AssetKey, partition: str | None, written: str) -> str | None:
        """Returns the snapshot that the target has of what a run wrote at a snapshot.

        It is another one where what others wrote was merged with it. None: nothing of it came to the target.
        """
        if self._head.root == self.commit.root:
            return written
        dataset = dataset_path(asset.path)
        paths = [f"{dataset}/{path_segment(partition)}", dataset] if partition else [dataset]
        # A partition that a step writes as files of its own naming is the whole dataset to the lake.
        path = next((each for each in paths if self._snapshot(self._head, each) == written), paths[0])
        now = self._snapshot(self.commit, path)
        return now if now == written or self._brought(path, now) else None

    def _brought(self, path: str, now: SnapshotId | None) -> bool:
        """Tells whether it was the publication that made a path what it is at the target."""
        if self.commit.parents[1:] != (self._head.id,):  # somebody merged the run before
            return False
        return now != self._snapshot(self._resolved(self.commit.parents[0]), path)

    def _snapshot(self, commit: Commit, path: str) -> SnapshotId | None:
        try:
            return self._catalog.objects.get_snapshot(self._repository, commit.id, path).snapshot
        except ObjectNotFoundError:
            return None

    def _resolved(self, ref: str) -> Commit:
        return self._catalog.refs.resolve(self._repository, ref)
