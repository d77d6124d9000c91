"""Writing lineage: facts take the place of those before, and what is bound to them follows.

Everything that one transaction puts is written at its end, a statement a table and not a row. Of runs that
were not there before, nothing is looked for; rows of others that did not change stay as they are: so a run
that goes on costs what is new about it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.run import Job
from lineageflow_core.store.ports import RunFacts, StoredEvent, Word
from lineageflow_core.store.words import merge_words, wires_of
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.accesses import Accesses, put_accesses, stated_accesses
from lineageflow_server.sql.bulk import find_rows, insert_rows, new_keys, put_rows
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dataset_names import Name, Named, dataset_keys, job_keys, link
from lineageflow_server.sql.dialect import is_one_of
from lineageflow_server.sql.last_words import put_words
from lineageflow_server.sql.lineage_digests import digests
from lineageflow_server.sql.pruning import prune
from lineageflow_server.sql.run_details import put_details
from lineageflow_server.sql.run_loops import put_loops
from lineageflow_server.sql.tables import lake

_AT_ONCE = 500
"""Runs whose facts are written together."""
_FACTS = (
    tables.dataset_terms,
    tables.job_terms,
    tables.dataset_words,
    tables.job_words,
    tables.tested,
    tables.declarations,
    tables.job_edges,
    tables.run_columns,
    tables.column_edges,
    tables.column_maps,
    tables.flows,
    tables.open_reads,
    tables.ios,
    tables.versions,
    tables.datasets,
    tables.runs,
    tables.jobs,
)
"""All that follows from events, with what refers to others before those."""


class SqlLineageWriter:
    """A `LineageWriter` in the transaction of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runs: dict[RunId, int | None] = {}
        """Keys of runs that were asked for and not yet put; None of those that are not there."""
        self._loop_of: dict[RunId, RunId] = {}
        """The first run of the loop that a run is part of, of those that were asked for."""
        self._facts: dict[RunId, tuple[RunFacts, bytes]] = {}
        self._job_words: dict[tuple[Name, str], Word] = {}
        self._dataset_words: dict[tuple[Name, str], Word] = {}
        self._jobs: set[Name] = set()
        """That events are about."""
        self._datasets: set[Name] = set()
        self._links: dict[tuple[DatasetName, DatasetName], None] = {}

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        digest = tables.events.c.digest
        asked = [event.digest for event in events]
        there = {found for [found] in find_rows(self._connection, (digest,), digest, asked)}
        told: list[bool] = []
        fresh = []
        for event in events:
            told.append(event.digest not in there)
            if event.digest not in there:
                there.add(event.digest)  # given twice, it is new once
                fresh.append(lineage_rows.event_row(event))
        insert_rows(self._connection, tables.events, fresh)
        return told

    def reread(self, events: Sequence[StoredEvent]) -> None:
        if events:
            rows = [{"stored": each.digest, **lineage_rows.reading_row(each)} for each in events]
            event = tables.events
            values = {name: bindparam(name, type_=event.c[name].type) for name in rows[0] if name != "stored"}
            here = event.c.digest == bindparam("stored")
            self._connection.execute(update(event).where(here).values(values), rows)

    def replace(self, digest: bytes, by: bytes) -> None:
        event = tables.events
        self._connection.execute(update(event).where(event.c.digest == digest).values(replaced_by=by))

    def records(self, run_ids: Collection[RunId]) -> dict[RunId, bytes]:
        put = {run_id: self._facts[run_id][1] for run_id in run_ids if run_id in self._facts}
        run, stored = tables.runs.c, {}
        asked = [run_id for run_id in run_ids if run_id not in put]
        self._runs |= dict.fromkeys(asked)
        columns = (run.id, run.key, run.loop, run.record)
        for run_id, key, loop, record in find_rows(self._connection, columns, run.id, asked):
            self._runs[run_id] = key
            if loop is not None:
                self._loop_of[run_id] = loop
            stored[run_id] = lineage_rows.record_from(record)
        return stored | put

    def put_facts(self, facts: RunFacts, record: bytes = b"") -> None:
        if len(self._facts) >= _AT_ONCE:
            self.flush()
        self._facts[facts.run.id] = facts, record

    def put_words(
        self,
        *,
        jobs: Mapping[Job, Mapping[str, Word]] = {},
        declared: Mapping[Job, Word] = {},
        datasets: Mapping[DatasetName, Mapping[str, Word]] = {},
    ) -> None:
        by_job = {(job.namespace, job.name): words for job, words in jobs.items()}
        by_declaring = {(job.namespace, job.name): {"": word} for job, word in declared.items()}
        by_dataset = {(name.namespace, name.name): words for name, words in datasets.items()}
        self._jobs |= by_job.keys() | by_declaring.keys()
        self._datasets |= by_dataset.keys()
        for words in (by_job, by_declaring):
            self._job_words = merge_words(self._job_words, _by_place(words))
        self._dataset_words = merge_words(self._dataset_words, _by_place(by_dataset))

    def link(self, names: Collection[tuple[DatasetName, DatasetName]]) -> None:
        self._links |= dict.fromkeys(names)

    def stored_events(self, *, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        seq = tables.events.c.seq
        query = select(tables.events).where(seq > after).order_by(seq).limit(limit)
        return [(row.seq, lineage_rows.event_from(row)) for row in self._connection.execute(query)]

    def prune(self, run_ids: Collection[RunId]) -> None:
        self.flush()
        self._runs.clear()
        self._loop_of.clear()
        prune(self._connection, run_ids)

    def prune_events(self, digests: Collection[bytes]) -> None:
        for some in chunks(list(digests)):
            self._connection.execute(delete(tables.events).where(tables.events.c.digest.in_(some)))

    def pruned(self, run_ids: Collection[RunId]) -> set[RunId]:
        gone = tables.pruned_runs.c.id
        return {run_id for [run_id] in find_rows(self._connection, (gone,), gone, list(run_ids))}

    def keep_words(self, words: Mapping[bytes, bytes]) -> None:
        rows = [{"digest": digest, "words": each} for digest, each in sorted(words.items())]
        put_rows(self._connection, tables.kept_words, rows, by=("digest",))

    def kept_words(self, digests: Collection[bytes]) -> dict[bytes, bytes]:
        kept = tables.kept_words.c
        return dict(find_rows(self._connection, (kept.digest, kept.words), kept.digest, list(digests)))

    def all_kept_words(self, *, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        kept = tables.kept_words
        query = select(kept).where(kept.c.digest > after).order_by(kept.c.digest).limit(limit)
        return [(row.digest, row.words) for row in self._connection.execute(query)]

    def clear(self) -> None:
        self._forget()
        self._runs.clear()
        self._loop_of.clear()
        self._connection.execute(update(tables.datasets).values(first=None))  # rows that refer to each other
        for table in _FACTS:
            self._connection.execute(delete(table))

    def digests(self) -> dict[str, str]:
        self.flush()
        return digests(self._connection)

    def set_fold(self, fold: int) -> None:
        self._connection.execute(update(lake).values(fold=fold))

    def flush(self) -> None:
        """Writes all that was put."""
        accesses = self._relinked()
        accesses |= {
            run_id: Accesses(facts.reads, facts.writes) for run_id, (facts, _) in self._facts.items()
        }
        facts = [facts for facts, _ in self._facts.values()]
        known = self._known_runs(accesses)
        jobs = self._job_keys(facts)
        runs = known | self._put_runs(known, jobs)
        names = self._dataset_keys(facts, accesses.values())
        put_accesses(
            self._connection,
            {runs[run_id]: each for run_id, each in accesses.items()},
            names,
            known=list(known.values()),
        )
        put_details(
            self._connection,
            {runs[each.run.id]: each for each in facts},
            known=list(known.values()),
            jobs=jobs,
            names=names,
        )
        put_words(
            self._connection,
            jobs={(jobs[name], facet): word for (name, facet), word in self._job_words.items()},
            datasets={(names[name].key, facet): word for (name, facet), word in self._dataset_words.items()},
        )
        declaring = {name for name, facet in self._job_words if facet == ""}
        self._declare({jobs[name]: Job(namespace=name[0], name=name[1]) for name in declaring})
        for run_id in accesses:  # of a rebuild there is any number
            self._runs.pop(run_id, None)
        self._forget()

    def _forget(self) -> None:
        self._facts.clear()
        self._job_words, self._dataset_words = {}, {}
        self._jobs.clear()
        self._datasets.clear()
        self._links.clear()

    def _relinked(self) -> dict[RunId, Accesses]:
        """Makes links, and returns what runs touched under names that were first and are not now."""
        outdated = link(self._connection, self._links) if self._links else set()
        if not outdated:
            return {}
        touched: set[RunId] = set()
        for table in (tables.ios, tables.open_reads):
            query = select(tables.runs.c.id).select_from(table.join(tables.runs))
            touched |= set(
                self._connection.scalars(
                    query.where(is_one_of(self._connection, table.c.dataset, outdated)).distinct()
                )
            )
        return stated_accesses(self._connection, sorted(touched))

    def _known_runs(self, run_ids: Iterable[RunId]) -> dict[RunId, int]:
        """Returns the keys of those runs that are there."""
        run = tables.runs.c
        unasked = [run_id for run_id in run_ids if run_id not in self._runs]
        self._runs |= dict.fromkeys(unasked)
        for run_id, key, loop in find_rows(self._connection, (run.id, run.key, run.loop), run.id, unasked):
            self._runs[run_id] = key
            if loop is not None:
                self._loop_of[run_id] = loop
        return {run_id: key for run_id in run_ids if (key := self._runs[run_id]) is not None}

    def _put_runs(self, known: Mapping[RunId, int], jobs: Mapping[Name, int]) -> dict[RunId, int]:
        new = [run_id for run_id in self._facts if run_id not in known]
        added = dict(zip(new, new_keys(self._connection, tables.runs, len(new)), strict=True))
        runs = {**known, **added}
        rows = [
            {"key": runs[run_id]}
            | lineage_rows.run_row(jobs[facts.run.job.namespace, facts.run.job.name], facts.run, record)
            for run_id, (facts, record) in self._facts.items()
        ]
        put_rows(self._connection, tables.runs, rows, by=("key",))
        parents = {run_id: facts.run.parent for run_id, (facts, _) in self._facts.items()}
        broken = {self._loop_of.pop(run_id) for run_id in parents if run_id in self._loop_of}
        self._loop_of |= put_loops(self._connection, parents, broken=broken)
        return added

    def _job_keys(self, facts: Iterable[RunFacts]) -> dict[Name, int]:
        jobs = {facts.run.job for facts in facts}
        jobs |= {job for each in facts for edge in each.job_edges for job in (edge.source, edge.target)}
        wanted = {(job.namespace, job.name) for job in jobs} | self._jobs
        return job_keys(self._connection, sorted(wanted), seen=self._jobs)

    def _dataset_keys(self, facts: Iterable[RunFacts], accesses: Iterable[Accesses]) -> dict[Name, Named]:
        wanted = {(io.version.namespace, io.version.name) for each in accesses for io, _ in each.sides()}
        wanted |= {(name.namespace, name.name) for each in facts for name in _named_by(each)}
        return dataset_keys(self._connection, sorted(wanted | self._datasets), seen=self._datasets)

    def _declare(self, jobs: Mapping[int, Job]) -> None:
        """Makes what these jobs declare what their last words say."""
        word, declaration = tables.job_words.c, tables.declarations
        for some in chunks(sorted(jobs)):
            query = select(word.job, word.stamp, word.said).where(word.job.in_(some), word.facet == "")
            wires = [
                (row.job, wire)
                for row in self._connection.execute(query)
                for wire in wires_of(jobs[row.job], Word(row.stamp, row.said))
            ]
            wanted = {(wire.dataset.namespace, wire.dataset.name) for _, wire in wires}
            names = dataset_keys(self._connection, sorted(wanted), seen=())
            self._connection.execute(delete(declaration).where(declaration.c.job.in_(some)))
            rows = [
                {
                    "job": job,
                    "written": wire.written,
                    "dataset": names[wire.dataset.namespace, wire.dataset.name].key,
                }
                for job, wire in wires
            ]
            if rows:
                self._connection.execute(insert(declaration), rows)


def _named_by(facts: RunFacts) -> Iterator[DatasetName]:
    """Yields the datasets that facts name besides what was read and written."""
    for flow in facts.flows:
        yield flow.target
        if flow.source is not None:
            yield flow.source
    for target, edges in facts.columns.items():
        yield target
        yield from (edge.source for edge in edges)
    yield from (tested.dataset for tested in facts.tested)


def _by_place(words: Mapping[Name, Mapping[str, Word]]) -> dict[tuple[Name, str], Word]:
    return {(name, facet): word for name, each in words.items() for facet, word in each.items()}
