"""What events say, added up piece by piece so that no order matters.

A record is a join-semilattice: merging is commutative, associative and idempotent, so any order, any
grouping and any repetition of the same events gives the same record (Shapiro et al., "Conflict-free
Replicated Data Types", 2011). Its parts are last words (the newest of a facet counts), sets that only grow,
and smallest or largest instants. So a store keeps the record, and merges what a new event says into it,
without reading the events before.

A stamp decides whose word is last: what a run says itself before what others say of it, then by time, by the
kind of event, and by the event's digest, so that no two events are equal.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias

import msgspec

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.json_values import as_object, as_objects
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.run import Job
from lineageflow_core.openlineage.canonical import canonical_json
from lineageflow_core.openlineage.flows import flows
from lineageflow_core.openlineage.mentions import (
    Content,
    Naming,
    contents_of,
    last_namings,
    namings_of,
)
from lineageflow_core.openlineage.parse import (
    DatasetMention,
    Facets,
    ParsedEvent,
    parse_named,
)
from lineageflow_core.openlineage.vocabulary import EventType, Facet
from lineageflow_core.store.instants import to_microseconds
from lineageflow_core.store.ports import Word
from lineageflow_core.store.words import merge_words

Key: TypeAlias = tuple[str, str]
"""A job's or a dataset's namespace and name."""

_NO_TIME = -(1 << 62)
"""Before all times: an event without one has the first word, not the last."""
_OFFSET = 1 << 63
_UNTYPED = -1


Words: TypeAlias = dict[str, Word]
"""Facets by key."""


class AccessRecord(msgspec.Struct, array_like=True):
    """What was said of one input, or of one output."""

    seen: bytes = b""
    """The last stamp under which it was named."""
    first: int | None = None
    """The first time, in microseconds, at which it was."""
    facets: Words = {}
    contents: set[Content] = set()
    """Of a dataset of ours: they add up, because several workers write parts of one dataset."""
    named: list[Naming] = []
    """The versions that events named, in order, the last `mentions.MOST_NAMINGS` of them."""


class RunRecord(msgspec.Struct):
    """What the events of one run say, and what other runs' events say of it."""

    job: Word | None = None
    """Namespace and name."""
    end: Word | None = None
    """The type of its last final event: nothing that comes later opens a run again."""
    parent: Word | None = None
    """The parent's run id."""
    root: Word | None = None
    """The outermost run's id."""
    started: int | None = None
    """The first START, in microseconds."""
    going: int | None = None
    """When it was first seen going."""
    ended: int | None = None
    named: bytes = b""
    """The stamp of the last event that names any input or output."""
    facets: Words = {}
    job_facets: Words = {}
    inputs: dict[Key, AccessRecord] = {}
    outputs: dict[Key, AccessRecord] = {}


class Said(msgspec.Struct):
    """What some events say, of everything that they are about."""

    runs: dict[RunId, RunRecord] = {}
    jobs: dict[Key, Words] = {}
    declared: dict[Key, Word] = {}
    """What a job says that it reads and writes, without a run: two lists of namespaces and names."""
    datasets: dict[Key, Words] = {}
    links: set[tuple[Key, Key]] = set()
    """Two names of one dataset."""

    def add(self, other: "Said") -> None:
        """Merges what other events say."""
        for run_id, run in other.runs.items():
            self.runs[run_id] = merge_runs(self.runs.get(run_id), run)
        for mine, others in ((self.jobs, other.jobs), (self.datasets, other.datasets)):
            for about, words in others.items():
                mine[about] = merge_words(mine[about], words) if about in mine else words
        self.declared = merge_words(self.declared, other.declared) if other.declared else self.declared
        self.links |= other.links


