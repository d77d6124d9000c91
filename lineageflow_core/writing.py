"""The verbs that change data, the same on a repository, a branch and in a transaction."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.frames import files_of
from lineageflow_core.model.change import Change, delete, move, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.scope import Scope
from lineageflow_core.uploads import AnySource, upload_sources

if TYPE_CHECKING:
    from lineageflow_core.frames import Data

Result = TypeVar("Result")
"""What a verb returns: the commit, or None where there is none yet."""


class Writing(ABC, Generic[Result]):
    """Has the verbs; `_apply` says what becomes of the changes."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @abstractmethod
    def _apply(self, changes: Sequence[Change], message: str) -> Result: ...

    def write(
        self, path: str, data: "Data", *, partition: str | None = None, message: str | None = None
    ) -> Result:
        """Writes a dataset, or one partition of it, as one thing: what was there before is gone.

        `data` is a table of pandas, polars, Arrow or DuckDB, bytes, text (str), a local file or folder
        (Path), or files by relative path. A table becomes the format that `path` ends in (.parquet, .csv,
        .arrow), else one Parquet file in the folder `path`.

        >>> repo.write("orders", frame, partition="2026-05", message="May")

        Raises InvalidInputError for what is no data, or fits no dataset at `path`.
        """
        change = change_of(self._scope, path, data, partition=partition)
        return self._apply([change], message or f"write {change.path}")

    def put(
        self,
        path: str,
        source: AnySource | Mapping[str, AnySource],
        *,
        dataset: str | None = None,
        message: str | None = None,
    ) -> Result:
        """Adds or edits one object, or several below `path` (by relative path); the rest stays."""
        return self._apply([put(path, self._upload(source), dataset=dataset)], message or f"put {path}")

    def replace(
        self,
        path: str,
        source: AnySource | Mapping[str, AnySource],
        *,
        dataset: str | None = None,
        message: str | None = None,
    ) -> Result:
        """Writes a dataset, or with `dataset` one of its partitions, as one thing, from files.

        Raises InvalidInputError where there are none.
        """
        change = replace(path, _some(path, self._upload(source)), dataset=dataset)
        return self._apply([change], message or f"replace {path}")

    def delete(self, path: str, *, message: str | None = None) -> Result:
        """Removes the object, dataset, partition or folder at `path`. Raises ObjectNotFoundError."""
        return self._apply([delete(path)], message or f"delete {path}")

    def move(
        self, path: str, target: str, *, dataset: str | None = None, message: str | None = None
    ) -> Result:
        """Moves what is at `path` to `target`, where nothing may be. Its content, so its version, stays.

        What leaves its dataset joins the one that `target` lies in, else becomes one: `dataset`, or `target`.
        Raises ObjectNotFoundError, AlreadyExistsError.
        """
        change = move(path, target, dataset=dataset)
        return self._apply([change], message or f"move {path} to {target}")

    def _upload(self, source: AnySource | Mapping[str, AnySource]) -> list[ObjectEntry]:
        files = source if isinstance(source, Mapping) else {"": source}
        return upload_sources(self._scope.catalog, self._scope.repository, files)


class DirectWriting(Writing[Commit]):
    """Every call is a commit: on a branch, or on the one that the scope says."""

    def __init__(self, scope: Scope, branch: str | None = None) -> None:
        super().__init__(scope)
        self._branch = branch

    def _apply(self, changes: Sequence[Change], message: str) -> Commit:
        return self._scope.commit(self._branch, changes, message)


def change_of(scope: Scope, path: str, data: "Data", *, partition: str | None = None) -> Change:
    """Uploads `data`, and returns the change that makes it the dataset, or the partition, at `path`."""
    whole = f"{path}/{partition}" if partition else path
    with files_of(data, whole) as files:
        entries = upload_sources(scope.catalog, scope.repository, files)
    return replace(whole, _some(whole, entries), dataset=path if partition else None)


def _some(path: str, entries: list[ObjectEntry]) -> list[ObjectEntry]:
    """Returns the entries that are to be all there is at `path`: none would remove it unasked."""
    if not entries:
        raise InvalidInputError(f"there are no files to write to {path!r}; `delete` removes what is there")
    return entries
