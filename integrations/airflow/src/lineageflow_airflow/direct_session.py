"""The session of a try that is in no block: each write is a commit by itself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lineageflow_airflow.bounds import has_branch, make_branch
from lineageflow_airflow.task_session import TaskSession
from lineageflow_core.errors import StateError
from lineageflow_core.model.change import Change, paths_of
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.names import is_under
from lineageflow_core.model.run import Transaction
from lineageflow_core.run import RunSession, Written
from lineageflow_core.run.pins import find_pin
from lineageflow_core.uploads import Source


class DirectSession(TaskSession):
    """Commits each write to a branch by itself, and tells of it at once. What it reads is of one moment.

    A try looks at a repository as it was when it first did, and sees what it wrote itself.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._at: CommitId | None = None
        self._branch: str | None = None
        self._written: dict[str, CommitId] = {}
        """By path, the commit that wrote it last; the last one comes last."""

    @property
    def ref(self) -> str:
        """The branch that is written to."""
        return self._own_branch()

    @property
    def branch_written(self) -> str | None:
        return self._branch if self._written else None

    @property
    def base(self) -> CommitId:
        """The commit that is read where the try has not written."""
        return self._look(None, "")

    @property
    def transaction(self) -> Transaction:
        raise StateError(
            f"{self.sessions.key} is in no block, so each of its writes is a commit by itself; to publish "
            "them as a whole, put the task into `data_branch`, or make it a `@task.lineageflow`"
        )

    @property
    def arguments(self) -> dict[str, Any]:
        _ = self.transaction  # another process would write to a branch that nobody publishes
        raise AssertionError

    def write(self, dataset: str, files: Mapping[str, Source], **rest: Any) -> Written:
        written = super().write(dataset, files, **rest)
        partition = rest.get("partition")
        self._wrote(written.commit, [f"{dataset}/{partition}" if partition else dataset])
        return written

    def _begin(self) -> None:
        self._own_branch()

    def _own_ref(self) -> str:
        if self.bounds.base is not None:
            return self.bounds.base
        if self._branch is None and not has_branch(self.bounds, self.catalog, self.repository):
            return self._default_branch()  # what the branch will be made from
        return self.bounds.into or self._default_branch()

    def _look(self, ref: str | None, path: str) -> CommitId:
        if ref is None and (written := self._own(path)) is not None:
            return written
        found = find_pin(self._pins, path, ref)
        if found is not None:
            return self.catalog.refs.resolve(self.repository, found[1]).id
        if ref is not None:
            return self.catalog.refs.resolve(self.repository, ref).id
        if self._at is None:
            self._at = self.catalog.refs.resolve(self.repository, self._own_ref()).id
        return self._at

    def _own_branch(self) -> str:
        if self.sessions.blocks:
            published = ", ".join(repr(block.repository) for block in self.sessions.blocks)
            raise StateError(
                f"{self.sessions.key} publishes to {published}; to write to {self.repository!r} of "
                f"{self.connection}, name a branch: 'lf://{self.repository}/@<branch>/...'",
                repository=self.repository,
            )
        if self._branch is None:
            make_branch(self.bounds, self.catalog, self.repository, author=self.author)
            self._branch = self.bounds.into or self._default_branch()
        return self._branch

    def _commit(self, branch: str, changes: Sequence[Change], message: str) -> Commit:
        commit = RunSession.commit(self, self.repository, branch, changes, message=message)
        if branch == self._branch:
            self._wrote(commit.id, paths_of(changes))
        else:
            self._tell()
        return commit

    def _wrote(self, commit: CommitId, paths: Iterable[str]) -> None:
        for path in paths:
            self._written.pop(path, None)
            self._written[path] = commit
        self._tell()

    def _tell(self) -> None:
        """Tells of a commit that others see already, and that no crash may leave without lineage."""
        self.report()
        self.work.tell_now()

    def _own(self, path: str) -> CommitId | None:
        """Returns the commit that last wrote something of a path: it, what is in it, or what it is in."""
        newest_first = reversed(list(self._written.items()))
        mine = (at for each, at in newest_first if is_under(path, each) or is_under(each, path))
        return next(mine, None)

    def _default_branch(self) -> str:
        return self.catalog.repositories.get_repository(self.repository).default_branch
