"""A repository as people use it: short calls over a `Catalog`, embedded or remote.

It only delegates: what it can do, the catalog's operations can.
"""

from collections.abc import Mapping
from typing import BinaryIO

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import AlreadyExistsError
from lineageflow_core.model.change import Change, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.merge import Side
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.refs import Ref
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.uploads import Source, upload_sources


class Repository:
    """One repository of a lake.

    `author` is who its commits are by. `ref` and `branch` default to the default branch throughout.
    """

    def __init__(self, catalog: Catalog, name: str, *, author: str = "lineageflow") -> None:
        self.catalog = catalog
        self.name = name
        self.author = author

    def __repr__(self) -> str:
        return f"Repository({self.name!r})"

    @property
    def info(self) -> RepositoryInfo:
        """What the lake knows of it. Raises RepositoryNotFoundError."""
        return self.catalog.repositories.get_repository(self.name)

    def create(self, *, exist_ok: bool = False) -> "Repository":
        """Makes the repository, with a default branch `main`. Raises AlreadyExistsError."""
        try:
            self.catalog.repositories.create_repository(self.name, author=self.author)
        except AlreadyExistsError:
            if not exist_ok:
                raise
        return self

    def head(self, ref: str | None = None) -> Commit:
        """Returns the commit that `ref` names now."""
        return self.catalog.refs.resolve(self.name, ref or self.info.default_branch)

    def branch(self, name: str, *, source: str | None = None) -> Ref:
        """Makes a branch at `source`."""
        start = source or self.info.default_branch
        return self.catalog.refs.create_branch(self.name, name, source=start, author=self.author)

    def tag(self, name: str, *, source: str | None = None) -> Ref:
        """Makes a tag at `source`."""
        start = source or self.info.default_branch
        return self.catalog.refs.create_tag(self.name, name, source=start, author=self.author)

    def open(self, path: str, *, ref: str | None = None) -> BinaryIO:
        """Opens the object at `path` for reading. Raises ObjectNotFoundError, IntegrityError."""
        entry = self.catalog.objects.get_object(self.name, ref or self.info.default_branch, path)
        return self.catalog.content.open(self.name, entry.object_id)

    def read_bytes(self, path: str, *, ref: str | None = None) -> bytes:
        """Returns the bytes of the object at `path`."""
        with self.open(path, ref=ref) as stream:
            return stream.read()

    def put(
        self,
        path: str,
        source: Source | Mapping[str, Source],
        *,
        message: str | None = None,
        branch: str | None = None,
        dataset: str | None = None,
    ) -> Commit:
        """Adds or edits one object, or several below `path` (by relative path), as one commit."""
        change = put(path, self._upload(source), dataset=dataset)
        return self._commit(branch, change, message or f"put {path}")

    def replace(
        self,
        path: str,
        source: Source | Mapping[str, Source],
        *,
        message: str | None = None,
        branch: str | None = None,
        dataset: str | None = None,
    ) -> Commit:
        """Writes a dataset, or with `dataset` one of its partitions, as one thing, as one commit."""
        change = replace(path, self._upload(source), dataset=dataset)
        return self._commit(branch, change, message or f"replace {path}")

    def merge(
        self,
        source: str,
        *,
        into: str | None = None,
        picks: Mapping[str, Side] = {},
        message: str | None = None,
    ) -> Commit:
        """Merges `source` into a branch. Raises MergeConflictError."""
        target = into or self.info.default_branch
        return self.catalog.history.merge(
            self.name, source, into=target, author=self.author, picks=picks, message=message
        )

    def _commit(self, branch: str | None, change: Change, message: str) -> Commit:
        return self.catalog.history.commit(
            self.name, branch or self.info.default_branch, [change], author=self.author, message=message
        )

    def _upload(self, source: Source | Mapping[str, Source]) -> list[ObjectEntry]:
        files = source if isinstance(source, Mapping) else {"": source}
        return upload_sources(self.catalog, self.name, files)
