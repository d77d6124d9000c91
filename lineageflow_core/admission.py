"""What a reader asks before it reads: whether anything there is quarantined.

Invariant: whatever hands out the content of a path asks here first. Looking (listing, previews, diffs) is no
reading: people look at what is bad.
"""

import warnings
from collections.abc import Sequence

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.names import is_under
from lineageflow_core.model.quarantine import QuarantineNotice


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
    for notice in notices:
        warnings.warn(notice.text, QuarantineWarning, stacklevel=4)
    return notices


def _concerns(notice: QuarantineNotice, places: Sequence[str]) -> bool:
    held = notice.quarantine.path
    return any(is_under(held, place) or is_under(place, held) for place in places)
