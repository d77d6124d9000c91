"""What would be missed if a repository were deleted."""

from collections.abc import Callable, Iterator
from typing import Any

from lineageflow_core.model.lineage import Version
from lineageflow_core.model.page import MAX_LIMIT, Page
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.repository import DeletionPreview
from lineageflow_core.model.run import TransactionState
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.tree.root import RootTree


def preview_deletion(opened: OpenRepository) -> DeletionPreview:
    """Returns what deleting a repository would hide, and what was derived elsewhere from what it holds."""
    repository, refs = opened.info.id, opened.stores.refs
    versions = list(_versions(opened))

    def number_of(kind: RefKind) -> int:
        return _count(lambda after: refs.list(repository, kind=kind, prefix="", after=after, limit=MAX_LIMIT))

    return DeletionPreview(
        repository=opened.info,
        branches=number_of(RefKind.BRANCH),
        tags=number_of(RefKind.TAG),
        datasets=len({version.name for version in versions}),
        open_runs=_count(
            lambda after: opened.stores.transactions.list(
                repository, state=TransactionState.OPEN, after=after, limit=MAX_LIMIT
            )
        ),
        dependents=_dependents(opened, versions),
    )


def _versions(opened: OpenRepository) -> Iterator[Version]:
    """Yields what each dataset, and each of its partitions, is now on the default branch."""
    namespace = dataset_namespace(opened.info.name)
    tree: RootTree = opened.tree(opened.info.default_branch)
    for dataset in tree.datasets():
        for partition in ("", *(tree.partitions(dataset) if dataset.partition_depth else ())):
            snapshot = tree.snapshot(dataset, partition)
            if snapshot is not None:
                yield Version(
                    namespace=namespace, name=dataset.path, partition=partition, version=snapshot.snapshot
                )


def _dependents(opened: OpenRepository, versions: list[Version]) -> tuple[str, ...]:
    readers = sorted({io.run_id for io in opened.lineage.readers(versions)})
    written = {io.version for io in opened.lineage.writes(readers)}
    ours = dataset_namespace(opened.info.name)
    return tuple(sorted({f"{made.namespace}/{made.name}" for made in written if made.namespace != ours}))


def _count(list_page: Callable[[str | None], Page[Any]]) -> int:
    page = list_page(None)
    count = len(page.items)
    while page.next is not None:
        page = list_page(page.next)
        count += len(page.items)
    return count
