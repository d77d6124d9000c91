"""Moving a branch: the one loop through which every new commit becomes visible.

Invariants: writers to a branch take turns, and the branch moves by compare-and-swap, so no write is lost and
none fails because another one came first. A call repeated with its key changes nothing and gives the first
call's commit. An open transaction's branch is made by its first commit; a closed one takes no commit.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from lineageflow_core.errors import (
    IntegrityError,
    InvalidInputError,
    LineageFlowError,
    ObjectMissingError,
    RefMovedError,
    RefNotFoundError,
    RunNotFoundError,
    TransactionClosedError,
)
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId, SnapshotId
from lineageflow_core.model.names import check_ref_name
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.refs import RefKind, RefName, parse_revision
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.rules import check_move
from lineageflow_core.store.ports import CommitChanges, DatasetChange, Publication, RefUpdate
from lineageflow_core.tree.compare import changed_datasets, new_nodes
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.source import NodeBuffer

_MAX_ATTEMPTS = 1000
"""Far more than contention explains when writers take turns: reaching it means that turns are broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """Where a branch stands when its writer's turn comes."""

    commit: Commit
    exists: bool = True
    """False for a run's branch before its first commit."""
    transaction: Transaction | None = None
    """The open one behind a run's branch."""


Build = Callable[[Commit, NodeBuffer], Commit | Sequence[Commit]]
"""Makes the next commit on a tip, adding its new tree nodes; returns the tip itself for no change. Or makes
several, oldest first, which become visible together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a publication does besides moving the branch."""

    updates: tuple[RefUpdate, ...] = ()
    commits: tuple[Commit, ...] = ()
    """New ones for these updates; their tree nodes are in the buffer."""
    transactions: tuple[Transaction, ...] = ()
    """Those of runs, as they are to be; but for the one whose branch moves."""
    quarantines: tuple[Quarantine, ...] = ()
    """Quarantines that are set or lifted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    """What was built on a tip."""

    tip: Tip
    nodes: NodeBuffer
    commits: list[Commit]
    """Those that are new, oldest first."""


Settle = Callable[[Commit, NodeBuffer], Beside]
"""Gives what a publication does besides moving the branch to the new commit."""


def writable(text: str) -> RefName:
    """Parses what a branch is called where it is written to. Raises InvalidInputError."""
    if text.startswith("run:"):
        revision = parse_revision(text)
        if revision.back or revision.at:
            raise InvalidInputError(
                f"{text!r} is a point in history; commits go to a branch, like 'run:<id>'"
            )
        return RefName(kind=RefKind.RUN, name=revision.start)
    return RefName(kind=RefKind.BRANCH, name=check_ref_name(text))


def move_branch(
    opened: OpenRepository,
    branch: RefName,
    operation: str,
    *,
    actor: str,
    key: str | None,
    build: Build,
    settle: Settle | None = None,
) -> Commit:
    """Puts what `build` makes on top of `branch`, and returns the branch's tip then.

    Nothing to change is published, too, if there is a key: the call that repeats it must not change more.
    """
    ahead = _build_ahead(opened, branch, operation, key, build)
    with opened.stores.refs.turn(opened.info.id, branch):
        for _ in range(_MAX_ATTEMPTS):
            if done := opened.published(key, operation, branch):
                return _commit_of(opened, done)
            tip = tip_of(opened, branch)
            made = ahead if ahead is not None and ahead.tip == tip else _build(opened, tip, build)
            nodes, commits = made.nodes, made.commits
            is_new, commit = bool(commits), [tip.commit, *commits][-1]
            for each in commits:
                check_move(opened, branch, operation, actor=actor, commit=each)
            if not is_new and settle is None and key is None:
                return commit
            before = tip.commit.id if tip.exists else None
            updates = [RefUpdate(ref=branch, expected=before, new=commit.id if is_new else before)]
            beside = settle(commit, nodes) if settle is not None else Beside()
            transactions = [*beside.transactions]
            if tip.transaction is not None:
                transactions.append(replace(tip.transaction, head=updates[0].new))
            try:
                done = opened.publish(
                    operation,
                    key=key,
                    actor=actor,
                    updates=[*updates, *beside.updates],
                    commits=[*commits, *beside.commits],
                    changes=[_changes_of(nodes, *pair) for pair in pairwise([tip.commit, *commits])],
                    nodes=_new_nodes(nodes, [tip.commit, *commits, *beside.commits]),
                    transactions=transactions,
                    quarantines=beside.quarantines,
                )
            except RefMovedError:
                ahead = None  # it may rest on another ref, which has moved: a run's, say
                continue
            return _commit_of(opened, done)
    raise IntegrityError(f"branch {branch} moved {_MAX_ATTEMPTS} times during one turn")


def _build(opened: OpenRepository, tip: Tip, build: Build) -> _Built:
    nodes = NodeBuffer(opened.nodes)
    built = build(tip.commit, nodes)
    commits = [built] if isinstance(built, Commit) else built
    return _Built(tip=tip, nodes=nodes, commits=[each for each in commits if each.id != tip.commit.id])


def _build_ahead(
    opened: OpenRepository, branch: RefName, operation: str, key: str | None, build: Build
) -> _Built | None:
    """Builds before the turn comes, in a process that writes to the repository for the first time.

    With nothing read yet that takes several times as long, and during the turn all others would wait for it.
    What comes of it counts if the branch does not move meanwhile; if it fails, the turn will tell.
    """
    if opened.has_written.is_set():
        return None
    opened.has_written.set()
    with suppress(LineageFlowError):
        if opened.published(key, operation, branch) is None:
            return _build(opened, tip_of(opened, branch), build)
    return None


def check_uploaded(opened: OpenRepository, entries: Sequence[ObjectEntry]) -> None:
    """Raises ObjectMissingError if the bytes of some of these objects are not stored."""
    missing = opened.content.missing_objects({entry.object_id for entry in entries})
    if missing:
        example = next(entry.path for entry in entries if entry.object_id in missing)
        raise ObjectMissingError(
            f"{len(missing)} object(s) of the changes were never uploaded, like {example!r}; upload first, "
            "then commit",
            missing=sorted(missing)[:10],
        )


def tip_of(opened: OpenRepository, branch: RefName) -> Tip:
    """Returns where a branch stands. Raises RefNotFoundError, RunNotFoundError, TransactionClosedError."""
    transaction = _open_transaction(opened, branch) if branch.kind is RefKind.RUN else None
    ref = opened.stores.refs.get(opened.info.id, branch)
    if ref is not None:
        return Tip(commit=opened.commit(ref.commit), transaction=transaction)
    if transaction is not None:
        return Tip(commit=opened.commit(transaction.base), exists=False, transaction=transaction)
    now = opened.current_branch(branch.name).name
    advice = (
        f"`lineageflow branch create {branch.name} -R {opened.info.name}` makes it"
        if now == branch.name
        else f"it was renamed to {now!r}"
    )
    raise RefNotFoundError(
        f"repository {opened.info.name!r} has no branch {branch.name!r}; {advice}",
        ref=branch.name,
    )


def _new_nodes(nodes: NodeBuffer, line: Sequence[Commit]) -> dict[bytes, bytes]:
    """Returns the nodes that commits need beyond the first of the line, which is stored."""
    found: dict[bytes, bytes] = {}
    for before, after in pairwise(line):
        found |= new_nodes(nodes, before.root, after.root)
    return found


def _changes_of(nodes: NodeBuffer, parent: Commit, commit: Commit) -> CommitChanges:
    changed = changed_datasets(nodes, parent.root, commit.root)
    return CommitChanges(
        commit=commit.id,
        datasets=tuple(
            DatasetChange(path, _snapshot(before), _snapshot(after)) for path, before, after in changed
        ),
    )


def _snapshot(value: Value | None) -> SnapshotId | None:
    return SnapshotId(value.id.hex()) if value is not None else None


def _open_transaction(opened: OpenRepository, branch: RefName) -> Transaction:
    """Returns the open transaction behind a run's branch. Raises TransactionClosedError."""
    transaction = opened.stores.transactions.get(opened.info.id, RunId(branch.name))
    if transaction is None:
        raise RunNotFoundError(
            f"run {branch.name} has no transaction in {opened.info.name!r}; begin one first"
        )
    if transaction.state is not TransactionState.OPEN:
        raise TransactionClosedError(
            f"run {branch.name} is {transaction.state.value}: its branch takes no commits; start a new run",
            run_id=branch.name,
            state=transaction.state.value,
        )
    return transaction


def _commit_of(opened: OpenRepository, done: Publication) -> Commit:
    update = done.updates[0]
    if update.new is not None:
        return opened.commit(update.new)
    # A run's branch that was not there yet, when nothing was to be changed: the run saw its base.
    transaction = opened.stores.transactions.get(opened.info.id, RunId(update.ref.name))
    assert transaction is not None
    return opened.commit(transaction.base)
