"""What cloud libraries raise, as our errors: by what a caller would do about it, and without a secret."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from lineageflow_core.errors import AccessDeniedError, LineageFlowError, StorageError, StorageFullError
from lineageflow_core.model.storage import StorageUrl

_DENIED = frozenset({401, 403, 407})
_MISSING = 404
_FULL = frozenset({507})
_QUERY = re.compile(r"\?[^\s'\"<>]*")
_USER = re.compile(r"//[^/\s@]*@")
_LONG = 300
_NO_CREDENTIALS = re.compile(
    r"credential|unauthori|authenticat|access.?denied|forbidden|permission|invalid.?access.?key|signature",
    re.IGNORECASE,
)


@contextmanager
def bucket_errors(url: StorageUrl, doing: str) -> Iterator[None]:
    """Turns what a cloud library raises into an error of ours; FileNotFoundError stays, it is an answer."""
    try:
        yield
    except (LineageFlowError, FileNotFoundError, FileExistsError):
        raise
    except Exception as error:
        if _status(error) == _MISSING:
            raise FileNotFoundError(without_secrets(str(error))) from error
        raise _failure(url, doing, error) from error


def _failure(url: StorageUrl, doing: str, error: Exception) -> LineageFlowError:
    said = without_secrets(str(error) or type(error).__name__)
    status = _status(error)
    if (
        status in _DENIED
        or isinstance(error, PermissionError)
        or (not status and _NO_CREDENTIALS.search(said))
    ):
        return AccessDeniedError(
            f"{url} does not let us {doing} ({said}): see that credentials are in the environment and "
            f"suffice; `lineageflow storage check {url}` names what is missing",
            storage=str(url),
        )
    if status in _FULL:
        return StorageFullError(f"{url} is full ({said}): free some, then try again", storage=str(url))
    return StorageError(
        f"{url} failed to {doing} ({said}): try again; `lineageflow storage check {url}` tells more",
        storage=str(url),
    )


def is_not_implemented(error: BaseException) -> bool:
    """Tells whether a storage lacks what it was asked for, as likes of S3 that have no conditional writes."""
    return _status(error) == 501 or "NotImplemented" in str(error) or "501 Not Implemented" in str(error)


def _status(error: BaseException) -> int | None:
    """Returns the HTTP status that an error, or what caused it, tells of."""
    seen: BaseException | None = error
    while seen is not None:
        for name in ("status_code", "code", "status"):
            value = getattr(seen, name, None)
            if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
                return int(value)
        response = getattr(seen, "response", None)
        if isinstance(response, dict):  # botocore's
            return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0) or None
        seen = seen.__cause__
    return None


def without_secrets(text: str) -> str:
    """Returns the first line of what a library says, without what may be a signature or a password."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    return _USER.sub("//", _QUERY.sub("", line))[:_LONG]
