"""Writing lineage: facts take the place of those before, and what is bound to them follows.

Everything that one transaction puts is written at its end, a statement a table and not a row. Rows of runs
that did not change stay as they are: so a run that goes on costs what is new about it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, bindparam, delete, insert, literal_column, select, update

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence, Io, Version
from lineageflow_core.model.run import Job
from lineageflow_core.store.ports import RunFacts, StoredEvent, Word
from lineageflow_core.store.words import merge_words
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.as_of import AsOf
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dataset_names import Named, keys, link, name_keys
from lineageflow_server.sql.dialect import insert_missing, insert_or_update
from lineageflow_server.sql.lineage_digests import digests
from lineageflow_server.sql.pruning import prune
from lineageflow_server.sql.rows import Values
from lineageflow_server.sql.tables import lake
from lineageflow_server.sql.term_index import index_words

_AT_ONCE = 500
"""Runs whose facts are written together."""
_FACTS = (
    tables.dataset_terms,
    tables.job_terms,
    tables.dataset_words,
    tables.job_words,
    tables.tested,
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
_IS_LATER = {
    table.name: literal_column("excluded.stamp") > table.c.stamp
    for table in (tables.job_words, tables.dataset_words)
}


class Accesses(NamedTuple):
    """What a run read and wrote."""

    reads: Sequence[Io]
    writes: Sequence[Io]


class SqlLineageWriter:
    """A `LineageWriter` in the transaction of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._facts: dict[RunId, tuple[RunFacts, bytes]] = {}
        self._words: list[
            tuple[Mapping[Job, Mapping[str, Word]], Mapping[DatasetName, Mapping[str, Word]]]
        ] = []
        self._links: dict[tuple[DatasetName, DatasetName], None] = {}

    def append(self, events: Sequence[StoredEvent]) -> list[bool]:
        fresh = {event.digest: lineage_rows.event_row(event) for event in reversed(events)}
        if not fresh:
            return []
        add = insert_missing(self._connection, tables.events, tables.events.c.digest)
        added = set(self._connection.scalars(add, list(reversed(fresh.values()))))
        told = []
        for event in events:
            told.append(event.digest in added)
            added.discard(event.digest)  # given twice, it is new once
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
        query = select(tables.runs.c.id, tables.runs.c.record)
        stored = {
            row.id: lineage_rows.record_from(row)
            for some in chunks([run_id for run_id in run_ids if run_id not in put])
            for row in self._connection.execute(query.where(tables.runs.c.id.in_(some)))
        }
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
        self._words.append((jobs, datasets))
        self._words.append(({job: {"": word} for job, word in declared.items()}, {}))

    def link(self, names: Collection[tuple[DatasetName, DatasetName]]) -> None:
        self._links |= dict.fromkeys(names)

    def stored_events(self, *, after: int, limit: int) -> list[tuple[int, StoredEvent]]:
        seq = tables.events.c.seq
        query = select(tables.events).where(seq > after).order_by(seq).limit(limit)
        return [(row.seq, lineage_rows.event_from(row)) for row in self._connection.execute(query)]

    def prune(self, run_ids: Collection[RunId]) -> None:
        self.flush()
        prune(self._connection, run_ids)

    def pruned(self, run_ids: Collection[RunId]) -> set[RunId]:
        gone = tables.pruned_runs.c.id
        return {
            run_id
            for some in chunks(list(run_ids))
            for run_id in self._connection.scalars(select(gone).where(gone.in_(some)))
        }

    def keep_words(self, words: Mapping[bytes, bytes]) -> None:
        if words:
            put = insert_or_update(self._connection, tables.kept_words, columns=("words",), by=("digest",))
            rows = [{"digest": digest, "words": each} for digest, each in sorted(words.items())]
            self._connection.execute(put, rows)

    def kept_words(self, digests: Collection[bytes]) -> dict[bytes, bytes]:
        kept = tables.kept_words
        return {
            row.digest: row.words
            for some in chunks(list(digests))
            for row in self._connection.execute(select(kept).where(kept.c.digest.in_(some)))
        }

    def all_kept_words(self, *, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        kept = tables.kept_words
        query = select(kept).where(kept.c.digest > after).order_by(kept.c.digest).limit(limit)
        return [(row.digest, row.words) for row in self._connection.execute(query)]

    def clear(self) -> None:
        self._forget()
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
        jobs = self._jobs(facts)
        runs = self._put_runs(jobs)
        runs |= self._run_keys([run_id for run_id in accesses if run_id not in runs])
        names = self._names(facts, accesses.values())
        self._put_accesses({runs[run_id]: each for run_id, each in accesses.items()}, names)
        self._put_details({runs[each.run.id]: each for each in facts}, jobs, names)
        self._put_words(jobs, names)
        self._forget()

    def _forget(self) -> None:
        self._facts.clear()
        self._words.clear()
        self._links.clear()

    def _relinked(self) -> dict[RunId, Accesses]:
        """Makes links, and returns what runs touched under names that were first and are not now."""
        outdated = [key for pair in self._links if (key := link(self._connection, *pair)) is not None]
        if not outdated:
            return {}
        touched: set[RunId] = set()
        for table in (tables.ios, tables.open_reads):
            query = select(tables.runs.c.id).select_from(table.join(tables.runs))
            touched |= set(self._connection.scalars(query.where(table.c.dataset.in_(outdated)).distinct()))
        return stated_accesses(self._connection, sorted(touched))

    def _jobs(self, facts: Iterable[RunFacts]) -> dict[Job, int]:
        wanted = {facts.run.job for facts in facts}
        wanted |= {job for each in facts for edge in each.job_edges for job in (edge.source, edge.target)}
        wanted |= {job for words, _ in self._words for job in words}
        rows = {job: lineage_rows.job_row(job) for job in wanted}
        known = keys(self._connection, tables.jobs, {row["digest"]: row for row in rows.values()})
        return {job: known[row["digest"]] for job, row in rows.items()}

    def _put_runs(self, jobs: Mapping[Job, int]) -> dict[RunId, int]:
        if not self._facts:
            return {}
        put = insert_or_update(
            self._connection,
            tables.runs,
            columns=("job", "state", "parent", "placed_at", "ended_at", "body", "record"),
            by=("id",),
        ).returning(tables.runs.c.id, tables.runs.c.key)
        wanted = [
            lineage_rows.run_row(jobs[facts.run.job], facts.run, record)
            for facts, record in self._facts.values()
        ]
        return {row.id: row.key for row in self._connection.execute(put, wanted)}

    def _run_keys(self, run_ids: Sequence[RunId]) -> dict[RunId, int]:
        query = select(tables.runs.c.id, tables.runs.c.key)
        return {
            row.id: row.key
            for some in chunks(run_ids)
            for row in self._connection.execute(query.where(tables.runs.c.id.in_(some)))
        }

    def _names(self, facts: Iterable[RunFacts], accesses: Iterable[Accesses]) -> dict[DatasetName, Named]:
        wanted = {io.version.dataset for each in accesses for side in each for io in side}
        for each in facts:
            wanted |= {name for flow in each.flows for name in (flow.target, flow.source) if name is not None}
            wanted |= each.columns.keys() | {tested.dataset for tested in each.tested}
            wanted |= {edge.source for edges in each.columns.values() for edge in edges}
        wanted |= {name for _, words in self._words for name in words}
        return name_keys(self._connection, wanted)

    def _put_accesses(self, accesses: Mapping[int, Accesses], names: Mapping[DatasetName, Named]) -> None:
        stated = {
            run: [
                (io.version.under(names[io.version.dataset].name), io, written)
                for written, side in ((False, each.reads), (True, each.writes))
                for io in side
                if written or io.version.version is not None
            ]
            for run, each in accesses.items()
        }
        versions = self._version_keys({io[0] for ios in stated.values() for io in ios}, names)
        wanted: dict[tuple[int, bool, int], Values] = {}
        for run, ios in stated.items():
            for version, io, written in sorted(ios, key=lambda item: item[1].precedence, reverse=True):
                key = versions[version]
                first = names[io.version.dataset].first
                wanted[run, written, key] = lineage_rows.io_row(run, first, key, io, written=written)
        open_reads = {
            (run, row["dataset"], row["partition"]): row
            for run, each in accesses.items()
            for io in sorted(each.reads, key=lambda io: io.precedence, reverse=True)
            if io.version.version is None
            for row in [lineage_rows.open_read_row(run, names[io.version.dataset].first, io)]
        }
        as_of = AsOf(self._connection)
        as_of.release(list(accesses))
        self._replace(tables.open_reads, list(accesses), open_reads.values())
        as_of.wrote(self._update_ios(list(accesses), wanted))
        as_of.bind(list(accesses))

    def _update_ios(
        self, runs: Sequence[int], wanted: Mapping[tuple[int, bool, int], Values]
    ) -> list[Values]:
        """Makes the rows of these runs what is wanted; returns those of writes that were or are there."""
        io = tables.ios
        there = {
            (row["run"], row["written"], row["version"]): dict(row)
            for some in chunks(runs)
            for row in self._connection.execute(select(io).where(io.c.run.in_(some))).mappings()
        }
        gone = [row for key, row in there.items() if wanted.get(key) != row]
        new = [row for key, row in wanted.items() if there.get(key) != row]
        for some in chunks([(row["run"], row["written"], row["version"]) for row in gone]):
            for run, written, version in some:
                here = (io.c.run == run) & (io.c.written == written) & (io.c.version == version)
                self._connection.execute(delete(io).where(here))
        if new:
            self._connection.execute(insert(io), new)
        return [row for row in (*gone, *new) if row["written"]]

    def _put_details(
        self, facts: Mapping[int, RunFacts], jobs: Mapping[Job, int], names: Mapping[DatasetName, Named]
    ) -> None:
        runs = list(facts)
        flows = [
            {
                "run": run,
                "target": names[flow.target].key,
                "source": 0 if flow.source is None else names[flow.source].key,
                "evidence": flow.evidence,
            }
            for run, each in facts.items()
            for flow in each.flows
        ]
        self._replace(tables.flows, runs, flows)
        maps = self._column_maps([edges for each in facts.values() for edges in each.columns.values()], names)
        columns = [
            {"run": run, "target": names[target].key, "map": maps[lineage_rows.column_map_digest(edges)]}
            for run, each in facts.items()
            for target, edges in each.columns.items()
        ]
        self._replace(tables.run_columns, runs, columns)
        edges = [
            {"run": run, "source": jobs[edge.source], "target": jobs[edge.target]}
            for run, each in facts.items()
            for edge in each.job_edges
        ]
        self._replace(tables.job_edges, runs, edges)
        tested = [
            {"run": run, "written": it.written, "dataset": names[it.dataset].key, "failed": it.failed}
            for run, each in facts.items()
            for it in each.tested
        ]
        self._replace(tables.tested, runs, tested)

    def _column_maps(
        self, maps: Iterable[frozenset[ColumnEdge]], names: Mapping[DatasetName, Named]
    ) -> dict[bytes, int]:
        by_digest = {lineage_rows.column_map_digest(edges): edges for edges in maps}
        found = keys(
            self._connection, tables.column_maps, {digest: {"digest": digest} for digest in by_digest}
        )
        rows = [
            lineage_rows.column_edge_row(found[digest], names[edge.source].key, edge)
            for digest, edges in by_digest.items()
            for edge in edges
        ]
        if rows:
            self._connection.execute(insert_missing(self._connection, tables.column_edges), rows)
        return found

    def _put_words(self, jobs: Mapping[Job, int], names: Mapping[DatasetName, Named]) -> None:
        by_job: dict[tuple[int, str], Word] = {}
        by_dataset: dict[tuple[int, str], Word] = {}
        for job_words, dataset_words in self._words:
            by_job = merge_words(
                by_job,
                {
                    (jobs[job], facet): word
                    for job, words in job_words.items()
                    for facet, word in words.items()
                },
            )
            by_dataset = merge_words(
                by_dataset,
                {
                    (names[name].key, facet): word
                    for name, words in dataset_words.items()
                    for facet, word in words.items()
                },
            )
        for table, owner, found in (
            (tables.job_words, "job", by_job),
            (tables.dataset_words, "dataset", by_dataset),
        ):
            if found:
                index_words(self._connection, tables.jobs if owner == "job" else tables.datasets, found)
                put = insert_or_update(
                    self._connection,
                    table,
                    columns=("stamp", "said"),
                    by=(owner, "facet"),
                    where=_IS_LATER[table.name],
                )
                rows = [lineage_rows.word_row(owner, *key, word) for key, word in sorted(found.items())]
                self._connection.execute(put, rows)
        self._see(tables.jobs, {jobs[job] for words, _ in self._words for job in words})
        self._see(tables.datasets, {names[name].key for _, words in self._words for name in words})

    def _see(self, table: Table, keys: Collection[int]) -> None:
        """Marks what events are about."""
        for some in chunks(sorted(keys)):
            is_new = table.c.key.in_(some) & ~table.c.seen
            self._connection.execute(update(table).where(is_new).values(seen=True))

    def _replace(self, table: Table, runs: Sequence[int], rows: Collection[Values]) -> None:
        for some in chunks(runs):
            self._connection.execute(delete(table).where(table.c.run.in_(some)))
        if rows:
            self._connection.execute(insert(table), list(rows))

    def _version_keys(
        self, versions: Collection[Version], names: Mapping[DatasetName, Named]
    ) -> dict[Version, int]:
        firsts = {each.name: each.first for each in names.values()}
        wanted = {each: lineage_rows.version_row(firsts[each.dataset], each) for each in versions}
        known = keys(self._connection, tables.versions, {row["digest"]: row for row in wanted.values()})
        return {version: known[row["digest"]] for version, row in wanted.items()}


def stated_accesses(connection: Connection, run_ids: Sequence[RunId]) -> dict[RunId, Accesses]:
    """Returns what runs read and wrote as it was put, before reads were bound to versions."""
    run, name = tables.runs.c.id.label("run_id"), tables.datasets
    io, version, read = tables.ios, tables.versions, tables.open_reads
    is_stated = io.c.written | (io.c.evidence == Evidence.EXPLICIT)
    stated = (
        select(run, name.c.namespace, name.c.name, version.c.partition, version.c.version, io)
        .select_from(io.join(tables.runs).join(version).join(name, name.c.key == version.c.dataset))
        .where(is_stated)
    )
    opened = select(run, name.c.namespace, name.c.name, read).select_from(read.join(tables.runs).join(name))
    found: dict[RunId, tuple[list[Io], list[Io]]] = {run_id: ([], []) for run_id in run_ids}
    for some in chunks(run_ids):
        for row in connection.execute(stated.where(tables.runs.c.id.in_(some))):
            found[row.run_id][row.written].append(lineage_rows.io_from(row))
        for row in connection.execute(opened.where(tables.runs.c.id.in_(some))):
            found[row.run_id][0].append(lineage_rows.open_read_from(row))
    return {run_id: Accesses(*sides) for run_id, sides in found.items()}
