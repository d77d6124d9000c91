"""Every error LineageFlow raises, grouped by what a caller would do about it.

```
LineageFlowError
├── NotFoundError (LookupError)     RepositoryNotFoundError  RefNotFoundError  ObjectNotFoundError
│                                   RunNotFoundError  PlanNotFoundError  OperationNotFoundError
│                                   ImportNotFoundError  TokenNotFoundError  EventNotFoundError
│                                   DatasetNotFoundError  JobNotFoundError
├── AlreadyExistsError              the name is taken: choose another, or use what is there
├── ConflictError                   RefMovedError  MergeConflictError  StaleReadError  PathConflictError
│                                   PlanOutdatedError  CollectionBegunError
├── StateError                      TransactionClosedError  RuleViolatedError  CheckRequiredError
│                                   QuarantinedVersionError
│                                   the thing is in no state that allows this
├── InvalidInputError (ValueError)  the input can never work: mend it
│                                   NotATableError  UnreadableTableError
├── AccessDeniedError               ScopeMissingError
│                                   credentials are missing or do not suffice
├── StorageError (OSError)          StorageFullError  ObjectMissingError
│                                   ObjectCollectedError  BusyError
├── IntegrityError                  bytes are not what their address says: never retried
│                                   ChangedUnderneathError
├── IncompatibleLakeError           the lake was made by another version of LineageFlow
└── ServerUnreachableError          no answer from a remote lake (or no whole one)
```

Each class has a `kind`: a stable code for programs, the same in Python, over HTTP and in `--json`.
Kinds are append-only. Messages are for people: what was wrong, what was expected, what to do next.
"""

from typing import Any, ClassVar


class LineageFlowError(Exception):
    """The root of the tree. `details` holds what a program needs to react, as JSON-able values."""

    kind: ClassVar[str] = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        # Orchestrators pickle exceptions between processes; keyword details need this to survive.
        return _rebuild, (type(self), self.message, self.details)


def _rebuild(cls: type[LineageFlowError], message: str, details: dict[str, Any]) -> LineageFlowError:
    return cls(message, **details)


class NotFoundError(LineageFlowError, LookupError):
    """What was named does not exist."""

    kind = "not_found"


class RepositoryNotFoundError(NotFoundError):
    kind = "repository_not_found"


class RefNotFoundError(NotFoundError):
    """A branch, tag, commit or run branch that a ref names does not exist."""

    kind = "ref_not_found"


class ObjectNotFoundError(NotFoundError):
    """Nothing is at this path at this commit."""

    kind = "object_not_found"


class RunNotFoundError(NotFoundError):
    kind = "run_not_found"


class DatasetNotFoundError(NotFoundError):
    """No event names the dataset."""

    kind = "dataset_not_found"


class JobNotFoundError(NotFoundError):
    kind = "job_not_found"


class PlanNotFoundError(NotFoundError):
    kind = "plan_not_found"


class OperationNotFoundError(NotFoundError):
    kind = "operation_not_found"


class ImportNotFoundError(NotFoundError):
    kind = "import_not_found"


class EventNotFoundError(NotFoundError):
    kind = "event_not_found"


class TokenNotFoundError(NotFoundError):
    kind = "token_not_found"


class AlreadyExistsError(LineageFlowError):
    """The name is taken."""

    kind = "already_exists"


class ConflictError(LineageFlowError):
    """Somebody else changed the same thing meanwhile."""

    kind = "conflict"


class RefMovedError(ConflictError):
    """The branch is no longer at the commit that the caller expected: look again, then retry."""

    kind = "ref_moved"


class MergeConflictError(ConflictError):
    """Both sides changed the same units. `details["conflicts"]` lists them."""

    kind = "merge_conflict"


class StaleReadError(ConflictError):
    """Runs read what the target has changed since. `details["stale_reads"]` lists what."""

    kind = "stale_read"


class PathConflictError(ConflictError):
    """A path would be an object and a folder at once."""

    kind = "path_conflict"


class PlanOutdatedError(ConflictError):
    """What the plan would change has changed since it was made: make a new plan."""

    kind = "plan_outdated"


class CollectionBegunError(ConflictError):
    """A collection has begun since: look again at what is stored, then retry."""

    kind = "collection_begun"


class StateError(LineageFlowError):
    """The thing exists, but its state does not allow this."""

    kind = "state"


class TransactionClosedError(StateError):
    """The run's branch was published, discarded or has expired: nothing more is written to it."""

    kind = "transaction_closed"


class RuleViolatedError(StateError):
    """A rule of the branch does not allow this. `details` has the branch and the rule's pattern."""

    kind = "rule_violated"


class CheckRequiredError(RuleViolatedError):
    """Checks that the branch's rules require are missing or have failed: `details` lists which."""

    kind = "check_required"


class QuarantinedVersionError(StateError):
    """The version is quarantined, and the repository keeps readers from such versions.

    `details` has the path, the version, the reason, who said so, and the last good version and its commit.
    """

    kind = "quarantined"


class InvalidInputError(LineageFlowError, ValueError):
    """The input can never work as it is."""

    kind = "invalid_input"


class NotATableError(InvalidInputError):
    """Nothing at the path has rows and columns."""

    kind = "not_a_table"


class UnreadableTableError(InvalidInputError):
    """A file is not what its name says: it cannot be read as a table."""

    kind = "unreadable_table"


class AccessDeniedError(LineageFlowError):
    """Credentials are missing, wrong, or not sufficient."""

    kind = "access_denied"


class ScopeMissingError(AccessDeniedError):
    """The token is good, but not for this: `details` has the scope it needs, and those that it has."""

    kind = "scope_missing"


class StorageError(LineageFlowError, OSError):
    """The storage under a repository failed; nothing was published."""

    kind = "storage"


class StorageFullError(StorageError):
    """No space is left where objects are written."""

    kind = "storage_full"


class ObjectMissingError(StorageError):
    """A commit names bytes that are not in the storage."""

    kind = "object_missing"


class ObjectCollectedError(ObjectMissingError):
    """The bytes were collected, and are out of the trash: `details` has when, and by which rule."""

    kind = "collected"


class BusyError(StorageError):
    """More is waiting to be stored than may wait: the same again, a little later, will do."""

    kind = "busy"


class IntegrityError(LineageFlowError):
    """Bytes do not have the hash that they are stored under."""

    kind = "integrity"


class ChangedUnderneathError(IntegrityError):
    """An imported object is no longer, at its source, what it was. `details`: url, expected, found."""

    kind = "changed_underneath"


class IncompatibleLakeError(LineageFlowError):
    """The lake's format is not one that this version can read or write."""

    kind = "incompatible_lake"


class ServerUnreachableError(LineageFlowError):
    """A remote lake did not answer, or not wholly."""

    kind = "server_unreachable"


def error_classes() -> dict[str, type[LineageFlowError]]:
    """Returns every error class by its kind."""
    found: dict[str, type[LineageFlowError]] = {}
    pending: list[type[LineageFlowError]] = [LineageFlowError]
    while pending:
        cls = pending.pop()
        if "kind" in vars(cls):  # a subclass that somebody adds without one goes by its parent's
            found[cls.kind] = cls
        pending.extend(cls.__subclasses__())
    return found
