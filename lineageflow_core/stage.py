"""What a person has staged on a branch: the verbs of a branch, waiting for `commit`.

It lies in the lake, so it survives this process, and the command line sees the same.
"""

from collections.abc import Mapping, Sequence

from lineageflow_core.dataset import Dataset
from lineageflow_core.html import differences_page
from lineageflow_core.listings import Differences
from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.draft import Draft, DraftStatus
from lineageflow_core.model.merge import Pick, Side
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import stage_ref
from lineageflow_core.scope import Scope
from lineageflow_core.writing import Writing


class Stage(Writing[Draft]):
    """The staged changes of the repository's author on one branch. Nothing is sent before it is used.

    >>> stage = repo.on("main").stage
    >>> stage.write("orders", frame)
    >>> stage.diff()
    >>> stage.commit("orders of May", metadata={"ticket": "DS-1"})

    A verb's `message` is not used: `commit` takes the one that counts.
    """

    def __init__(self, scope: Scope, branch: str) -> None:
        super().__init__(scope)
        self.branch = branch

    def __repr__(self) -> str:
        return f"{self._scope!r}.on({self.branch!r}).stage"

    def _repr_html_(self) -> str:
        return differences_page(self.diff())

    @property
    def ref(self) -> str:
        """The staged state as a ref, for everything that reads: `stage:main:ada`."""
        return str(stage_ref(self.branch, self._scope.author))

    @property
    def status(self) -> DraftStatus:
        """How much is staged, and how the branch stands to it."""
        scope = self._scope
        return scope.catalog.staging.get_draft(scope.repository, self.branch, author=scope.author)

    def dataset(self, path: str) -> Dataset:
        """Returns a dataset as it is staged. Nothing is read yet."""
        return Dataset(self._scope, path, ref=self.ref)

    def diff(self, path: str = "") -> Differences:
        """Returns the staged changes at or below `path`."""
        scope = self._scope
        return Differences(
            every(
                lambda after, limit: scope.catalog.staging.diff_staged(
                    scope.repository, self.branch, author=scope.author, path=path, after=after, limit=limit
                )
            )
        )

    def discard(self, *paths: str) -> Draft:
        """Takes back what is staged at or below `paths`; without any, everything.

        Raises ObjectNotFoundError where nothing is staged at a path.
        """
        scope = self._scope
        return scope.catalog.staging.discard_staged(
            scope.repository, self.branch, author=scope.author, paths=paths
        )

    def update(self, *, picks: Mapping[str, Pick] = {}, strategy: Side | None = None) -> Draft:
        """Bases what is staged on the branch's tip, after others moved it. Raises MergeConflictError."""
        scope = self._scope
        return scope.catalog.staging.update_draft(
            scope.repository, self.branch, author=scope.author, picks=picks, strategy=strategy
        )

    def commit(
        self,
        message: str,
        *paths: str,
        metadata: Mapping[str, str] = {},
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
    ) -> Commit:
        """Commits what is staged at or below `paths`, or everything; the rest stays staged.

        Raises StateError where nothing is staged, MergeConflictError, RuleViolatedError.
        """
        scope = self._scope
        return scope.catalog.staging.commit_staged(
            scope.repository,
            self.branch,
            author=scope.author,
            message=message,
            metadata=metadata,
            paths=paths,
            picks=picks,
            strategy=strategy,
        )

    def _apply(self, changes: Sequence[Change], message: str) -> Draft:
        scope = self._scope
        return scope.catalog.staging.stage(scope.repository, self.branch, changes, author=scope.author)
