"""Transactions of runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Transaction, TransactionState

EXPIRING = (TransactionState.OPEN, TransactionState.DISCARDED)
"""The states of transactions whose branches are there until they expire."""


class TransactionStore(Protocol):
    """Transactions of runs."""

    def add(self, repository: str, transaction: Transaction) -> Transaction:
        """Adds it, or returns the one that the run has in this repository already."""
        ...

    def get(self, repository: str, run_id: RunId) -> Transaction | None: ...

    def list(
        self, repository: str, *, state: TransactionState | None, after: str | None, limit: int
    ) -> Page[Transaction]:
        """Newest first."""
        ...

    def expiring(self, repository: str, *, before: datetime, limit: int) -> Sequence[Transaction]:
        """Returns open and discarded ones whose `expires_at` is `before` or earlier, the earliest first."""
        ...

    def move(self, repository: str, transaction: Transaction, *, expected: TransactionState) -> bool:
        """Stores the transaction if its stored state is `expected`; tells whether it did."""
        ...
