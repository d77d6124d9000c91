"""The rules for names that people choose: paths, repositories, refs.

Names come from users and end up in addresses, file names and URLs, so they are checked here, once,
before anything else sees them.
"""

import re
import unicodedata

from lineageflow_core.errors import InvalidInputError

MAX_PATH_BYTES = 1024
"""The longest key that every supported bucket takes."""
MAX_SEGMENT_BYTES = 255
"""The longest file name that common file systems take, so that any commit can be exported to a folder."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_PLAIN_PATH = re.compile(r"\w[ -.0-\[\]-~]{0,99}(?:/\w[ -.0-\[\]-~]{0,99})*", re.ASCII)
"""Paths that break no rule, unless they are too long: most are of this kind, and one look tells."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_RESERVED_REFS = frozenset({"HEAD", "run", "time"})


def check_path(path: str) -> str:
    """Returns `path` in Unicode NFC if it can name an object, dataset or partition.

    Raises InvalidInputError, naming the rule that the path breaks.
    """
    if len(path) <= MAX_PATH_BYTES and _PLAIN_PATH.fullmatch(path):
        return path

    def bad(reason: str) -> InvalidInputError:
        return InvalidInputError(
            f"path {path[:200]!r} {reason}; a path is like 'sales/orders/part-0.parquet'"
        )

    if not path:
        raise InvalidInputError("the path is empty; a path is like 'sales/orders/part-0.parquet'")
    if _CONTROL.search(path):
        raise bad("holds a control character")
    if "\\" in path:
        raise bad("holds a backslash: separate folders with '/'")
    if path.startswith("@"):
        raise bad("starts with '@', which is reserved for refs")
    path = unicodedata.normalize("NFC", path)
    if len(path.encode()) > MAX_PATH_BYTES:
        raise bad(f"is longer than {MAX_PATH_BYTES} bytes")
    for segment in path.split("/"):
        if segment == "":
            raise bad("has an empty segment: no leading, trailing or double '/'")
        if segment in {".", ".."}:
            raise bad(f"has the segment {segment!r}: paths are absolute inside the repository")
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            raise bad(f"has a segment longer than {MAX_SEGMENT_BYTES} bytes")
    return path


def check_folder(path: str) -> str:
    """Returns `path` as `check_path` does, or '', which is the whole repository."""
    return check_path(path) if path else ""


def check_repository_name(name: str) -> str:
    """Returns `name` if it can name a repository, or raises InvalidInputError."""
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"{name[:200]!r} cannot name a repository: use up to 128 letters, digits, '.', '_' and '-', "
            "starting with a letter or digit"
        )
    return name


def check_ref_name(name: str) -> str:
    """Returns `name` if it can name a branch or tag, or raises InvalidInputError.

    A ref holds no '/', because it is one segment of an address, and no '~', '@', '{', ':' or '..', because
    those are ref syntax. It is not 64 hex digits long, because that is a commit id.
    """
    reserved = name in _RESERVED_REFS or ".." in name or re.fullmatch(r"[0-9a-f]{64}", name)
    if not _NAME.fullmatch(name) or reserved:
        raise InvalidInputError(
            f"{name[:200]!r} cannot name a branch or tag: use up to 128 letters, digits, '.', '_' and '-', "
            "starting with a letter or digit, and not a reserved word, a range ('..') or a commit id"
        )
    return name


def parents_of(path: str) -> list[str]:
    """Returns every folder that `path` lies in, outermost first: `a/b/c` gives `a`, `a/b`."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def is_under(path: str, folder: str) -> bool:
    """Tells whether `path` is `folder` or lies in it; every path lies in the folder ''."""
    return folder in {"", path} or path.startswith(folder + "/")
