"""The log of operations, and taking one back.

Invariant: undoing moves things by compare-and-swap from where the operation left them, as an operation of its
own. So it never takes back what somebody did later, and can itself be undone.
"""

from datetime import datetime

from lineageflow_core.errors import (
    ConflictError,
    InvalidInputError,
    OperationNotFoundError,
    RefMovedError,
    StateError,
)
from lineageflow_core.model.instants import in_utc
from lineageflow_core.model.operation import Operation, RefMove, UndoPreview
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.repository import RepositoryChange
from lineageflow_core.model.settings import SettingsChange
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.refs import drafts_on, renaming
from lineageflow_core.service.rules import check_unprotected
from lineageflow_core.service.writing import writable
from lineageflow_core.store.ports import RefUpdate

_PEOPLES = frozenset({RefKind.BRANCH, RefKind.TAG})
_LAST = (1 << 63) - 1
"""No log is longer."""


class OperationsService:
    """Implements `catalog.Operations` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def get_operation(self, repository: str, operation_id: int) -> Operation:
        return _existing(self._lake.even_deleted(repository), operation_id)

    def list_operations(
        self,
        repository: str,
        *,
        actor: str | None = None,
        operation: str | None = None,
        ref: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Operation]:
        opened = self._lake.even_deleted(repository)
        return opened.stores.operations.list(
            opened.info.id,
            actor=actor,
            operation=operation,
            refs=_refs(ref) if ref is not None else (),
            since=in_utc(since),
            until=in_utc(until),
            after=after,
            limit=limit,
        )

    def preview_undo(self, repository: str, operation_id: int) -> UndoPreview:
        opened = self._lake.even_deleted(repository)
        undone = _existing(opened, operation_id)
        updates, settings, change = _inverse(opened, undone)
        for update in updates:
            there = opened.stores.refs.get(opened.info.id, update.ref)
            if (there.commit if there else None) != update.expected:
                raise _moved_since(undone, str(update.ref))
        if settings is not None and settings.before != opened.settings():
            raise _changed_since(undone, "the settings have")
        return UndoPreview(
            operation=undone,
            moves=tuple(
                RefMove(ref=update.ref, before=update.expected, after=update.new)
                for update in updates
                if update.expected != update.new
            ),
            settings=settings,
            repository=None if change.before == change.after else change,
        )

    def undo_operation(
        self, repository: str, operation_id: int, *, author: str, key: str | None = None
    ) -> Operation:
        opened = self._lake.even_deleted(repository)
        log = opened.stores.operations
        if key is not None and (done := log.with_key(opened.info.id, key)) is not None:
            if done.undoes != operation_id:
                raise InvalidInputError(
                    f"key {key!r} was used before, for {done.operation}; give every call a key of its own",
                    key=key,
                )
            return done
        undone = _existing(opened, operation_id)
        updates, settings, change = _inverse(opened, undone)
        try:
            published = opened.publish(
                "undo",
                key=key,
                actor=author,
                updates=updates,
                settings=settings,
                repository=change,
                undoes=operation_id,
            )
        except RefMovedError as error:
            raise _moved_since(undone, str(error.details["ref"])) from None
        except ConflictError:
            raise _changed_since(undone, "the settings have" if settings else "the repository has") from None
        made = log.with_key(opened.info.id, published.key)
        assert made is not None
        return made


_Inverse = tuple[list[RefUpdate], SettingsChange | None, RepositoryChange]


def _inverse(opened: OpenRepository, undone: Operation) -> _Inverse:
    """Returns what takes an operation back. Raises StateError, RuleViolatedError, ConflictError."""
    _check_undoable(opened, undone)
    settings, change = undone.settings, RepositoryChange(before=opened.info, after=opened.info)
    if settings is not None:
        settings = SettingsChange(before=settings.after, after=settings.before)
    if undone.repository is not None:
        if undone.repository.after != opened.info:
            raise _changed_since(undone, "the repository has")
        change = RepositoryChange(before=opened.info, after=undone.repository.before)
    made = [move.ref for move in undone.moves if move.before is None and move.ref.kind is RefKind.BRANCH]
    for branch in made:
        if branch.name == change.after.default_branch:
            raise StateError(
                f"operation {undone.id} made {branch.name!r}, which is the default branch now; "
                f"`lineageflow repo set-default OTHER -R {opened.info.name}` makes another one the default",
                operation=undone.id,
            )
        check_unprotected(opened, branch.name, "undoing")
    return _moves_back(opened, undone, made), settings, change


def _moves_back(opened: OpenRepository, undone: Operation, made: list[RefName]) -> list[RefUpdate]:
    removed = [move for move in undone.moves if move.after is None and move.ref.kind in _PEOPLES]
    if made and removed and removed[0].before is not None:
        return renaming(opened, made[0], removed[0].ref, removed[0].before)
    updates = [RefUpdate(ref=move.ref, expected=move.after, new=move.before) for move in undone.moves]
    for branch in made:
        updates += (
            RefUpdate(ref=draft, expected=commit, new=None)
            for draft, commit in drafts_on(opened, branch.name)
        )
    for move in removed:
        # One name, one meaning: what comes back must not meet a tag or branch of its name.
        kind = RefKind.TAG if move.ref.kind is RefKind.BRANCH else RefKind.BRANCH
        updates.append(RefUpdate(ref=RefName(kind=kind, name=move.ref.name), expected=None, new=None))
    return updates


def _check_undoable(opened: OpenRepository, undone: Operation) -> None:
    """Raises StateError for what is not taken back by moving names."""
    name = opened.info.name
    if undone.operation == "create_repository":
        raise StateError(
            f"operation {undone.id} made the repository; `lineageflow repo delete {name}` hides it",
            operation=undone.id,
        )
    made = [move.after for move in undone.moves if move.before is not None and move.after is not None]
    if made:
        commit = made[0][:8]
        raise StateError(
            f"operation {undone.id} ({undone.operation}) made commit {commit}, and no commit is taken out of "
            f"history: `lineageflow revert {commit} -R {name}` undoes that commit by a new one",
            operation=undone.id,
            commit=made[0],
        )
    for_people = any(move.ref.kind in _PEOPLES for move in undone.moves)
    if not (for_people or undone.settings or undone.repository):
        raise StateError(
            f"operation {undone.id} ({undone.operation}) changed no branch, tag or setting: there is nothing "
            "to undo",
            operation=undone.id,
        )


def _refs(text: str) -> list[RefName]:
    ref = writable(text)
    return [ref, RefName(kind=RefKind.TAG, name=ref.name)] if ref.kind is RefKind.BRANCH else [ref]


def _existing(opened: OpenRepository, operation_id: int) -> Operation:
    is_number = 0 < operation_id <= _LAST
    found = opened.stores.operations.get(opened.info.id, operation_id) if is_number else None
    if found is None:
        raise OperationNotFoundError(
            f"repository {opened.info.name!r} has no operation {operation_id}; "
            f"`lineageflow operations list -R {opened.info.name}` shows those there are",
            operation=operation_id,
        )
    return found


def _moved_since(undone: Operation, ref: str) -> RefMovedError:
    return RefMovedError(
        f"{ref!r} is not where operation {undone.id} ({undone.operation}) left it: somebody moved it since, "
        "and that is not taken back; undo the later operations first, or make a branch where it was",
        ref=ref,
        operation=undone.id,
    )


def _changed_since(undone: Operation, what: str) -> ConflictError:
    return ConflictError(
        f"{what} changed since operation {undone.id} ({undone.operation}), and that is not taken back: undo "
        "the later operations first, or change it by hand",
        operation=undone.id,
    )
