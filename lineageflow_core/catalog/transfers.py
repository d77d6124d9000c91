"""Operations that bring in what lies in other buckets and folders, without copying it."""

from typing import Protocol

from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.transfer import (
    Import,
    ImportId,
    ImportMode,
    ImportPreview,
    ReferenceReport,
)


class Transfers(Protocol):
    """Imports, and what became of imported objects.

    A source is the URL of a bucket, of a folder in one, or of one object: `s3://`, `gs://`, `az://`,
    `abfs://` or `file://`. It is read where the lake is, with the credentials there; a server only reads
    what its settings allow. Names that cannot be paths are skipped, and told.
    """

    def preview_import(
        self,
        repository: str,
        source: str,
        path: str,
        *,
        partition_depth: int = 0,
        at_most: int = 10_000,
    ) -> ImportPreview:
        """Returns what an import would find, of the first `at_most` objects. Changes nothing."""
        ...

    def start_import(
        self,
        repository: str,
        branch: str,
        source: str,
        path: str,
        *,
        mode: ImportMode = ImportMode.REFERENCE,
        partition_depth: int = 0,
        author: str,
        message: str = "",
    ) -> Import:
        """Notes down that the dataset at `path` is to be what lies at `source`; `continue_import` does it.

        Called again while such an import is running, by whomever, it returns that one: so whoever was
        interrupted goes on by asking for the same. Where something is at `path` already it becomes what the
        source has now, and objects that are the same stay the same. `partition_depth` is how many path
        segments name a partition. Raises InvalidInputError, RefNotFoundError, PathConflictError.
        """
        ...

    def continue_import(self, repository: str, import_id: ImportId, *, seconds: float = 2.0) -> Import:
        """Goes on with an import for about so long, and returns how far it is; the last call commits.

        It is to be called until the state is no longer RUNNING. What a call achieved stays, whatever
        happens to whoever called. Several may call at once; that only costs time. Raises
        ImportNotFoundError, and whatever stands in the way, which the import then tells, too.
        """
        ...

    def get_import(self, repository: str, import_id: ImportId) -> Import:
        """Returns an import as far as it is. Raises ImportNotFoundError."""
        ...

    def list_imports(
        self, repository: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Import]:
        """Lists imports, newest first."""
        ...

    def cancel_import(self, repository: str, import_id: ImportId) -> Import:
        """Gives up an import that is running; nothing was committed. Raises ImportNotFoundError."""
        ...

    def verify_references(
        self,
        repository: str,
        ref: str,
        path: str = "",
        *,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> ReferenceReport:
        """Asks the sources whether imported objects at or below `path` still are what they were.

        Looks at `limit` objects behind `after`, and reads no bytes.
        """
        ...
