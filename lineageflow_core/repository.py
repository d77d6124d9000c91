"""A repository as people use it: short calls over a `Catalog`, embedded or remote.

It only delegates: what it can do, the catalog's operations can.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lineageflow_core.branch import Branch, MergePolicy
from lineageflow_core.catalog import Catalog
from lineageflow_core.dataset import Dataset
from lineageflow_core.errors import AlreadyExistsError, InvalidInputError, RefNotFoundError
from lineageflow_core.html import MAX_ROWS, repository_page
from lineageflow_core.imports import import_objects
from lineageflow_core.listings import Commits, Differences
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.merge import Pick, Side
from lineageflow_core.model.refs import Ref
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.model.transfer import Import, ImportMode
from lineageflow_core.scope import Scope
from lineageflow_core.stage import Stage
from lineageflow_core.transaction import Transaction
from lineageflow_core.uploads import AnySource
from lineageflow_core.writing import DirectWriting

if TYPE_CHECKING:
    from lineageflow_core.frames import Data


class Repository:
    """One repository of a lake.

    `author` is who its commits are by. `ref` and `branch` default to what the current run sees and writes,
    and outside of runs to the default branch, throughout.

    >>> repo = connect("./lake").repository("sales", author="ada")
    >>> repo.write("orders", frame)
    >>> repo.dataset("orders").pandas(where="amount > 100")
    """

    def __init__(self, catalog: Catalog, name: str, *, author: str = "lineageflow") -> None:
        self.catalog = catalog
        self.name = name
        self.author = author
        self._scope = Scope(catalog, name, author)

    def __repr__(self) -> str:
        return repr(self._scope)

    def _repr_html_(self) -> str:
        ref = self._scope.ref()
        items = self._scope.items(self.catalog.objects.list_folder, ref, path="", most=MAX_ROWS + 1)
        return repository_page(self.name, items, self.head(ref))

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

    # Refs

    def head(self, ref: str | None = None) -> Commit:
        """Returns the commit that `ref` names now."""
        return self.catalog.refs.resolve(self.name, self._scope.ref(ref))

    def on(self, branch: str) -> Branch:
        """Returns a branch that is there, to read it and write to it."""
        return Branch(self._scope, branch)

    def branch(self, name: str, *, base: str | None = None, merge: MergePolicy = "never") -> Branch:
        """Makes a branch at the ref `base`; as a block, with `merge="on_success"`, it merges back.

        >>> with repo.branch("cleanup", base="main", merge="on_success") as b:
        ...     b.write("orders", cleaned)

        It is merged into `base`, if that is a branch, else into the default one. Raises AlreadyExistsError;
        `on` gives a branch that is there.
        """
        start = base or self._scope.default_branch
        into = start if merge == "on_success" and self._is_branch(start) else None
        branch = Branch(self._scope, name, into=into, merge=merge)
        self.catalog.refs.create_branch(self.name, name, source=start, author=self.author)
        return branch

    def tag(self, name: str, *, source: str | None = None) -> Ref:
        """Makes a tag at `source`."""
        start = source or self._scope.default_branch
        return self.catalog.refs.create_tag(self.name, name, source=start, author=self.author)

    # Reading

    def dataset(self, path: str, *, ref: str | None = None, allow_quarantined: bool = False) -> Dataset:
        """Returns a dataset as it is at `ref`. Nothing is read yet.

        With `allow_quarantined`, its data is given even where readers are kept from it.
        """
        return Dataset(self._scope, path, ref=ref, allow_quarantined=allow_quarantined)

    def datasets(self, path: str = "", *, ref: str | None = None) -> list[Dataset]:
        """Returns the datasets at or below `path`, by path."""
        found = self._scope.items(
            self.catalog.objects.list_datasets, self._scope.ref(ref), path=path, most=None
        )
        return [Dataset(self._scope, each.path, ref=ref) for each in found]

    def open(self, path: str, *, ref: str | None = None, allow_quarantined: bool = False) -> BinaryIO:
        """Opens the object at `path` for reading.

        Warns of a quarantined version. Raises ObjectNotFoundError, IntegrityError; and, where the repository
        keeps readers from such versions and `allow_quarantined` is not said, QuarantinedVersionError.
        """
        return self._scope.open(path, ref=ref, allow_quarantined=allow_quarantined)

    def read_bytes(self, path: str, *, ref: str | None = None, allow_quarantined: bool = False) -> bytes:
        """Returns the bytes of the object at `path`; see `open`."""
        with self.open(path, ref=ref, allow_quarantined=allow_quarantined) as stream:
            return stream.read()

    def log(self, path: str = "", *, ref: str | None = None, limit: int = 20) -> Commits:
        """Returns the last commits, newest first; with `path`, those that changed it.

        `ref` may be a range: `main..topic` is what `topic` has and `main` has not.
        """
        log = self.catalog.history.log
        return Commits(self._scope.items(log, self._scope.ref(ref), path=path, most=limit))

    def diff(self, left: str, right: str | None = None, *, path: str = "") -> Differences:
        """Returns what differs at or below `path` from the ref `left` to `right`."""
        return Differences.between(self._scope, left, self._scope.ref(right), path=path)

    # Writing

    @property
    def stage(self) -> Stage:
        """What you have staged on the default branch, and the verbs that stage.

        >>> repo.stage.write("orders", frame)
        >>> repo.stage.commit("orders of May")
        """
        return self.on(self._scope.default_branch).stage

    def transaction(self, message: str, *, branch: str | None = None) -> Transaction:
        """Returns a block whose writes are one commit.

        >>> with repo.transaction("orders and customers") as tx:
        ...     tx.write("orders", orders)
        ...     tx.write("customers", customers)
        """
        return Transaction(self._scope, branch, message)

    def write(
        self,
        path: str,
        data: "Data",
        *,
        partition: str | None = None,
        message: str | None = None,
        branch: str | None = None,
    ) -> Commit:
        """Writes a dataset, or one partition of it, as one thing and one commit: what was there is gone.

        `data` is a table of pandas, polars, Arrow or DuckDB, bytes, text (str), a local file or folder
        (Path), or files by relative path. A table becomes the format that `path` ends in (.parquet, .csv,
        .arrow), else one Parquet file in the folder `path`.

        >>> repo.write("orders", frame, partition="2026-05", message="May")
        """
        return self._to(branch).write(path, data, partition=partition, message=message)

    def put(
        self,
        path: str,
        source: AnySource | Mapping[str, AnySource],
        *,
        message: str | None = None,
        branch: str | None = None,
        dataset: str | None = None,
    ) -> Commit:
        """Adds or edits one object, or several below `path` (by relative path), as one commit."""
        return self._to(branch).put(path, source, dataset=dataset, message=message)

    def replace(
        self,
        path: str,
        source: AnySource | Mapping[str, AnySource],
        *,
        message: str | None = None,
        branch: str | None = None,
        dataset: str | None = None,
    ) -> Commit:
        """Writes a dataset, or with `dataset` one of its partitions, as one thing, as one commit."""
        return self._to(branch).replace(path, source, dataset=dataset, message=message)

    def delete(self, path: str, *, message: str | None = None, branch: str | None = None) -> Commit:
        """Removes the object, dataset, partition or folder at `path`, as one commit."""
        return self._to(branch).delete(path, message=message)

    def move(
        self,
        path: str,
        target: str,
        *,
        message: str | None = None,
        branch: str | None = None,
        dataset: str | None = None,
    ) -> Commit:
        """Moves what is at `path` to `target`, where nothing may be, as one commit. No bytes are copied."""
        return self._to(branch).move(path, target, dataset=dataset, message=message)

    def merge(
        self,
        source: str,
        *,
        into: str | None = None,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        message: str | None = None,
    ) -> Commit:
        """Merges `source` into a branch. Raises MergeConflictError, StaleReadError."""
        target = into or self._scope.default_branch
        return self.catalog.merging.merge(
            self.name,
            source,
            into=target,
            author=self.author,
            picks=picks,
            strategy=strategy,
            message=message,
        )

    def cherry_pick(self, *refs: str, branch: str | None = None) -> Commit:
        """Does on a branch what these commits, or ranges `a..b`, did elsewhere. Raises MergeConflictError."""
        target = branch or self._scope.default_branch
        return self.catalog.merging.cherry_pick(self.name, refs, branch=target, author=self.author)

    def revert(self, *refs: str, branch: str | None = None) -> Commit:
        """Undoes these commits, or ranges `a..b`; later work stays. Raises MergeConflictError."""
        target = branch or self._scope.default_branch
        return self.catalog.merging.revert(self.name, refs, branch=target, author=self.author)

    def reset(self, to: str, *, path: str = "", branch: str | None = None) -> Commit:
        """Makes a branch, or a path of it, what it is at `to`, as a new commit."""
        target = branch or self._scope.default_branch
        return self.catalog.merging.reset(self.name, target, to=to, path=path, author=self.author)

    def import_from(
        self,
        source: str | Path,
        path: str,
        *,
        mode: ImportMode = ImportMode.REFERENCE,
        partition_depth: int = 0,
        branch: str | None = None,
        progress: Callable[[Import], None] | None = None,
    ) -> Import:
        """Makes the dataset at `path` what lies in a bucket or folder, without copying it (`imports`)."""
        return import_objects(
            self.catalog, self.name, source, path, branch=branch or self._scope.default_branch,
            author=self.author, mode=mode, partition_depth=partition_depth, progress=progress,
        )  # fmt: skip

    def _to(self, branch: str | None) -> DirectWriting:
        return DirectWriting(self._scope, branch)

    def _is_branch(self, ref: str) -> bool:
        try:
            self.catalog.refs.get_ref(self.name, ref)
        except (RefNotFoundError, InvalidInputError):
            return False
        return True
