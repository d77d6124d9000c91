"""A run's writes: together on its target branch, or not at all.

Invariants: what a transaction reads is pinned when it begins. Publishing moves the target branch, closes the
transaction and removes its branch in one step, against the branch's tip that was merged; so a step that
writes late either gets in before and is published too, or is refused. No process has to live for cleaning
up: what is abandoned expires.

A run can publish into the branch of another open run: a task's try into its pipeline's run, say. So what a
try has written is there as a whole or not at all, and visible with the rest of the pipeline.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from lineageflow_core.errors import (
    RefMovedError,
    RefNotFoundError,
    RunNotFoundError,
    TransactionClosedError,
)
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.model.merge import Pick, Side
from lineageflow_core.model.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.model.settings import StaleReads
from lineageflow_core.service.conflicts import decide, publishable
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.stale import stale_policy
from lineageflow_core.service.three_way import Facts, merge_onto
from lineageflow_core.service.writing import Beside, move_branch, tip_of, writable
from lineageflow_core.store.ports import RefUpdate
from lineageflow_core.tree.source import NodeBuffer

KEPT = timedelta(days=14)
"""How long the branch of a run that did not publish can be looked at: two weeks of debugging."""

_NOBODY = "lineageflow"
"""Who closes what nobody asks for by name."""


class TransactionsService:
    """Implements `catalog.Transactions` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def begin(
        self, repository: str, run_id: RunId, *, base: str | None = None, into: str | None = None
    ) -> Transaction:
        opened = self._lake.repository(repository)
        run_id = parse_run_id(run_id)
        store = opened.stores.transactions
        there = store.get(opened.info.id, run_id)
        if there is not None:
            return _renamed(opened, there)
        self.expire(repository)  # whoever begins tidies up: no process has to live for it
        target = writable(into or opened.info.default_branch)
        tip = tip_of(opened, target).commit
        now = self._lake.clock()
        transaction = Transaction(
            run_id=run_id,
            repository=opened.info.name,
            base=opened.resolve(base).id if base else tip.id,
            into=str(target),
            state=TransactionState.OPEN,
            created_at=now,
            expires_at=now + KEPT,
        )
        return _renamed(opened, store.add(opened.info.id, transaction))

    def get_transaction(self, repository: str, run_id: RunId) -> Transaction:
        return _stored(self._lake.repository(repository), run_id)

    def list_transactions(
        self,
        repository: str,
        *,
        state: TransactionState | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Transaction]:
        opened = self._lake.repository(repository)
        page = opened.stores.transactions.list(opened.info.id, state=state, after=after, limit=limit)
        return replace(page, items=tuple(_renamed(opened, each) for each in page.items))

    def publish(
        self,
        repository: str,
        run_id: RunId,
        *,
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        stale_reads: StaleReads | None = None,
    ) -> Transaction:
        opened = self._lake.repository(repository)
        transaction = _stored(opened, run_id)
        while transaction.state is TransactionState.OPEN and transaction.head is None:
            transaction = _close(opened, transaction, TransactionState.PUBLISHED, actor=author)
        if transaction.state is TransactionState.PUBLISHED:
            return transaction
        if transaction.state is not TransactionState.OPEN:
            raise _closed(transaction)
        branch = _branch(transaction)
        default = f"publish run {transaction.run_id}"
        facts = Facts(
            author=author,
            message=message or default,
            metadata=dict(metadata),
            run_id=transaction.run_id,
        )
        into = writable(transaction.into)
        if into.kind is RefKind.RUN:
            policy = StaleReads.ALLOW  # when that run publishes, all that it brings is looked at
        else:
            into = opened.current_branch(into.name)
            policy = stale_policy(opened, transaction.into, stale_reads)
        head: Commit

        def build(tip: Commit, nodes: NodeBuffer) -> Sequence[Commit]:
            nonlocal head
            head = opened.ref(branch)
            decisions = decide(opened, picks, strategy)
            outcome = merge_onto(
                opened, nodes, tip, head, decisions=decisions, stale_policy=policy, facts=facts
            )
            return publishable(outcome, default)

        def settle(commit: Commit, _nodes: NodeBuffer) -> Beside:
            published = replace(
                transaction, state=TransactionState.PUBLISHED, head=head.id, published=commit.id
            )
            gone = RefUpdate(ref=branch, expected=head.id, new=None)
            return Beside(transactions=(published,), updates=(gone,))

        try:
            move_branch(
                opened,
                into,
                "publish",
                actor=author,
                key=f"publish:{transaction.run_id}",
                build=build,
                settle=settle,
            )
        except (TransactionClosedError, RefNotFoundError):
            # Another process closed it meanwhile: what it says now is the answer.
            now = _stored(opened, transaction.run_id)
            if now.state is TransactionState.OPEN:
                raise
            if now.state is not TransactionState.PUBLISHED:
                raise _closed(now) from None
        return _stored(opened, transaction.run_id)

    def discard(self, repository: str, run_id: RunId) -> Transaction:
        opened = self._lake.repository(repository)
        transaction = _discarded(opened, _stored(opened, run_id))
        if transaction.state is TransactionState.PUBLISHED:
            raise _closed(transaction)
        return transaction

    def expire(self, repository: str) -> list[Transaction]:
        opened = self._lake.repository(repository)
        store, now = opened.stores.transactions, self._lake.clock()
        expired: list[Transaction] = []
        # Whatever becomes of them, those that were found are not found again.
        while over := store.expiring(opened.info.id, before=now, limit=MAX_LIMIT):
            expired += (_expired(opened, transaction) for transaction in over)
        return [transaction for transaction in expired if transaction.state is TransactionState.EXPIRED]


