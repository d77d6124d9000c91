"""Reads that name no version, bound to the versions that were there when their runs started.

`lineageflow_core.store.in_force` says which those are. Here they are kept as rows, so that a question about a
version finds its readers by an index; a write that comes late binds again just the reads between it and the
next write of the whole dataset.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, delete, func, or_, select

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Evidence, Io, Version
from lineageflow_core.store.in_force import in_force
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dataset_names import keys
from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.rows import AnyRow, Values

_IO, _READ, _RUN, _VERSION = tables.ios.c, tables.open_reads.c, tables.runs.c, tables.versions.c
_IS_BOUND = ~_IO.written & _IO.evidence.in_([Evidence.AS_OF, Evidence.UNKNOWN])
_IS_KNOWN_WRITE = _IO.written & (_IO.evidence == Evidence.EXPLICIT)

_WHOLE = (
    select(_IO.version)
    .select_from(tables.ios.join(tables.runs).join(tables.versions))
    .where(
        _IO.dataset == _READ.dataset,
        _IS_KNOWN_WRITE,
        _IO.whole,
        _IO.at <= _READ.at,
        _IO.run != _READ.run,
    )
    .order_by(_IO.at.desc(), _RUN.id.desc(), _VERSION.version.desc())
    .limit(1)
    .correlate(tables.open_reads)
    .scalar_subquery()
)
_READS = select(tables.open_reads, _WHOLE.label("version"))
"""Open reads, each with what was last written as a whole before it."""


_WINDOWS = 100
"""Datasets that are asked about in one statement: SQLite reads no conditions that are nested deeply."""


class _Window(NamedTuple):
    """When a dataset was, or is, written."""

    first: datetime
    last: datetime


class AsOf:
    """Binds reads in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._windows: dict[int, _Window] = {}

    def release(self, runs: Sequence[int]) -> None:
        """Unbinds all reads of these runs."""
        for some in chunks(runs):
            self._connection.execute(delete(tables.ios).where(_IO.run.in_(some), _IS_BOUND))

    def wrote(self, writes: Iterable[Values]) -> None:
        """Takes note of rows of writes that came, went or changed."""
        for row in writes:
            at = row["at"]
            if row["evidence"] is not Evidence.EXPLICIT or at is None:
                continue
            window = self._windows.get(row["dataset"], _Window(at, at))
            self._windows[row["dataset"]] = _Window(min(window.first, at), max(window.last, at))

    def bind(self, runs: Sequence[int]) -> None:
        """Binds the reads of these runs, and those that the writes taken note of may concern."""
        reads = {_key(row): row for some in chunks(runs) for row in self._reads(_READ.run.in_(some))}
        for windows in chunks(list(self._windows.items()), _WINDOWS):
            ends = self._ends(windows)
            found = {_key(row): row for row in self._reads(_within(_READ.dataset, _READ.at, windows, ends))}
            if found:
                bound = _within(_IO.dataset, _IO.at, windows, ends)
                self._connection.execute(delete(tables.ios).where(bound, _IS_BOUND))
                reads |= found
        if reads:
            rows = list(self._bound(list(reads.values())))
            self._connection.execute(insert_missing(self._connection, tables.ios), rows)

    def _reads(self, where: ColumnElement[bool]) -> Iterator[AnyRow]:
        yield from self._connection.execute(_READS.where(where))

    def _ends(self, windows: Sequence[tuple[int, _Window]]) -> dict[int, datetime]:
        """Returns when each dataset was next written as a whole, where it was."""
        later = [(_IO.dataset == dataset) & (_IO.at > window.last) for dataset, window in windows]
        query = select(_IO.dataset, func.min(_IO.at).label("at")).where(
            _IS_KNOWN_WRITE, _IO.whole, or_(*later)
        )
        return {row.dataset: row.at for row in self._connection.execute(query.group_by(_IO.dataset))}

    def _bound(self, reads: Sequence[AnyRow]) -> Iterator[Values]:
        reads = sorted(reads, key=lambda read: (read.dataset_type is None, read.dataset_type or ""))
        in_parts = self._written_in_parts({read.dataset for read in reads})
        by_dataset: dict[int, list[AnyRow]] = defaultdict(list)
        for read in reads:
            if read.dataset in in_parts and read.at is not None:
                by_dataset[read.dataset].append(read)
        versions = {_key(read): [(read.version, True)] if read.version is not None else [] for read in reads}
        for dataset, some in by_dataset.items():
            versions |= self._in_parts(dataset, some)
        nowhere = [read for read in reads if not versions[_key(read)]]
        placeholders = self._placeholders(nowhere)
        for read in reads:
            for version, whole in versions[_key(read)]:
                yield _row(read, version, whole=whole, evidence=Evidence.AS_OF)
        for read in nowhere:
            version = placeholders[read.dataset, read.partition]
            yield _row(read, version, whole=read.partition == "", evidence=Evidence.UNKNOWN)

    def _written_in_parts(self, datasets: Collection[int]) -> set[int]:
        query = select(_IO.dataset).where(_IS_KNOWN_WRITE, ~_IO.whole).distinct()
        return {
            dataset
            for some in chunks(list(datasets))
            for dataset in self._connection.scalars(query.where(_IO.dataset.in_(some)))
        }

    def _in_parts(self, dataset: int, reads: Sequence[AnyRow]) -> dict[Any, list[tuple[int, bool]]]:
        last = max(read.at for read in reads)
        query = _writes_of(dataset).where(_IO.at <= last)
        known = {(row.run, row.version): (row, _io_of(row)) for row in self._connection.execute(query)}
        runs: dict[int, RunId] = {row.run: row.run_id for row, _ in known.values()}
        keys_of = {io.version: (row.version, row.whole) for row, io in known.values()}
        writes = [io for _, io in known.values()]
        return {
            _key(read): [
                keys_of[version]
                for version in in_force(
                    writes, partition=read.partition, at=read.at, reader=runs.get(read.run)
                )
            ]
            for read in reads
        }

    def _placeholders(self, reads: Sequence[AnyRow]) -> Mapping[tuple[int, str], int]:
        """Returns the key of a version that is not known, of each dataset and partition."""
        query = select(tables.datasets)
        names = {
            row.key: row
            for some in chunks(sorted({read.dataset for read in reads}))
            for row in self._connection.execute(query.where(tables.datasets.c.key.in_(some)))
        }
        wanted = {
            (read.dataset, read.partition): lineage_rows.version_row(
                read.dataset,
                Version(
                    namespace=names[read.dataset].namespace,
                    name=names[read.dataset].name,
                    partition=read.partition,
                ),
            )
            for read in reads
        }
        found = keys(self._connection, tables.versions, {row["digest"]: row for row in wanted.values()})
        return {place: found[row["digest"]] for place, row in wanted.items()}


