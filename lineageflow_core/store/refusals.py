"""The errors that every implementation of the ports raises, worded once."""

from pathlib import Path

from lineageflow_core.errors import (
    AlreadyExistsError,
    CollectionBegunError,
    ConflictError,
    IntegrityError,
    InvalidInputError,
    ObjectCollectedError,
    ObjectMissingError,
    PlanNotFoundError,
    RefMovedError,
    StateError,
    TransactionClosedError,
)
from lineageflow_core.model.collection import Collected
from lineageflow_core.model.ids import CommitId, ObjectId, PlanId, RunId
from lineageflow_core.model.run import TransactionState
from lineageflow_core.store.ports import RefUpdate


def object_missing(object_id: ObjectId) -> ObjectMissingError:
    """Returns the error for an object that is not stored."""
    return ObjectMissingError(
        f"object {object_id} is not in the storage: upload it again, or restore it from a backup",
        object_id=object_id,
    )


def object_collected(
    object_id: ObjectId, collected: Collected | None, *, count: int = 1
) -> ObjectCollectedError:
    """Returns the error for an object that a collection took, and that is out of the trash."""
    others = f" (and {count - 1} more)" if count > 1 else ""
    when = f" on {collected.at:%Y-%m-%d}" if collected is not None and collected.at is not None else ""
    reason = f": {collected.reason}" if collected is not None else ""
    number = collected.collection if collected is not None else None
    return ObjectCollectedError(
        f"object {object_id[:12]}{others} was collected{when}{reason}. It is out of the trash, so it cannot "
        "be restored from there: upload it again, or restore it from a backup",
        object_id=object_id,
        collection=number,
        at=collected.at.isoformat() if collected is not None and collected.at is not None else None,
        reason=collected.reason if collected is not None else None,
    )


def tree_collected(commit: CommitId) -> ObjectCollectedError:
    """Returns the error for a commit whose tree a collection took."""
    return ObjectCollectedError(
        f"the content of commit {commit[:12]} was collected, because no branch, tag, run or plan led to it: "
        "choose a commit that `lineageflow log` shows, or restore the repository from a backup",
        commit=commit,
    )


def object_damaged(object_id: ObjectId, digest: str) -> IntegrityError:
    """Returns the error for an object whose bytes have another digest than its name."""
    return IntegrityError(
        f"object {object_id} is damaged, its bytes have the digest {digest}: restore it from a backup",
        object_id=object_id,
        digest=digest,
    )


def pack_missing(pack_id: str) -> ObjectMissingError:
    """Returns the error for a pack that is not stored."""
    return ObjectMissingError(
        f"pack {pack_id} is not in the storage: restore it from a backup", pack_id=pack_id
    )


def pack_too_short(pack_id: str, end: int) -> IntegrityError:
    """Returns the error for a pack that ends before byte `end`."""
    return IntegrityError(
        f"pack {pack_id} is damaged, it ends before byte {end}: restore it from a backup", pack_id=pack_id
    )


def source_unreadable(source: Path, reason: str | None) -> InvalidInputError:
    """Returns the error for a file that cannot be read to be stored."""
    return InvalidInputError(
        f"{source} cannot be stored: {reason}; name files that can be read", source=str(source)
    )


def repository_taken(name: str) -> AlreadyExistsError:
    """Returns the error for a repository that is there already, but is another one."""
    return AlreadyExistsError(
        f"there is a repository {name!r} already: use it, or choose another name", name=name
    )


def ref_moved(update: RefUpdate, actual: CommitId | None) -> RefMovedError:
    """Returns the error for a ref that is at `actual`, not where the update expects it."""
    return RefMovedError(
        f"{update.ref} is {_place(actual)}, not {_place(update.expected)} as expected: look again and retry",
        ref=str(update.ref),
        expected=update.expected,
        actual=actual,
    )


def repository_changed(name: str) -> ConflictError:
    """Returns the error for a repository that somebody else changed meanwhile."""
    return ConflictError(
        f"repository {name!r} was renamed, deleted, or given another default branch meanwhile: look again "
        "and retry",
        repository=name,
    )


def repository_kept(repository: str) -> StateError:
    """Returns the error for a repository that would be purged before anybody deleted it."""
    return StateError(f"repository {repository} is not deleted, so it is not purged: delete it first")


def tag_spent(tag: str, commit: CommitId) -> AlreadyExistsError:
    """Returns the error for a name that was a tag's once, and is to mean something else."""
    return AlreadyExistsError(
        f"tag {tag!r} names commit {commit[:12]}, or did until it was deleted, and a tag's name never means "
        "anything else: make the tag there, or choose another name",
        ref=tag,
        commit=commit,
    )


def collection_begun(expected: int, actual: int) -> CollectionBegunError:
    """Returns the error for a writer that looked at what is stored before a collection began."""
    return CollectionBegunError(
        f"collection {actual} has begun since what is stored was looked at ({expected} was the last then): "
        "look again and retry",
        expected=expected,
        actual=actual,
    )


def settings_changed() -> ConflictError:
    """Returns the error for settings that somebody else changed meanwhile."""
    return ConflictError(
        "the settings have changed since they were read: read them again, then change what is to be changed"
    )


def transaction_closed(run_id: RunId, state: TransactionState) -> TransactionClosedError:
    """Returns the error for a write to a transaction that is over."""
    return TransactionClosedError(
        f"the transaction of run {run_id} is {state.value}: nothing more is written to it; start another run",
        run_id=run_id,
        state=state.value,
    )


def commit_missing(commit: CommitId) -> InvalidInputError:
    """Returns the error for a publication that points at a commit which is nowhere."""
    return InvalidInputError(
        f"commit {commit} is not stored: publish it with, or before, what points at it", commit=commit
    )


def plan_missing(plan: PlanId) -> PlanNotFoundError:
    """Returns the error for a plan that is not stored."""
    return PlanNotFoundError(f"there is no plan {plan!r}", plan=plan)


def plan_taken(plan: PlanId) -> AlreadyExistsError:
    """Returns the error for another plan under an id that is taken."""
    return AlreadyExistsError(f"there is a plan {plan!r} already, and it is another one", plan=plan)


def token_name_taken(name: str) -> AlreadyExistsError:
    """Returns the error for a token whose name another one has that is not revoked."""
    return AlreadyExistsError(
        f"there is a token {name!r} already: choose another name, or revoke that one first", name=name
    )


def turn_held() -> StateError:
    """Returns the error for a thread that would wait for itself."""
    return StateError("this thread holds this turn already and would wait for itself: leave it first")


def _place(commit: CommitId | None) -> str:
    return f"at commit {commit[:12]}" if commit else "absent"
