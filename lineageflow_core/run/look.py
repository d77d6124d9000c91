"""Reading a dataset at a commit, without telling anyone: a session tells of what it reads."""

from collections.abc import Iterable, Sequence

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.objects import ObjectEntry, Snapshot
from lineageflow_core.model.page import every
from lineageflow_core.run.results import Reading


def look(
    catalog: Catalog,
    repository: str,
    commit: CommitId,
    dataset: str,
    *,
    partitions: Sequence[str] | None = None,
) -> Reading:
    """Returns a dataset, or some of its partitions, as it is at a commit. Raises ObjectNotFoundError."""
    snapshots = _snapshots(catalog, repository, commit, dataset, partitions)
    objects = tuple(
        entry for found in snapshots for entry in _objects(catalog, repository, commit, path_of(found))
    )
    return Reading(repository, commit, snapshots, objects, catalog)


def path_of(snapshot: Snapshot) -> str:
    """Returns the path of the dataset or partition that a snapshot is of."""
    return f"{snapshot.dataset}/{snapshot.partition}" if snapshot.partition else snapshot.dataset


def _snapshots(
    catalog: Catalog, repository: str, commit: CommitId, dataset: str, partitions: Sequence[str] | None
) -> tuple[Snapshot, ...]:
    objects = catalog.objects
    if partitions is not None:
        return tuple(
            objects.get_snapshot(repository, commit, f"{dataset}/{partition}") for partition in partitions
        )
    pages = every(
        lambda after, limit: objects.list_snapshots(repository, commit, dataset, after=after, limit=limit)
    )
    return tuple(pages)


def _objects(catalog: Catalog, repository: str, commit: CommitId, path: str) -> Iterable[ObjectEntry]:
    return every(
        lambda after, limit: catalog.objects.list_objects(
            repository, commit, path=path, after=after, limit=limit
        )
    )
