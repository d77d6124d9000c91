"""What revisions name: `main`, `v1~3`, `main@2026-05-01`, the start of a commit's id, a run, what is staged.

A ref that was renamed is found under its old name where that tells of the past, or helps who mistypes.
"""

import re
from datetime import datetime
from typing import TYPE_CHECKING

from lineageflow_core.errors import RefNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.draft import is_draft
from lineageflow_core.model.ids import CommitId, parse_run_id
from lineageflow_core.model.operation import Operation
from lineageflow_core.model.refs import RefKind, RefName, Revision, parse_revision, parse_stage_name
from lineageflow_core.model.run import TransactionState

if TYPE_CHECKING:
    from lineageflow_core.service.opened import OpenRepository

_MIN_COMMIT_PREFIX = 8
_WHOLE_ID = re.compile("[0-9a-f]{64}")
_MOST_MATCHES = 10
"""Of a prefix: drafts are among what is found, and do not count."""


def resolve(opened: "OpenRepository", text: str) -> Commit:
    """Returns the commit that a revision names now. Raises RefNotFoundError."""
    revision = parse_revision(text)
    commit = _start(opened, revision, text)
    if not revision.back:
        return commit
    found = opened.graph.back(commit, revision.back)
    if found is None:
        raise RefNotFoundError(
            f"{text!r} goes back further than the history of {opened.info.name!r}", ref=text
        )
    return opened.commit(found)


def current_branch(opened: "OpenRepository", name: str) -> RefName:
    """Returns a branch that was known by this name, under the name that it was given since."""
    branch, seen = RefName(kind=RefKind.BRANCH, name=name), {name}
    while opened.stores.refs.get(opened.info.id, branch) is None:
        last = _operations_on(opened, branch)
        made = [move.ref for each in last for move in each.moves if move.before is None]
        made = [ref for ref in made if ref.kind is RefKind.BRANCH and ref.name not in seen]
        if not made:
            return RefName(kind=RefKind.BRANCH, name=name)  # it was deleted, or never there
        branch = made[0]
        seen.add(branch.name)
    return branch


def ref_not_found(opened: "OpenRepository", text: str) -> RefNotFoundError:
    """Returns the error for a ref that is nowhere, with its new name if it was renamed."""
    start = text.partition("~")[0].partition("@")[0]
    now = current_branch(opened, start).name
    renamed = f"branch {start!r} was renamed to {now!r}; " if now != start else ""
    return RefNotFoundError(
        f"repository {opened.info.name!r} has no ref {text!r}; {renamed}"
        f"`lineageflow branch list -R {opened.info.name}` and `lineageflow tag list -R {opened.info.name}` "
        "show its refs",
        repository=opened.info.name,
        ref=text,
    )


def _start(opened: "OpenRepository", revision: Revision, text: str) -> Commit:
    refs = opened.stores.refs
    if revision.at is None and _WHOLE_ID.fullmatch(revision.start):
        whole = opened.find_commit(CommitId(revision.start))
        if whole is None:
            raise ref_not_found(opened, text)
        return whole  # no branch or tag has such a name
    for kind in _kinds(revision):
        name = RefName(kind=kind, name=revision.start)
        if revision.at is not None:
            found = _as_of(opened, name, revision.at)
        else:
            ref = refs.get(opened.info.id, name)
            found = ref.commit if ref else None
        if found is not None:
            return opened.commit(found)
    if revision.is_run:
        return _without_branch(opened, revision, text)
    if revision.is_stage:
        return _without_changes(opened, revision, text)
    if revision.at is None and len(revision.start) >= _MIN_COMMIT_PREFIX:
        found_ids = opened.stores.commits.find(opened.info.id, revision.start, limit=_MOST_MATCHES)
        matches = [each for each in found_ids if not is_draft(opened.commit(each))]
        if len(matches) == 1:
            return opened.commit(matches[0])
        if matches:
            raise RefNotFoundError(f"{text!r} is the start of several commit ids; give more of it", ref=text)
    if revision.at is not None and _is_named(opened, revision.start):
        raise RefNotFoundError(
            f"{revision.start!r} was not there yet at {revision.at.isoformat()}; `lineageflow log "
            f"{revision.start} -R {opened.info.name}` shows since when it is",
            repository=opened.info.name,
            ref=text,
        )
    raise ref_not_found(opened, text)


def _is_named(opened: "OpenRepository", name: str) -> bool:
    """Tells whether there is a branch or tag of this name."""
    kinds = (RefKind.BRANCH, RefKind.TAG)
    return any(opened.stores.refs.get(opened.info.id, RefName(kind=kind, name=name)) for kind in kinds)


def _as_of(
    opened: "OpenRepository", name: RefName, at: datetime, *, until: datetime | None = None
) -> CommitId | None:
    """Returns where a ref stood at an instant; a branch, before it was renamed, under its old name."""
    found = opened.stores.refs.as_of(opened.info.id, name, at)
    if found is not None or name.kind is not RefKind.BRANCH:
        return found
    for rename in _operations_on(opened, name, operation="rename_branch", until=until):
        old = [move.ref for move in rename.moves if move.after is None and move.ref.kind is name.kind]
        if at < rename.at and old != [name]:
            return _as_of(opened, old[0], at, until=rename.at)
    return None


def _operations_on(
    opened: "OpenRepository", ref: RefName, *, operation: str | None = None, until: datetime | None = None
) -> tuple[Operation, ...]:
    """Returns the last operation that moved a ref, if there is one."""
    page = opened.stores.operations.list(
        opened.info.id,
        actor=None,
        operation=operation,
        refs=[ref],
        since=None,
        until=until,
        after=None,
        limit=1,
    )
    return page.items


def _without_branch(opened: "OpenRepository", revision: Revision, text: str) -> Commit:
    """A run has no branch before its first write, when it sees its base, and after its publication."""
    transaction = opened.stores.transactions.get(opened.info.id, parse_run_id(revision.start))
    if transaction is None or revision.at is not None:
        raise ref_not_found(opened, text)
    if transaction.state is TransactionState.EXPIRED:
        raise RefNotFoundError(
            f"run {transaction.run_id} did not publish, and its branch has expired", ref=text
        )
    return opened.commit(transaction.tip)


def _without_changes(opened: "OpenRepository", revision: Revision, text: str) -> Commit:
    """Who has staged nothing sees the branch."""
    if revision.at is not None:
        raise ref_not_found(opened, text)
    branch, _ = parse_stage_name(revision.start)
    return opened.ref(RefName(kind=RefKind.BRANCH, name=branch))


def _kinds(revision: Revision) -> tuple[RefKind, ...]:
    if revision.is_run:
        return (RefKind.RUN,)
    return (RefKind.STAGE,) if revision.is_stage else (RefKind.BRANCH, RefKind.TAG)
