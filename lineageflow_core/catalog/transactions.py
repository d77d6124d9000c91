"""Operations that make a run a transaction."""

from collections.abc import Mapping
from typing import Protocol

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.merge import Pick, Side
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.model.settings import StaleReads


class Transactions(Protocol):
    """A run's outputs become visible together, after its checks passed, or never.

    Steps commit to `run:<id>` through `History.commit`; nothing else writes there.
    """

    def begin(
        self, repository: str, run_id: RunId, *, base: str | None = None, into: str | None = None
    ) -> Transaction:
        """Opens the run's transaction, or returns it as it is: any of the run's processes may call first.

        `base` is what the run reads where it has not written; None is the tip of `into`. `into` is the
        branch to publish to; None is the default branch, and `run:<id>` the branch of another run that is
        open, so that one run is part of another. Both are taken from the first call. A run that is
        new here also removes what is left of abandoned ones, as `expire` does.
        """
        ...

    def get_transaction(self, repository: str, run_id: RunId) -> Transaction:
        """Returns a run's transaction. Raises RunNotFoundError."""
        ...

    def list_transactions(
        self,
        repository: str,
        *,
        state: TransactionState | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Transaction]:
        """Returns transactions, newest first."""
        ...

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
        """Merges the run's branch into its target, as one commit, and closes the transaction.

        The target then holds all that the run wrote as the run wrote it, but for what `picks` and `strategy`
        decide otherwise; also what the run wrote just as it found it, and the target has changed since.
        `metadata` is said of that commit. Publishing again returns the published transaction. A run that
        wrote nothing publishes nothing. `picks`, `strategy` and `stale_reads` are as in `Merging.merge`.
        Raises MergeConflictError and StaleReadError (the transaction stays open), TransactionClosedError if
        it was discarded, or if the run that it is part of has ended. What such a part has read is looked at
        when the whole publishes.
        """
        ...

    def discard(self, repository: str, run_id: RunId) -> Transaction:
        """Closes the transaction of a run that failed. Its branch stays to be looked at until it expires.

        Discarding again changes nothing. Raises TransactionClosedError if it was published.
        """
        ...

    def expire(self, repository: str) -> list[Transaction]:
        """Removes the branches of unpublished transactions whose time is over; returns those."""
        ...
