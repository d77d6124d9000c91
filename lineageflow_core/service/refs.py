"""Branches and tags."""

from collections.abc import Sequence
from dataclasses import replace

from lineageflow_core.errors import (
    AlreadyExistsError,
    ConflictError,
    RefMovedError,
    RefNotFoundError,
    StateError,
)
from lineageflow_core.model.branch import BranchStatus
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.names import check_ref_name
from lineageflow_core.model.operation import Operation
from lineageflow_core.model.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from lineageflow_core.model.refs import Ref, RefKind, RefName, check_stored_name
from lineageflow_core.model.repository import RepositoryChange
from lineageflow_core.model.tag import Tag
from lineageflow_core.service.branches import list_branches
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.rules import check_unprotected
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
        return self._create(repository, RefKind.BRANCH, branch, source, author, "", key)

    def delete_branch(self, repository: str, branch: str, *, author: str, key: str | None = None) -> Ref:
        ref = RefName(kind=RefKind.BRANCH, name=check_ref_name(branch))
        while True:
            opened = self._lake.repository(repository)
            with opened.stores.refs.turn(opened.info.id, ref):
                if done := opened.published(key, "delete_branch", ref):
                    removed = done.updates[0].removed
                    return removed or _ref_of(done, ref, done.updates[0].expected)
                if branch == opened.info.default_branch:
                    raise StateError(
                        f"{branch!r} is the default branch of {repository!r}, which every repository needs; "
                        f"`lineageflow repo set-default OTHER -R {repository}` makes another one the default"
                    )
                there = _existing(opened, ref)
                check_unprotected(opened, branch, "deletion")
                gone = [RefUpdate(ref=ref, expected=there.commit, new=None, removed=there)]
                gone += (
                    RefUpdate(ref=draft, expected=commit, new=None)
                    for draft, commit in drafts_on(opened, branch)
                )
                if _publish_if_unmoved(opened, "delete_branch", author, gone, key=key):
                    return there

    def rename_branch(
        self, repository: str, branch: str, name: str, *, author: str, key: str | None = None
    ) -> Ref:
        old = RefName(kind=RefKind.BRANCH, name=check_ref_name(branch))
        new = RefName(kind=RefKind.BRANCH, name=check_ref_name(name))
        while True:
            opened = self._lake.repository(repository)
            with opened.stores.refs.turn(opened.info.id, old):
                if done := opened.published(key, "rename_branch", old):
                    return _ref_of(done, done.updates[1].ref, done.updates[1].new)
                there = _existing(opened, old)
                check_unprotected(opened, branch, "renaming")
                _check_free(opened, name)
                moves = renaming(opened, old, new, there.commit)
                default = name if branch == opened.info.default_branch else None
                if _publish_if_unmoved(opened, "rename_branch", author, moves, key=key, default=default):
                    return _existing(opened, new)

    def restore_branch(self, repository: str, branch: str, *, author: str, key: str | None = None) -> Ref:
        opened = self._lake.repository(repository)
        ref = RefName(kind=RefKind.BRANCH, name=check_ref_name(branch))
        if done := opened.published(key, "restore_branch", ref):
            return _ref_of(done, ref, done.updates[0].new)
        _check_free(opened, branch)
        deletion = _last_deletion(opened, ref)
        back = sorted(deletion.moves, key=lambda move: move.ref != ref)
        updates = [RefUpdate(ref=move.ref, expected=None, new=move.before) for move in back]
        absent = RefUpdate(ref=RefName(kind=RefKind.TAG, name=branch), expected=None, new=None)
        try:
            done = opened.publish(
                "restore_branch", key=key, actor=author, updates=[*updates, absent], undoes=deletion.id
            )
        except RefMovedError:
            raise AlreadyExistsError(
                f"{repository!r} has a branch or tag {branch!r} again; rename it first", ref=branch
            ) from None
        return _ref_of(done, ref, done.updates[0].new)

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
        return self._create(repository, RefKind.TAG, tag, source, author, message, key)

    def list_tags(
        self, repository: str, *, prefix: str = "", after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Tag]:
        opened = self._lake.repository(repository)
        page = self.list_refs(repository, kind=RefKind.TAG, prefix=prefix, after=after, limit=limit)
        names = [RefName(kind=ref.kind, name=ref.name) for ref in page.items]
        made = opened.stores.operations.makers(opened.info.id, names, operation="create_tag")
        tags = (
            Tag(ref=ref, author=made[name].actor, message=made[name].message)
            if name in made
            else Tag(ref=ref)
            for ref, name in zip(page.items, names, strict=True)
        )
        return Page(items=tuple(tags), next=page.next)

    def delete_tag(self, repository: str, tag: str, *, author: str, key: str | None = None) -> Ref:
        return self._delete(self._lake.repository(repository), RefKind.TAG, tag, author, key)

    def get_ref(self, repository: str, name: str, *, kind: RefKind = RefKind.BRANCH) -> Ref:
        checked = check_stored_name(kind, name)
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
        self,
        repository: str,
        kind: RefKind,
        name: str,
        source: str,
        author: str,
        message: str,
        key: str | None,
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
            done = opened.publish(operation, key=key, actor=author, updates=[made, absent], message=message)
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
                return done.updates[0].removed or _ref_of(done, ref, done.updates[0].expected)
            there = _existing(opened, ref)
            update = RefUpdate(ref=ref, expected=there.commit, new=None, removed=there)
            opened.publish(operation, key=key, actor=author, updates=[update])
        return there