def say(event: ParsedEvent, digest: bytes) -> Said:
    """Returns what one event says. `digest` identifies it."""
    stamp, moment = _stamp(event, digest), _microseconds(event.at)
    said = Said()
    inputs, outputs, datasets = (
        [_heard(mention, stamp, moment) for mention in side]
        for side in (event.inputs, event.outputs, event.datasets)
    )
    for each in (*inputs, *outputs, *datasets):
        before = said.datasets.get(each.key)
        said.datasets[each.key] = before | each.words if before else each.words
        said.links.update(each.links)
    if event.job is None:
        return said
    job_facets = _words(event.job_facets, stamp)
    job = (event.job.namespace, event.job.name)
    said.jobs[job] = job_facets
    if event.run_id is None:
        said.declared[job] = Word(stamp, canonical_json(_declared(event, event.job)))
        return said
    own = _own(event, event.job, stamp, moment)
    own.job_facets = job_facets
    own.inputs, own.outputs = _accesses(inputs), _accesses(outputs)
    said.runs[event.run_id] = own
    for run_id, run in _others(event, digest, moment):
        said.runs[run_id] = merge_runs(said.runs.get(run_id), run)
    return said


def merge_runs(one: RunRecord | None, other: RunRecord) -> RunRecord:
    """Returns what both say of one run."""
    if one is None:
        return other
    return RunRecord(
        job=_later(one.job, other.job),
        end=_later(one.end, other.end),
        parent=_later(one.parent, other.parent),
        root=_later(one.root, other.root),
        started=_first(one.started, other.started),
        going=_first(one.going, other.going),
        ended=_last(one.ended, other.ended),
        named=max(one.named, other.named),
        facets=merge_words(one.facets, other.facets),
        job_facets=merge_words(one.job_facets, other.job_facets),
        inputs=_merge_accesses(one.inputs, other.inputs),
        outputs=_merge_accesses(one.outputs, other.outputs),
    )


def encode_record(record: RunRecord) -> bytes:
    """Returns a record as bytes to keep: equal records as equal bytes."""
    ordered = msgspec.structs.replace(
        record,
        facets=_in_order(record.facets),
        job_facets=_in_order(record.job_facets),
        inputs=_accesses_in_order(record.inputs),
        outputs=_accesses_in_order(record.outputs),
    )
    return msgspec.msgpack.encode(ordered)


def _accesses_in_order(accesses: Mapping[Key, AccessRecord]) -> dict[Key, AccessRecord]:
    return {
        key: msgspec.structs.replace(
            access, facets=_in_order(access.facets), contents=sorted(access.contents)
        )
        for key, access in sorted(accesses.items(), key=lambda item: item[0])
    }


def _in_order(words: Words) -> Words:
    return dict(sorted(words.items(), key=lambda item: item[0])) if len(words) > 1 else words


def decode_record(content: bytes) -> RunRecord:
    """Returns what `encode_record` made of a record."""
    return msgspec.msgpack.decode(content, type=RunRecord)


def _own(event: ParsedEvent, job: Job, stamp: bytes, moment: int | None) -> RunRecord:
    """What an event says of its own run, but for facets of its job, and for datasets."""
    is_final = event.type is not None and event.type.is_final
    going = None if is_final or event.is_plan else moment
    around = event.parent
    parent = around.run_id if around and around.run_id != event.run_id else None
    root = around.root_run_id if around and around.root_run_id != event.run_id else None
    return RunRecord(
        job=Word(stamp, canonical_json([job.namespace, job.name])),
        end=Word(stamp, canonical_json(event.type)) if is_final else None,
        parent=Word(stamp, canonical_json(parent)) if parent else None,
        root=Word(stamp, canonical_json(root)) if root else None,
        started=going if event.type is EventType.START else None,
        going=going,
        ended=moment if is_final else None,
        named=stamp if event.inputs or event.outputs else b"",
        facets=_words(event.run_facets, stamp),
    )


def _others(event: ParsedEvent, digest: bytes, moment: int | None) -> Iterator[tuple[RunId, RunRecord]]:
    """What an event says of its parent and root runs.

    Many producers never send events about the runs that their steps belong to, and all may come late. Where
    the event is a START, it also says that those runs were going at that time.
    """
    around = event.parent
    if around is None or around.run_id == event.run_id:
        return
    stamp = _stamp(event, digest, is_own=False)
    going = moment if event.type is EventType.START else None
    root = canonical_json([around.root_job.namespace, around.root_job.name])
    yield around.root_run_id, RunRecord(job=Word(stamp, root), going=going)
    if around.run_id != around.root_run_id:
        yield (
            around.run_id,
            RunRecord(
                job=Word(stamp, canonical_json([around.job.namespace, around.job.name])),
                parent=Word(stamp, canonical_json(around.root_run_id)),
                root=Word(stamp, canonical_json(around.root_run_id)),
                going=going,
            ),
        )


