"""Lists of what has a namespace and a name, in memory: their pages by name, and by position."""

import re
from collections.abc import Collection, Iterable
from typing import TypeVar

from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.run import Job
from lineageflow_core.store.paging import PlaceOfName, check_limit, page_of, stretch_of

T = TypeVar("T", DatasetName, Job)


def page_by_name(names: Iterable[T], *, namespace: str | None, after: str | None, limit: int) -> Page[T]:
    """Returns a page of what is in a namespace, or in any."""
    check_limit(limit)
    place = PlaceOfName.parse(after) if after is not None else None
    found = [
        each
        for each in sorted(names)
        if namespace in {None, each.namespace} and (place is None or _place_of(each) > place)
    ]
    return page_of(found, limit, cursor=_place_of)


def stretch_by_name(
    names: Collection[T], *, namespace: str | None, pattern: str | None, offset: int, limit: int
) -> Stretch[T]:
    """Returns a stretch of what is in a namespace, or in any, and has `pattern` in its name, or any name."""
    wanted = re.compile(_as_regex(pattern or ""), re.DOTALL)
    found = [
        each
        for each in sorted(names)
        if namespace in {None, each.namespace} and wanted.search(each.name.lower())
    ]
    return stretch_of(found, offset=offset, limit=limit)


def _place_of(named: DatasetName | Job) -> PlaceOfName:
    return PlaceOfName(named.namespace, named.name)


def _as_regex(pattern: str) -> str:
    signs = {"%": ".*", "_": "."}
    return "".join(signs.get(sign) or re.escape(sign) for sign in pattern.lower())