def drafts_on(opened: OpenRepository, branch: str) -> list[tuple[RefName, CommitId]]:
    """Returns what people have staged on a branch, and where each draft is."""
    found: list[tuple[RefName, CommitId]] = []
    after: str | None = None
    while True:
        page = opened.stores.refs.list(
            opened.info.id, kind=RefKind.STAGE, prefix=f"{branch}:", after=after, limit=MAX_LIMIT
        )
        found += ((RefName(kind=RefKind.STAGE, name=ref.name), ref.commit) for ref in page.items)
        if page.next is None:
            return found
        after = page.next


def renaming(opened: OpenRepository, old: RefName, new: RefName, commit: CommitId) -> list[RefUpdate]:
    """Returns what renames a branch: its own two moves, and those of what is staged on it."""
    updates = [
        RefUpdate(ref=old, expected=commit, new=None),
        RefUpdate(ref=new, expected=None, new=commit),
        RefUpdate(ref=RefName(kind=RefKind.TAG, name=new.name), expected=None, new=None),
    ]
    for draft, staged in drafts_on(opened, old.name):
        owner = draft.name.removeprefix(f"{old.name}:")
        moved = RefName(kind=RefKind.STAGE, name=f"{new.name}:{owner}")
        updates.append(RefUpdate(ref=draft, expected=staged, new=None))
        updates.append(RefUpdate(ref=moved, expected=None, new=staged))
    return updates


def _publish_if_unmoved(
    opened: OpenRepository,
    operation: str,
    actor: str,
    updates: Sequence[RefUpdate],
    *,
    key: str | None,
    default: str | None = None,
) -> bool:
    """Moves refs; tells whether they were where they are expected, and the repository as it was.

    `default` is the default branch from now on. That it is what it was is made sure in the same step: so
    nobody makes a branch the default while another removes it.
    """
    after = replace(opened.info, default_branch=default) if default else opened.info
    change = RepositoryChange(before=opened.info, after=after)
    try:
        opened.publish(operation, key=key, actor=actor, updates=updates, repository=change)
    except ConflictError:
        return False
    return True


def _last_deletion(opened: OpenRepository, ref: RefName) -> Operation:
    """Returns the operation that removed a branch which is gone. Raises RefNotFoundError."""
    page = opened.stores.operations.list(
        opened.info.id, actor=None, operation=None, refs=[ref], since=None, until=None, after=None, limit=1
    )
    for last in page.items:
        if all(move.after is None for move in last.moves if move.ref.kind is RefKind.BRANCH):
            return last
    raise RefNotFoundError(
        f"repository {opened.info.name!r} has no deleted branch {ref.name!r}; "
        f"`lineageflow operations list -R {opened.info.name}` shows what was done",
        ref=ref.name,
    )


def _check_free(opened: OpenRepository, name: str) -> None:
    for kind in (RefKind.BRANCH, RefKind.TAG):
        if opened.stores.refs.get(opened.info.id, RefName(kind=kind, name=name)) is not None:
            raise AlreadyExistsError(
                f"{opened.info.name!r} has a {kind.value} {name!r} already; choose another name", ref=name
            )


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
