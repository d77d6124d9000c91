"""Whether imported objects still are what they were: each is looked up at its source, and none is read."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.transfer import ChangedReference, Reference, ReferenceReport
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.references import found_of
from lineageflow_core.store.sources import Source, describe

_AT_ONCE = 32


def verify(
    opened: OpenRepository, source: Callable[[str], Source], ref: str, path: str, *, after: str, limit: int
) -> ReferenceReport:
    """Returns what became of the references among the next `limit` objects."""
    listing = opened.tree(ref).objects(path, after=after)
    entries = list(islice(listing, limit))
    more = next(listing, None) is not None
    references = opened.stores.references.get_many(opened.info.id, {entry.object_id for entry in entries})
    mine = [(entry, references[entry.object_id]) for entry in entries if entry.object_id in references]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lineageflow-verify") as pool:
        found = pool.map(lambda pair: _change(source, *pair), mine)
        changed = tuple(each for each in found if each is not None)
    return ReferenceReport(
        objects=len(entries),
        references=len(mine),
        changed=changed,
        next=entries[-1].path if more else None,
    )


def _change(
    source: Callable[[str], Source], entry: ObjectEntry, reference: Reference
) -> ChangedReference | None:
    expected, now = found_of(reference), source(reference.source).find(reference.name)
    if now == expected:
        return None
    return ChangedReference(
        path=entry.path,
        object_id=entry.object_id,
        url=reference.url,
        expected=describe(expected),
        found=describe(now),
    )
