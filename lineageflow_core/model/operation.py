"""Operations: the log of everything that was done to a repository, from which refs and settings come back."""

from dataclasses import dataclass
from datetime import datetime

from lineageflow_core.model.check import Check
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.refs import RefName
from lineageflow_core.model.repository import RepositoryChange
from lineageflow_core.model.settings import SettingsChange


@dataclass(frozen=True, slots=True, kw_only=True)
class RefMove:
    """Where a ref was before and after an operation."""

    ref: RefName
    before: CommitId | None
    """None: it was not there."""
    after: CommitId | None
    """None: it was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One entry of the log. Nothing is ever removed from it."""

    id: int
    """Larger than that of every earlier operation on the repository."""
    operation: str
    """What was done: 'commit', 'merge', 'delete_branch', 'update_settings', ..."""
    actor: str
    at: datetime
    moves: tuple[RefMove, ...] = ()
    """The refs that it moved; those that it only looked at are left out."""
    settings: SettingsChange | None = None
    repository: RepositoryChange | None = None
    """A new name or default branch; or it was deleted or restored."""
    check: Check | None = None
    """The result that was recorded."""
    quarantines: tuple[Quarantine, ...] = ()
    """Quarantines that it set or lifted."""
    undoes: int | None = None
    """The operation that it took back."""
    message: str = ""
    """What the actor said about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """What undoing an operation would do now."""

    operation: Operation
    """The one that would be undone."""
    moves: tuple[RefMove, ...] = ()
    settings: SettingsChange | None = None
    repository: RepositoryChange | None = None
