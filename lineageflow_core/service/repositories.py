"""Making and finding repositories.

Invariant: the row that gives a repository its name is written last, so that a repository that can be found
has its default branch, whenever the process that made it died.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import NAMESPACE_URL, uuid4, uuid5

from lineageflow_core.errors import AlreadyExistsError, ConflictError, StateError
from lineageflow_core.model.commit import make_commit
from lineageflow_core.model.names import check_ref_name, check_repository_name
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.repository import (
    KEPT,
    DeletionPreview,
    RepositoryChange,
    RepositoryInfo,
    RepositoryPurge,
)
from lineageflow_core.model.storage import StorageReport, parse_storage
from lineageflow_core.service.deletion import check_purgeable, preview_deletion, preview_purge
from lineageflow_core.service.opened import Lake, OpenRepository, repository_deleted
from lineageflow_core.store.ports import CommitChanges, RefUpdate
from lineageflow_core.tree.root import EMPTY_ROOT


class RepositoriesService:
    """Implements `catalog.Repositories` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def create_repository(
        self,
        repository: str,
        *,
        author: str,
        default_branch: str = "main",
        storage: str | None = None,
        key: str | None = None,
    ) -> RepositoryInfo:
        info = RepositoryInfo(
            id=(uuid5(NAMESPACE_URL, f"lineageflow:{repository}:{key}") if key else uuid4()).hex,
            name=check_repository_name(repository),
            default_branch=check_ref_name(default_branch),
            created_at=self._lake.clock(),
            storage=str(parse_storage(storage)) if storage is not None else None,
        )
        store = self._lake.stores.repositories
        there = store.get(repository)
        if there is None:
            self._first_commit(OpenRepository(self._lake, info), author)
            try:
                store.add(info)
            except AlreadyExistsError:
                there = store.get(repository)
        if there is not None and there.deleted_at is not None:
            raise AlreadyExistsError(
                f"repository {repository!r} is deleted, and its name is kept until "
                f"{there.deleted_at + KEPT:%Y-%m-%d}: `lineageflow repo restore {repository}` brings it "
                "back; else choose another name",
                repository=repository,
            )
        if there is not None and there.id != info.id:
            raise AlreadyExistsError(
                f"repository {repository!r} exists; choose another name, or use it as it is",
                repository=repository,
            )
        return there or info

    def get_repository(self, repository: str) -> RepositoryInfo:
        return self._lake.repository(repository).info

    def list_repositories(
        self, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RepositoryInfo]:
        return self._lake.stores.repositories.list(after=after, limit=limit)

    def check_storage(self, repository: str) -> StorageReport:
        return self._lake.repository(repository).content.check()

    def list_deleted_repositories(
        self, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RepositoryInfo]:
        return self._lake.stores.repositories.list(after=after, limit=limit, deleted=True)

    def rename_repository(
        self, repository: str, name: str, *, author: str, key: str | None = None
    ) -> RepositoryInfo:
        check_repository_name(name)
        return self._change(
            repository, "rename_repository", author, key, lambda info: replace(_kept(info), name=name)
        )

    def set_default_branch(
        self, repository: str, branch: str, *, author: str, key: str | None = None
    ) -> RepositoryInfo:
        return self._change(
            repository,
            "set_default_branch",
            author,
            key,
            lambda info: replace(_kept(info), default_branch=branch),
            branch=RefName(kind=RefKind.BRANCH, name=check_ref_name(branch)),
        )

    def preview_deletion(self, repository: str) -> DeletionPreview:
        return preview_deletion(self._lake.repository(repository))

    def delete_repository(self, repository: str, *, author: str, key: str | None = None) -> RepositoryInfo:
        return self._change(
            repository,
            "delete_repository",
            author,
            key,
            lambda info: replace(_kept(info), deleted_at=self._lake.clock()),
        )

    def restore_repository(self, repository: str, *, author: str, key: str | None = None) -> RepositoryInfo:
        def restored(info: RepositoryInfo) -> RepositoryInfo:
            if info.deleted_at is None:
                raise StateError(f"repository {repository!r} is not deleted: there is nothing to restore")
            if info.purged_at is not None:
                raise StateError(
                    f"repository {repository!r} is being deleted for good since {info.purged_at:%Y-%m-%d}; "
                    f"`lineageflow repo purge {repository}` finishes that, and frees its name"
                )
            return replace(info, deleted_at=None)

        return self._change(repository, "restore_repository", author, key, restored)

    def preview_purge(self, repository: str) -> RepositoryPurge:
        opened = self._lake.even_deleted(repository)
        check_purgeable(opened.info, self._lake.clock())
        return preview_purge(opened)

    def purge_repository(self, repository: str, *, author: str) -> RepositoryPurge:
        def purged(info: RepositoryInfo) -> RepositoryInfo:
            now = self._lake.clock()
            check_purgeable(info, now)
            return info if info.purged_at is not None else replace(info, purged_at=now)

        # First of all nobody can restore it any more: then what is half gone is seen by nobody.
        self._change(repository, "purge_repository", author, None, purged)
        opened = self._lake.even_deleted(repository)
        found = preview_purge(opened)
        opened.content.trash.erase()
        self._lake.stores.repositories.purge(opened.info.id)
        return found

    def _change(
        self,
        repository: str,
        operation: str,
        author: str,
        key: str | None,
        changed: Callable[[RepositoryInfo], RepositoryInfo],
        *,
        branch: RefName | None = None,
    ) -> RepositoryInfo:
        """Changes what the lake knows of a repository, and sees that `branch` is there meanwhile."""
        while True:
            opened = self._lake.even_deleted(repository)
            if done := opened.published(key, operation, branch):
                return done.repository.after if done.repository else opened.info
            change = RepositoryChange(before=opened.info, after=changed(opened.info))
            tip = opened.ref(branch).id if branch else None
            if change.before == change.after and key is None:
                return opened.info
            updates = [RefUpdate(ref=branch, expected=tip, new=tip)] if branch else []
            try:
                opened.publish(operation, key=key, actor=author, updates=updates, repository=change)
            except ConflictError:
                continue  # somebody else changed it, or the branch moved, between the two looks
            return change.after

    def _first_commit(self, opened: OpenRepository, author: str) -> None:
        commit = make_commit(
            parents=(),
            root=EMPTY_ROOT,
            author=author,
            message="create repository",
            created_at=opened.info.created_at,
        )
        branch = RefName(kind=RefKind.BRANCH, name=opened.info.default_branch)
        opened.publish(
            "create_repository",
            key="create_repository",
            actor=author,
            updates=[RefUpdate(ref=branch, expected=None, new=commit.id)],
            commits=[commit],
            changes=[CommitChanges(commit=commit.id, datasets=())],
        )


def _kept(info: RepositoryInfo) -> RepositoryInfo:
    """Returns a repository that is not deleted. Raises RepositoryNotFoundError."""
    if info.deleted_at is not None:
        raise repository_deleted(info)
    return info
