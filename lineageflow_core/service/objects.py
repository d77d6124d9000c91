"""Looking into a commit."""

from collections.abc import Iterator

from lineageflow_core.errors import ObjectNotFoundError
from lineageflow_core.model.names import check_folder, check_path
from lineageflow_core.model.objects import Dataset, Item, ObjectEntry, Snapshot
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.paging import page_of
from lineageflow_core.tree.folder import cursor_of, list_items
from lineageflow_core.tree.root import RootTree, relative_to


class ObjectsService:
    """Implements `catalog.Objects` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def get_object(self, repository: str, ref: str, path: str) -> ObjectEntry:
        entry = self._tree(repository, ref).object_at(check_path(path))
        if entry is None:
            raise _nothing(repository, ref, path, "object")
        return entry

    def list_objects(
        self,
        repository: str,
        ref: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[ObjectEntry]:
        tree = self._tree(repository, ref)
        objects = tree.objects(check_folder(path), after=after or "")
        return page_of(objects, limit, lambda entry: entry.path)

    def list_folder(
        self,
        repository: str,
        ref: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Item]:
        tree = self._tree(repository, ref)
        return page_of(list_items(tree, check_folder(path), after=after), limit, cursor_of)

    def list_datasets(
        self,
        repository: str,
        ref: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Dataset]:
        tree = self._tree(repository, ref)
        datasets = tree.datasets(check_folder(path), after=after or "")
        return page_of(datasets, limit, lambda found: found.path)

    def get_dataset(self, repository: str, ref: str, path: str) -> Dataset:
        dataset = self._tree(repository, ref).dataset_at(check_path(path))
        if dataset is None:
            raise _nothing(repository, ref, path, "dataset")
        return dataset

    def get_snapshot(self, repository: str, ref: str, path: str) -> Snapshot:
        path = check_path(path)
        tree = self._tree(repository, ref)
        dataset = tree.dataset_at(path)
        found = tree.snapshot(dataset, relative_to(path, dataset.path)) if dataset else None
        if dataset is None or found is None or not _is_unit(dataset, found.partition):
            raise _nothing(repository, ref, path, "dataset or partition")
        return found

    def list_snapshots(
        self, repository: str, ref: str, dataset: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Snapshot]:
        dataset = check_path(dataset)
        tree = self._tree(repository, ref)
        found = tree.dataset_at(dataset)
        if found is None or found.path != dataset:
            raise _nothing(repository, ref, dataset, "dataset")
        return page_of(_snapshots(tree, found, after or ""), limit, lambda snapshot: snapshot.partition)

    def _tree(self, repository: str, ref: str) -> RootTree:
        return self._lake.repository(repository).tree(ref)


def _is_unit(dataset: Dataset, partition: str) -> bool:
    return not partition or partition.count("/") + 1 == dataset.partition_depth


def _snapshots(tree: RootTree, dataset: Dataset, after: str) -> Iterator[Snapshot]:
    for partition in tree.partitions(dataset, after=after):
        snapshot = tree.snapshot(dataset, partition)
        if snapshot is not None:
            yield snapshot


def _nothing(repository: str, ref: str, path: str, what: str) -> ObjectNotFoundError:
    folder = path.rpartition("/")[0]
    return ObjectNotFoundError(
        f"there is no {what} at {path!r} in {repository!r} at {ref!r}; "
        f"`lineageflow ls lf://{repository}/@{ref}/{folder}` shows what is near it",
        repository=repository,
        ref=ref,
        path=path,
    )