def _branch(transaction: Transaction) -> RefName:
    return RefName(kind=RefKind.RUN, name=transaction.run_id)


def _close(
    opened: OpenRepository, transaction: Transaction, state: TransactionState, *, actor: str
) -> Transaction:
    """Gives an open transaction its last state, unless a step or another process was faster.

    Returns it as it is then. The branch stays where it is, and must be there, so that no write is forgotten.
    """
    still = RefUpdate(ref=_branch(transaction), expected=transaction.head, new=transaction.head)
    with suppress(RefMovedError, TransactionClosedError):
        opened.publish(
            state.value,
            key=None,
            actor=actor,
            updates=[still],
            transactions=[replace(transaction, state=state)],
        )
    return _stored(opened, transaction.run_id)


def _discarded(opened: OpenRepository, transaction: Transaction) -> Transaction:
    while transaction.state is TransactionState.OPEN:
        transaction = _close(opened, transaction, TransactionState.DISCARDED, actor=_NOBODY)
    return transaction


def _expired(opened: OpenRepository, transaction: Transaction) -> Transaction:
    transaction = _discarded(opened, transaction)  # closed first, so that nobody makes the branch again
    if transaction.state is TransactionState.DISCARDED:
        gone = RefUpdate(ref=_branch(transaction), expected=transaction.head, new=None)
        with suppress(RefMovedError):  # it was removed before
            opened.publish("expire", key=None, actor=_NOBODY, updates=[gone])
        expired = replace(transaction, state=TransactionState.EXPIRED)
        opened.stores.transactions.move(opened.info.id, expired, expected=TransactionState.DISCARDED)
    return _stored(opened, transaction.run_id)


def _stored(opened: OpenRepository, run_id: RunId) -> Transaction:
    found = opened.stores.transactions.get(opened.info.id, parse_run_id(run_id))
    if found is None:
        raise RunNotFoundError(
            f"run {run_id} wrote nothing to repository {opened.info.name!r}; "
            f"`lineageflow status -R {opened.info.name}` shows those that did last",
            run_id=run_id,
        )
    return _renamed(opened, found)


def _renamed(opened: OpenRepository, transaction: Transaction) -> Transaction:
    """Returns a transaction with what its repository is called now: it was stored with what it was then."""
    return replace(transaction, repository=opened.info.name)


def _closed(transaction: Transaction) -> TransactionClosedError:
    return TransactionClosedError(
        f"run {transaction.run_id} is {transaction.state.value}, so it is not published or discarded again; "
        "start a new run",
        run_id=transaction.run_id,
        state=transaction.state.value,
    )
