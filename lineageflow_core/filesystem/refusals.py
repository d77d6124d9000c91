"""Our errors as the ones that Python's files have, which every library above fsspec knows how to take.

The text stays ours, so it still says what to do; the original is the `__cause__`.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from lineageflow_core.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    NotFoundError,
    PathConflictError,
    StorageFullError,
)


@contextmanager
def as_file_errors(path: str) -> Iterator[None]:
    """Raises what the block raises as FileNotFoundError, FileExistsError, PermissionError or OSError."""
    try:
        yield
    except NotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, error.message, path) from error
    except (AlreadyExistsError, PathConflictError) as error:
        raise FileExistsError(errno.EEXIST, error.message, path) from error
    except AccessDeniedError as error:
        raise PermissionError(errno.EACCES, error.message, path) from error
    except StorageFullError as error:
        raise OSError(errno.ENOSPC, error.message, path) from error


def not_found(path: str) -> FileNotFoundError:
    """Returns the error for a path where nothing is."""
    return FileNotFoundError(errno.ENOENT, "nothing is there", path)


def exists(path: str) -> FileExistsError:
    """Returns the error for a path that must be new."""
    return FileExistsError(errno.EEXIST, "something is there already; nothing was changed", path)


def is_a_folder(path: str) -> IsADirectoryError:
    """Returns the error for a folder where a file is meant."""
    return IsADirectoryError(errno.EISDIR, "it is a folder; name a file in it, or say recursive=True", path)


def no_file(path: str) -> OSError:
    """Returns the error for a repository, or nothing, where a file is meant."""
    return IsADirectoryError(errno.EISDIR, "name a file: 'lf://repository/[@ref/]path'", path)


def read_only(path: str, ref: str) -> OSError:
    """Returns the error for a write to what never changes."""
    return OSError(
        errno.EROFS,
        f"{ref!r} is a point in history, which never changes; write to a branch, or make one there with "
        f"`lineageflow branch create NAME --from {ref}`",
        path,
    )
