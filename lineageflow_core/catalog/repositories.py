"""Operations on the repositories of a lake."""

from typing import Protocol

from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.repository import DeletionPreview, RepositoryInfo, RepositoryPurge
from lineageflow_core.model.storage import StorageReport


class Repositories(Protocol):
    """Which repositories there are."""

    def create_repository(
        self,
        repository: str,
        *,
        author: str,
        default_branch: str = "main",
        storage: str | None = None,
        key: str | None = None,
    ) -> RepositoryInfo:
        """Makes a repository whose default branch holds one empty commit.

        `storage` is where its content is to lie, as `s3://bucket/folder`: in a folder of its own below that,
        named by the repository's id. None: where the lake keeps what names none. Raises AlreadyExistsError if
        the name is taken, InvalidInputError if it cannot be a name or the URL cannot be used or holds a
        secret, AccessDeniedError if a server may not use this storage, AccessDeniedError or StorageError if
        the storage does not take the first commit.
        """
        ...

    def get_repository(self, repository: str) -> RepositoryInfo:
        """Returns a repository. Raises RepositoryNotFoundError.

        Here and wherever a repository is named: a name that it had before will do, unless another repository
        has taken it since. One that is deleted is not found.
        """
        ...

    def list_repositories(
        self, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RepositoryInfo]:
        """Returns repositories by name."""
        ...

    def check_storage(self, repository: str) -> StorageReport:
        """Tries out what a repository's storage lets whoever keeps the lake do, with a probe that it removes.

        Asked of a server, it is the server's access that is tried. Raises RepositoryNotFoundError; what fails
        in the storage is in the report.
        """
        ...

    def list_deleted_repositories(
        self, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RepositoryInfo]:
        """Returns deleted repositories that can be restored, by name."""
        ...

    def rename_repository(
        self, repository: str, name: str, *, author: str, key: str | None = None
    ) -> RepositoryInfo:
        """Gives a repository another name; the old one goes on working until a new repository takes it.

        Its lineage, open runs and plans go along. Raises AlreadyExistsError if the name is taken.
        """
        ...

    def set_default_branch(
        self, repository: str, branch: str, *, author: str, key: str | None = None
    ) -> RepositoryInfo:
        """Makes a branch the one that is meant where none is named. Raises RefNotFoundError."""
        ...

    def preview_deletion(self, repository: str) -> DeletionPreview:
        """Returns what deleting a repository would hide, and what was derived from it elsewhere."""
        ...

    def delete_repository(self, repository: str, *, author: str, key: str | None = None) -> RepositoryInfo:
        """Hides a repository: nothing reads it or writes to it. It can be restored for seven days.

        Its name is taken until then.
        """
        ...

    def restore_repository(self, repository: str, *, author: str, key: str | None = None) -> RepositoryInfo:
        """Brings a deleted repository back as it was. Raises RepositoryNotFoundError, StateError."""
        ...

    def preview_purge(self, repository: str) -> RepositoryPurge:
        """Returns what `purge_repository` would delete, and changes nothing. Raises as that does."""
        ...

    def purge_repository(self, repository: str, *, author: str) -> RepositoryPurge:
        """Deletes a deleted repository for good: its content, and all that is known of it but lineage.

        Its name is free then, and nothing brings it back. One that was interrupted goes on when it is called
        again. Raises StateError if the repository is not deleted, or not for as long as it can be restored;
        RepositoryNotFoundError, also once it is purged.
        """
        ...
