"""Errors as RFC 9457 problem details, and back to the same class with the same message and details.

The `kind` says which error it is; the status is the coarse answer for those who only know HTTP.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from lineageflow_core.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    ChangedUnderneathError,
    ConflictError,
    IntegrityError,
    InvalidInputError,
    LineageFlowError,
    NotFoundError,
    ObjectCollectedError,
    ObjectMissingError,
    ServerUnreachableError,
    StateError,
    StorageError,
    StorageFullError,
    error_classes,
)
from lineageflow_core.wire.codec import decode, encode

MEDIA_TYPE = "application/problem+json"

_STATUS: dict[type[LineageFlowError], int] = {
    NotFoundError: 404,
    ObjectMissingError: 404,
    ObjectCollectedError: 410,
    AlreadyExistsError: 409,
    ConflictError: 409,
    StateError: 409,
    InvalidInputError: 422,
    AccessDeniedError: 403,
    StorageFullError: 507,
    StorageError: 503,
    ChangedUnderneathError: 409,
    IntegrityError: 500,
    ServerUnreachableError: 502,
    LineageFlowError: 500,
}
"""By the nearest class that is here."""

_FALLBACK: dict[int, type[LineageFlowError]] = {
    401: AccessDeniedError,
    403: AccessDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: ObjectCollectedError,
    413: InvalidInputError,
    422: InvalidInputError,
    503: StorageError,
    507: StorageFullError,
}
"""For kinds that a newer server has and this version does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as it travels."""

    type: str
    """A URI for the kind."""
    title: str
    """The kind in words."""
    status: int
    """As in the answer's head."""
    detail: str
    """What was wrong, what was expected, what to do next."""
    kind: str
    """The stable code of the error's class."""
    details: dict[str, Any] = field(default_factory=dict)
    """What a program needs to react."""


def status_of(error: LineageFlowError) -> int:
    """Returns the HTTP status for an error."""
    return next(_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS)


def problem_of(error: LineageFlowError, *, status: int | None = None) -> Problem:
    """Returns an error as a problem; `status` is used where the place knows better (401, 413)."""
    return Problem(
        type=f"urn:lineageflow:error:{error.kind}",
        title=error.kind.replace("_", " ").capitalize(),
        status=status or status_of(error),
        detail=error.message,
        kind=error.kind,
        details=msgspec.to_builtins(error.details),
    )


def encode_problem(problem: Problem) -> bytes:
    """Returns a problem as application/problem+json."""
    return encode(problem)


def decode_problem(content: bytes) -> LineageFlowError | None:
    """Returns the error that a problem tells of; None where the content is no problem of ours."""
    try:
        problem = decode(content, Problem)
    except InvalidInputError:
        return None
    cls = error_classes().get(problem.kind) or _FALLBACK.get(problem.status, LineageFlowError)
    return cls(problem.detail, **problem.details)
