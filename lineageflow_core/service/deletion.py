"""What would be missed if a repository were deleted, and what goes if it is deleted for good."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from lineageflow_core.errors import StateError
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.page import MAX_LIMIT, Page
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.repository import KEPT, DeletionPreview, RepositoryInfo, RepositoryPurge
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


def check_purgeable(info: RepositoryInfo, now: datetime) -> None:
    """Raises StateError unless a repository is deleted for as long as it can be restored."""
    if info.deleted_at is None:
        raise StateError(
            f"repository {info.name!r} is not deleted, so it is not deleted for good; "
            f"`lineageflow repo delete {info.name}` comes first"
        )
    if info.purged_at is None and now < info.deleted_at + KEPT:
        raise StateError(
            f"repository {info.name!r} can be restored until {info.deleted_at + KEPT:%Y-%m-%d %H:%M} UTC, "
            f"and is not deleted for good before; `lineageflow repo restore {info.name}` brings it back"
        )


def preview_purge(opened: OpenRepository) -> RepositoryPurge:
    """Returns what of a repository's content is deleted with it."""
    trash = opened.content.trash
    objects = [each.size for each in trash.list_stored(ContentKind.OBJECT)]
    packs = [each.size for each in trash.list_stored(ContentKind.PACK)]
    trashed = [each.size for each in trash.list()]
    return RepositoryPurge(
        repository=opened.info,
        objects=len(objects),
        packs=len(packs),
        trash=len(trashed),
        size=sum((*objects, *packs, *trashed)),
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