class _Heard(NamedTuple):
    """What an event says where it names a dataset."""

    key: Key
    words: Words
    """About the dataset as such."""
    links: list[tuple[Key, Key]]
    access: AccessRecord
    """About this reading or writing of it."""


def _heard(mention: DatasetMention, stamp: bytes, moment: int | None) -> _Heard:
    key, words = (mention.namespace, mention.name), _words(mention.facets, stamp)
    access = AccessRecord(
        seen=stamp,
        first=moment,
        facets=words | _words(mention.own, stamp) if mention.own else words,
        contents=contents_of(mention.facets.get(Facet.OUR_COMMIT)),
        named=namings_of(mention, moment),
    )
    links = list(_links(key, mention.facets)) if Facet.SYMLINKS in mention.facets else []
    return _Heard(key, words, links, access)


def _accesses(heard: Iterable[_Heard]) -> dict[Key, AccessRecord]:
    found: dict[Key, AccessRecord] = {}
    for key, _, _, access in heard:
        before = found.get(key)
        if before is not None:
            access.facets = before.facets | access.facets
            access.contents |= before.contents
            access.named = last_namings(before.named, access.named)
        found[key] = access
    return found


def _merge_accesses(
    some: Mapping[Key, AccessRecord], others: Mapping[Key, AccessRecord]
) -> dict[Key, AccessRecord]:
    merged = dict(some)
    for key, other in others.items():
        one = merged.get(key)
        merged[key] = (
            other
            if one is None
            else AccessRecord(
                seen=max(one.seen, other.seen),
                first=_first(one.first, other.first),
                facets=merge_words(one.facets, other.facets),
                contents=one.contents | other.contents,
                named=last_namings(one.named, other.named),
            )
        )
    return merged


def _links(key: Key, facets: Facets) -> Iterator[tuple[Key, Key]]:
    """Reads the symlinks facet: other names of the dataset."""
    for identifier in as_objects(as_object(facets.get(Facet.SYMLINKS)).get("identifiers")):
        other = parse_named(identifier)
        if other is not None and other != key:
            yield min(key, other), max(key, other)


def _declared(event: ParsedEvent, job: Job) -> list[list[list[str]]]:
    """What a job says that it reads and writes, also by its `lineage` facet, as a run's would."""
    reads, writes = (
        {DatasetName(namespace=each.namespace, name=each.name): each.facets for each in side}
        for side in (event.inputs, event.outputs)
    )
    said = flows(job, event.job_facets, writes)
    sides = (
        {*reads, *said.reads, *(source for fed in said.outputs.values() for source in fed.sources)},
        {*writes, *said.outputs},
    )
    return [[[each.namespace, each.name] for each in sorted(side)] for side in sides]


def _words(facets: Facets, stamp: bytes) -> Words:
    return {
        key: Word(stamp, None if facet is None else canonical_json(facet)) for key, facet in facets.items()
    }


def _stamp(event: ParsedEvent, digest: bytes, *, is_own: bool = True) -> bytes:
    moment = _microseconds(event.at)
    return b"".join(
        (
            bytes([is_own]),
            ((_NO_TIME if moment is None else moment) + _OFFSET).to_bytes(8, "big"),
            bytes([(event.type.rank if event.type else _UNTYPED) + 1]),
            digest[:16],
        )
    )


def _microseconds(at: datetime | None) -> int | None:
    return None if at is None else to_microseconds(at)


def _later(one: Word | None, other: Word | None) -> Word | None:
    if one is None or other is None:
        return one or other
    return other if one.stamp < other.stamp else one


def _first(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _last(one: int | None, other: int | None) -> int | None:
    return max((each for each in (one, other) if each is not None), default=None)
