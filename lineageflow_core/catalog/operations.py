"""Operations on the log of operations."""

from datetime import datetime
from typing import Protocol

from lineageflow_core.model.operation import Operation, UndoPreview
from lineageflow_core.model.page import DEFAULT_LIMIT, Page


class Operations(Protocol):
    """Everything that was done to a repository, by whom and when; also to one that is deleted."""

    def get_operation(self, repository: str, operation_id: int) -> Operation:
        """Returns one operation. Raises OperationNotFoundError."""
        ...

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
        """Returns operations, newest first.

        `ref` is a branch's or tag's name, which may be gone by now, or `run:<id>`. Steps of runs, what is
        staged, and checks stand in the list only where `operation` or `ref` asks for them. `since` is the
        earliest time, `until` the first that is too late; without a zone they are UTC.
        """
        ...

    def preview_undo(self, repository: str, operation_id: int) -> UndoPreview:
        """Returns what `undo_operation` would do now. Raises what it would raise."""
        ...

    def undo_operation(
        self, repository: str, operation_id: int, *, author: str, key: str | None = None
    ) -> Operation:
        """Puts refs, settings and the repository back to before an operation; returns the new operation.

        So a deleted branch comes back, a new one goes, a name or default branch is what it was, and an undo
        is undone. Raises RefMovedError or ConflictError where one of those has changed since, and StateError
        for an operation that made a commit: `revert` and `reset` take those back, as commits. What protects
        a branch from being deleted or renamed protects it from that here, too.
        """
        ...
