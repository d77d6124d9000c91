"""A branch to work on, and the block that merges it when all went well."""

from collections.abc import Mapping
from types import TracebackType
from typing import Literal, TypeAlias, get_args

from lineageflow_core.dataset import Dataset
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.html import MAX_ROWS, repository_page
from lineageflow_core.listings import Commits, Differences
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.merge import Pick, Side
from lineageflow_core.scope import Scope
from lineageflow_core.stage import Stage
from lineageflow_core.transaction import Transaction
from lineageflow_core.writing import DirectWriting

MergePolicy: TypeAlias = Literal["on_success", "never"]
"""What becomes of a branch at the end of its `with` block: merged and removed if nothing raised, or kept."""


class Branch(DirectWriting):
    """One branch of a repository. Nothing is sent before it is used.

    As a block it keeps work in progress apart. An error in the block leaves the branch to be looked at, says
    where it is, and changes nothing elsewhere:

    >>> with repo.branch("cleanup", base="main", merge="on_success") as b:
    ...     b.write("orders", b.dataset("orders").pandas().drop_duplicates())
    """

    def __init__(
        self, scope: Scope, name: str, *, into: str | None = None, merge: MergePolicy = "never"
    ) -> None:
        if merge not in get_args(MergePolicy):
            raise InvalidInputError(f"merge is {merge!r}; write one of {', '.join(get_args(MergePolicy))}")
        super().__init__(scope, name)
        self.name = name
        self._into = into
        self._merge = merge

    def __repr__(self) -> str:
        return f"{self._scope!r}.on({self.name!r})"

    def _repr_html_(self) -> str:
        scope = self._scope
        items = scope.items(scope.catalog.objects.list_folder, self.name, path="", most=MAX_ROWS + 1)
        return repository_page(f"{scope.repository} @{self.name}", items, self.head)

    @property
    def head(self) -> Commit:
        """The branch's tip now. Raises RefNotFoundError."""
        return self._scope.catalog.refs.resolve(self._scope.repository, self.name)

    @property
    def commit(self) -> CommitId:
        """The id of the tip."""
        return self.head.id

    @property
    def address(self) -> str:
        """The branch's place: `lf://sales/@cleanup`."""
        return f"lf://{self._scope.repository}/@{self.name}"

    @property
    def stage(self) -> Stage:
        """What you have staged on this branch, and the verbs that stage."""
        return Stage(self._scope, self.name)

    def dataset(self, path: str) -> Dataset:
        """Returns a dataset as it is on this branch."""
        return Dataset(self._scope, path, ref=self.name)

    def transaction(self, message: str) -> Transaction:
        """Returns a block whose writes are one commit on this branch."""
        return Transaction(self._scope, self.name, message)

    def log(self, path: str = "", *, limit: int = 20) -> Commits:
        """Returns the branch's last commits, newest first; with `path`, those that changed it."""
        scope = self._scope
        return Commits(scope.items(scope.catalog.history.log, self.name, path=path, most=limit))

    def diff(self, other: str, *, path: str = "") -> Differences:
        """Returns what differs at or below `path` from `other` to this branch."""
        return Differences.between(self._scope, other, self.name, path=path)

    def merge(
        self,
        *,
        into: str | None = None,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        message: str | None = None,
    ) -> Commit:
        """Merges this branch into another one, or the default one.

        Raises MergeConflictError, StaleReadError.
        """
        scope = self._scope
        return scope.catalog.merging.merge(
            scope.repository,
            self.name,
            into=into or scope.default_branch,
            author=scope.author,
            picks=picks,
            strategy=strategy,
            message=message,
        )

    def remove(self) -> None:
        """Removes the branch; its commits stay. Raises StateError for the default branch."""
        self._scope.catalog.refs.delete_branch(self._scope.repository, self.name, author=self._scope.author)

    def __enter__(self) -> "Branch":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(
                f"What the block wrote is on branch {self.name!r}, at {self.address}; nothing else changed. "
                f"`lineageflow branch delete {self.name} -R {self._scope.repository}` removes it."
            )
        elif self._merge == "on_success":
            self.merge(into=self._into)
            self.remove()
