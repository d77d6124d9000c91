"""What a reader asks before it reads: whether anything there is quarantined.

Invariant: whatever hands out the content of a path (bytes, rows, lines) asks first: here, or in the lake
itself where that does the reading (`service/quarantine.py`, which also answers here). Facts about content
(names, sizes, digests, columns, statistics, which files differ) are told in any case: people look for what is
bad.
"""

import inspect
import warnings
from collections.abc import Iterable, Sequence

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.names import is_under
from lineageflow_core.model.quarantine import QuarantineNotice

_INNER = frozenset({"lineageflow_core", "fsspec"})


class QuarantineWarning(UserWarning):
    """Something is read that is quarantined. Its text names the last good version."""


def admit(
    catalog: Catalog,
    repository: str,
    ref: str,
    path: str,
    *,
    partitions: Sequence[str] | None = None,
    allow_quarantined: bool = False,
) -> tuple[QuarantineNotice, ...]:
    """Returns what a reader of `path`, or of some of its partitions, is to be told, and warns of each.

    Raises QuarantinedVersionError where the repository stops such readers, unless they are allowed.
    """
    check = catalog.quarantine.check_reading
    if partitions is None:
        notices = check(repository, ref, path, allow_quarantined=allow_quarantined)
    else:
        # One question for all partitions. Which of them are bad is asked again only if any is.
        places = [f"{path}/{partition}" for partition in partitions]
        found = check(repository, ref, path, allow_quarantined=True)
        notices = tuple(each for each in found if _concerns(each, places))
        for each in notices:
            if not allow_quarantined:
                check(repository, ref, each.quarantine.path)
    warn(notices)
    return notices


def warn(notices: Iterable[QuarantineNotice]) -> None:
    """Warns of what is read. The warning names the line that read, however deep below it we are."""
    for notice in notices:
        warnings.warn(notice.text, QuarantineWarning, stacklevel=1 + _depth())


def _depth() -> int:
    """Returns how many calls lie between here and the code that is neither ours nor that of file systems."""
    frame, depth = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INNER:
        frame, depth = frame.f_back, depth + 1
    return depth - 1  # `warn` is the first that counts


def _concerns(notice: QuarantineNotice, places: Sequence[str]) -> bool:
    held = notice.quarantine.path
    return any(is_under(held, place) or is_under(place, held) for place in places)
