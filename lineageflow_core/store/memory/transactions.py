"""Transactions of runs in memory."""

from collections.abc import Sequence
from datetime import datetime

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.store.memory.checks import check_instant, check_run_id, check_transaction
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import Place, check_limit, page_of, parse_place_of_run
from lineageflow_core.store.ports import EXPIRING


class MemoryTransactionStore:
    """A `TransactionStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, repository: str, transaction: Transaction) -> Transaction:
        check_transaction(transaction)
        with self._state.lock:
            return self._state.transactions.setdefault((repository, transaction.run_id), transaction)

    def get(self, repository: str, run_id: RunId) -> Transaction | None:
        check_run_id(run_id)
        with self._state.lock:
            return self._state.transactions.get((repository, run_id))

    def list(
        self, repository: str, *, state: TransactionState | None, after: str | None, limit: int
    ) -> Page[Transaction]:
        check_limit(limit)
        place = parse_place_of_run(after) if after is not None else None
        with self._state.lock:
            found = [
                transaction
                for (owner, _), transaction in self._state.transactions.items()
                if owner == repository
                and state in {None, transaction.state}
                and (place is None or _place(transaction) < place)
            ]
        return page_of(sorted(found, key=_place, reverse=True), limit, cursor=_place)

    def expiring(self, repository: str, *, before: datetime, limit: int) -> Sequence[Transaction]:
        check_instant(before)
        check_limit(limit)
        with self._state.lock:
            found = [
                transaction
                for (owner, _), transaction in self._state.transactions.items()
                if owner == repository and transaction.state in EXPIRING and transaction.expires_at <= before
            ]
        return sorted(found, key=lambda each: (each.expires_at, each.run_id))[:limit]

    def move(self, repository: str, transaction: Transaction, *, expected: TransactionState) -> bool:
        check_transaction(transaction)
        with self._state.lock:
            stored = self._state.transactions.get((repository, transaction.run_id))
            if stored is None or stored.state is not expected:
                return False
            if _pinned(stored) != _pinned(transaction):
                raise InvalidInputError(f"what run {stored.run_id} reads from and writes to is pinned")
            self._state.transactions[repository, transaction.run_id] = transaction
            return True


def _place(transaction: Transaction) -> Place:
    return Place(transaction.created_at, transaction.run_id)


def _pinned(transaction: Transaction) -> tuple[str, ...]:
    return transaction.base, transaction.into
