"""Several writes as one commit."""

from collections.abc import Sequence
from types import TracebackType

from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.scope import Scope
from lineageflow_core.writing import Writing


class Transaction(Writing[None]):
    """Collects changes in a `with` block, and commits them at its end; an error in the block leaves nothing.

    >>> with repo.transaction("orders and customers") as tx:
    ...     tx.write("orders", orders)
    ...     tx.delete("customers/old")
    """

    def __init__(self, scope: Scope, branch: str | None, message: str) -> None:
        super().__init__(scope)
        self._branch = branch
        self._message = message
        self._changes: list[Change] = []
        self.commit: Commit | None = None
        """The commit, once the block has ended."""

    def __repr__(self) -> str:
        state = f"commit {self.commit.id[:8]}" if self.commit else f"{len(self._changes)} changes"
        return f"<Transaction {self._message!r}: {state}>"

    def __enter__(self) -> "Transaction":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._changes:
            self.commit = self._scope.commit(self._branch, self._changes, self._message)

    def _apply(self, changes: Sequence[Change], message: str) -> None:
        self._changes += changes
