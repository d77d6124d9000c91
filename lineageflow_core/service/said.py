"""What runs said, read from their records: facets of runs, of jobs, and of what was read and written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import AccessFacets, Facets, KnownColumn
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.openlineage.parse import parse_text
from lineageflow_core.openlineage.record import Key, RunRecord, Words, decode_record
from lineageflow_core.openlineage.vocabulary import Facet
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.renames import first_names_today
from lineageflow_core.store.instants import from_microseconds
from lineageflow_core.store.ports import Word
from lineageflow_core.store.words import merge_words

_LARGEST = (1 << 53) - 1
"""What every reader of JSON takes for the same integer (RFC 8259, section 6)."""
_DEEPEST = 20
"""Levels of nested columns that are shown: no format has more, and a broken event may."""


class Said:
    """What some runs said."""

    def __init__(self, lake: Lake, run_ids: Sequence[RunId]) -> None:
        found = lake.lineage.records(run_ids)
        self._records = {run_id: decode_record(record) for run_id, record in found.items() if record}
        self._firsts = _first_names(lake, self._records)

    def record(self, run_id: RunId) -> RunRecord:
        """Returns all that was said of a run."""
        return self._records.get(run_id) or RunRecord()

    def accesses(self, run_id: RunId, *, written: bool) -> dict[DatasetName, Words]:
        """Returns what a run said of each dataset that it read, or wrote, by first names."""
        record = self.record(run_id)
        found: dict[DatasetName, Words] = {}
        for key, access in (record.outputs if written else record.inputs).items():
            first = self._firsts[run_id, key]
            found[first] = merge_words(found.get(first, {}), access.facets)
        return found

    def access_facets(self, run_id: RunId, *, written: bool) -> tuple[AccessFacets, ...]:
        """Returns the same as facets, by name."""
        return tuple(
            AccessFacets(dataset=dataset, facets=plain_facets(words))
            for dataset, words in sorted(self.accesses(run_id, written=written).items())
        )

    def facets(self, run_id: RunId, dataset: DatasetName, *, written: bool) -> Facets:
        """Returns what a run said of one dataset that it read, or wrote."""
        return plain_facets(self.accesses(run_id, written=written).get(dataset, {}))


def _first_names(lake: Lake, records: Mapping[RunId, RunRecord]) -> dict[tuple[RunId, Key], DatasetName]:
    """Returns the first name, as it is today, of each dataset that a run named: as of when the run began."""
    names = lake.names()
    lasting = {
        (run_id, key): names.lasting(DatasetName(namespace=key[0], name=key[1]), _began(record))
        for run_id, record in records.items()
        for key in (*record.inputs, *record.outputs)
    }
    firsts = first_names_today(lake.stores.datasets, names, set(lasting.values()))
    return {place: firsts[name] for place, name in lasting.items()}


def _began(record: RunRecord) -> datetime | None:
    known = (each for each in (record.started, record.going, record.ended) if each is not None)
    moment = next(known, None)
    return None if moment is None else from_microseconds(moment)


def plain_facets(words: Mapping[str, Word]) -> Facets:
    """Returns facets by key, without those that were taken back, as JSON that any client can hold."""
    read = ((key, word.read()) for key, word in words.items())
    return {plain(key): plain(facet) for key, facet in read if isinstance(facet, Mapping)}


def plain(value: Any) -> Any:
    """Returns JSON without what not all its readers can hold: large integers, and text that is no UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, int) and abs(value) > _LARGEST else value


def columns_of(facets: Mapping[str, Any]) -> tuple[KnownColumn, ...] | None:
    """Returns the columns that the facet `schema` tells of; None where there is none."""
    schema = facets.get(Facet.SCHEMA)
    fields = schema.get("fields") if isinstance(schema, Mapping) else None
    return tuple(_columns(fields, "", _DEEPEST)) if isinstance(fields, list) else None


def _columns(fields: Iterable[Any], around: str, depth: int) -> Iterator[KnownColumn]:
    for each in fields:
        name = parse_text(each.get("name")) if isinstance(each, Mapping) else None
        if not name:
            continue
        yield KnownColumn(
            name=around + name,
            type=parse_text(each.get("type")),
            description=parse_text(each.get("description")),
        )
        inside = each.get("fields")
        if isinstance(inside, list) and depth:
            yield from _columns(inside, f"{around}{name}.", depth - 1)
