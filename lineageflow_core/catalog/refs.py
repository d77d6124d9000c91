"""Operations on branches and tags."""

from typing import Protocol

from lineageflow_core.model.branch import BranchStatus
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.refs import Ref, RefKind
from lineageflow_core.model.tag import Tag


class Refs(Protocol):
    """Names for commits."""

    def resolve(self, repository: str, ref: str) -> Commit:
        """Returns the commit that `ref` names now. Raises RefNotFoundError.

        A name is looked up as branch, then tag, then commit id (8 hex digits or more, if they are unique).
        """
        ...

    def create_branch(
        self, repository: str, branch: str, *, source: str, author: str, key: str | None = None
    ) -> Ref:
        """Makes a branch at the commit that `source` names.

        Raises AlreadyExistsError; also where a tag was called so once: whoever names it means that commit.
        """
        ...

    def delete_branch(self, repository: str, branch: str, *, author: str, key: str | None = None) -> Ref:
        """Removes a branch, with what is staged on it, and returns what it was; its commits stay.

        The default branch cannot be removed (StateError), nor one that is protected (RuleViolatedError).
        """
        ...

    def rename_branch(
        self, repository: str, branch: str, name: str, *, author: str, key: str | None = None
    ) -> Ref:
        """Gives a branch another name, and returns it. What is staged on it, and open runs, go along.

        The default branch stays the default. Raises AlreadyExistsError if a branch or tag has the name, and
        RuleViolatedError if the branch is protected.
        """
        ...

    def restore_branch(self, repository: str, branch: str, *, author: str, key: str | None = None) -> Ref:
        """Brings a deleted branch back where it was, with what was staged on it.

        Raises RefNotFoundError if none of this name was deleted, AlreadyExistsError if the name is taken.
        """
        ...

    def create_tag(
        self,
        repository: str,
        tag: str,
        *,
        source: str,
        author: str,
        message: str = "",
        key: str | None = None,
    ) -> Ref:
        """Makes a tag, which never moves. The message says what it stands for.

        Raises AlreadyExistsError; also where a tag of this name was at another commit once and was deleted:
        a tag's name never means two commits.
        """
        ...

    def delete_tag(self, repository: str, tag: str, *, author: str, key: str | None = None) -> Ref:
        """Removes a tag and returns what it was."""
        ...

    def list_tags(
        self, repository: str, *, prefix: str = "", after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Tag]:
        """Returns tags by name, with who made them and what for."""
        ...

    def get_ref(self, repository: str, name: str, *, kind: RefKind = RefKind.BRANCH) -> Ref:
        """Returns one stored ref. Raises RefNotFoundError."""
        ...

    def list_refs(
        self,
        repository: str,
        *,
        kind: RefKind = RefKind.BRANCH,
        prefix: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Ref]:
        """Returns refs of one kind by name. Runs' branches never stand among people's."""
        ...

    def list_branches(
        self,
        repository: str,
        *,
        prefix: str = "",
        against: str | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[BranchStatus]:
        """Returns branches by name, with how far each is from `against` and what happened on it last.

        `against` is a ref; None is the default branch.
        """
        ...