def _within(
    dataset_of: ColumnElement[int],
    at: ColumnElement[Any],
    windows: Sequence[tuple[int, _Window]],
    ends: Mapping[int, datetime],
) -> ColumnElement[bool]:
    """Selects what happened from the first write of each dataset on, until the next one as a whole."""
    # A run does not read what it wrote: so one that wrote and read at the same instant is concerned.
    return or_(
        *(
            (dataset_of == dataset)
            & (at.between(window.first, ends[dataset]) if dataset in ends else at >= window.first)
            for dataset, window in windows
        )
    )


def _writes_of(dataset: int) -> Select[Any]:
    return (
        select(
            _RUN.id.label("run_id"),
            tables.datasets.c.namespace,
            tables.datasets.c.name,
            _VERSION.partition,
            _VERSION.version.label("text"),
            tables.ios,
        )
        .select_from(tables.ios.join(tables.runs).join(tables.versions))
        .join(tables.datasets, tables.datasets.c.key == _IO.dataset)
        .where(_IO.dataset == dataset, _IS_KNOWN_WRITE)
    )


def _io_of(row: AnyRow) -> Io:
    return Io(
        run_id=row.run_id,
        version=Version(namespace=row.namespace, name=row.name, partition=row.partition, version=row.text),
        evidence=row.evidence,
        at=row.at,
    )


def _row(read: AnyRow, version: int, *, whole: bool, evidence: Evidence) -> Values:
    return {
        "run": read.run,
        "written": False,
        "version": version,
        "dataset": read.dataset,
        "whole": whole,
        "evidence": evidence,
        "dataset_type": read.dataset_type,
        "at": read.at,
    }


def _key(read: AnyRow) -> tuple[int, int, str]:
    return read.run, read.dataset, read.partition
