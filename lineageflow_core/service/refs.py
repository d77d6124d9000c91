"""Branches and tags."""

from lineageflow_core.errors import AlreadyExistsError, RefMovedError, RefNotFoundError, StateError
from lineageflow_core.model.branch import BranchStatus
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, parse_run_id
from lineageflow_core.model.names import check_ref_name
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.refs import Ref, RefKind, RefName
from lineageflow_core.service.branches import list_branches
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.store.ports import Publication, RefUpdate


class RefsService:
    """Implements `catalog.Refs` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def resolve(self, repository: str, ref: str) -> Commit:
        return self._lake.repository(repository).resolve(ref)

    def create_branch(
        self, repository: str, branch: str, *, source: str, author: str, key: str | None = None
    ) -> Ref:
        return self._create(repository, RefKind.BRANCH, branch, source, author, key)

    def delete_branch(self, repository: str, branch: str, *, author: str, key: str | None = None) -> Ref:
        opened = self._lake.repository(repository)
        if branch == opened.info.default_branch:
            raise StateError(
                f"{branch!r} is the default branch of {repository!r}, which every repository needs; "
                "only other branches can be deleted"
            )
        return self._delete(opened, RefKind.BRANCH, branch, author, key)

    def create_tag(
        self, repository: str, tag: str, *, source: str, author: str, key: str | None = None
    ) -> Ref:
        return self._create(repository, RefKind.TAG, tag, source, author, key)

    def delete_tag(self, repository: str, tag: str, *, author: str, key: str | None = None) -> Ref:
        return self._delete(self._lake.repository(repository), RefKind.TAG, tag, author, key)

    def get_ref(self, repository: str, name: str, *, kind: RefKind = RefKind.BRANCH) -> Ref:
        checked = parse_run_id(name) if kind is RefKind.RUN else check_ref_name(name)
        return _existing(self._lake.repository(repository), RefName(kind=kind, name=checked))

    def list_refs(
        self,
        repository: str,
        *,
        kind: RefKind = RefKind.BRANCH,
        prefix: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Ref]:
        opened = self._lake.repository(repository)
        return opened.stores.refs.list(opened.info.id, kind=kind, prefix=prefix, after=after, limit=limit)

    def list_branches(
        self,
        repository: str,
        *,
        prefix: str = "",
        against: str | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[BranchStatus]:
        opened = self._lake.repository(repository)
        return list_branches(opened, prefix=prefix, against=against, after=after, limit=limit)

    def _create(
        self, repository: str, kind: RefKind, name: str, source: str, author: str, key: str | None
    ) -> Ref:
        opened = self._lake.repository(repository)
        ref = RefName(kind=kind, name=check_ref_name(name))
        operation = f"create_{kind.value}"
        if done := opened.published(key, operation, ref):
            return _ref_of(done, ref, done.updates[0].new)
        commit = opened.resolve(source)
        made = RefUpdate(ref=ref, expected=None, new=commit.id)
        # One name, one meaning: otherwise `resolve` would have to guess.
        other = RefName(kind=RefKind.TAG if kind is RefKind.BRANCH else RefKind.BRANCH, name=name)
        absent = RefUpdate(ref=other, expected=None, new=None)
        try:
            done = opened.publish(operation, key=key, actor=author, updates=[made, absent])
        except RefMovedError:
            raise AlreadyExistsError(
                f"{repository!r} has a branch or tag {name!r} already; choose another name", ref=name
            ) from None
        return _ref_of(done, ref, commit.id)

    def _delete(self, opened: OpenRepository, kind: RefKind, name: str, author: str, key: str | None) -> Ref:
        ref = RefName(kind=kind, name=check_ref_name(name))
        operation = f"delete_{kind.value}"
        with opened.stores.refs.turn(opened.info.id, ref):
            if done := opened.published(key, operation, ref):
                return _ref_of(done, ref, done.updates[0].expected)
            there = _existing(opened, ref)
            update = RefUpdate(ref=ref, expected=there.commit, new=None)
            opened.publish(operation, key=key, actor=author, updates=[update])
        return there


def _existing(opened: OpenRepository, ref: RefName) -> Ref:
    found = opened.stores.refs.get(opened.info.id, ref)
    if found is None:
        raise RefNotFoundError(
            f"repository {opened.info.name!r} has no {ref.kind.value} {ref.name!r}; "
            f"`lineageflow branch list -R {opened.info.name}` shows its branches",
            ref=ref.name,
        )
    return found


def _ref_of(done: Publication, ref: RefName, commit: CommitId | None) -> Ref:
    assert commit is not None  # a creation has a new commit, a deletion an old one
    return Ref(kind=ref.kind, name=ref.name, commit=commit, created_at=done.at, updated_at=done.at)
