"""Reads that name no version, bound to the versions that were there when their runs started.

`lineageflow_core.store.in_force` says which those are. Here they are kept as rows, so that a question about a
version finds its readers by an index; a write that comes late binds again just the reads between it and the
next write of the whole dataset.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Select, delete, func, literal_column, select

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Evidence, Io, Version
from lineageflow_core.store.in_force import in_force
from lineageflow_core.store.instants import to_microseconds
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.bulk import delete_rows, insert_missing_rows
from lineageflow_server.sql.dataset_names import keys, names_of
from lineageflow_server.sql.dialect import given, is_one_of
from lineageflow_server.sql.rows import AnyRow, Values

_IO, _READ, _RUN, _VERSION = tables.ios.c, tables.open_reads.c, tables.runs.c, tables.versions.c
_BOUND = (Evidence.AS_OF, Evidence.UNKNOWN)
_IS_BOUND = ~_IO.written & _IO.evidence.in_(_BOUND)
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


_END_OF_TIME = (1 << 63) - 1
"""In microseconds."""

_Key: TypeAlias = tuple[int, int, str]
"""Of an open read."""


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
        if runs:
            mine = is_one_of(self._connection, _IO.run, runs)
            self._connection.execute(delete(tables.ios).where(mine, _IS_BOUND))

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
        reads: dict[_Key, AnyRow] = {}
        if runs:
            query = _READS.where(is_one_of(self._connection, _READ.run, runs))
            reads = {_key(row): row for row in self._connection.execute(query)}
        late = {key: row for key, row in self._concerned().items() if key not in reads}
        if late:
            # All of `ios_by_dataset`: by fewer columns, each would be looked for among all that its run read.
            bound = [
                {
                    "dataset": row.dataset,
                    "written": False,
                    "whole": whole,
                    "at": row.at,
                    "run": row.run,
                    "evidence": evidence,
                }
                for row in late.values()
                for whole, evidence in product((True, False), _BOUND)
            ]
            delete_rows(self._connection, tables.ios, bound)
            reads |= late
        if reads:
            insert_missing_rows(self._connection, tables.ios, list(self._bound(list(reads.values()))))

    def _concerned(self) -> dict[_Key, AnyRow]:
        """Returns the reads between the first of the writes taken note of and the next one as a whole."""
        if not self._windows:
            return {}
        windows = [
            (dataset, to_microseconds(window.first), to_microseconds(window.last))
            for dataset, window in self._windows.items()
        ]
        query = _reads_within_windows(self._connection.dialect.name)
        return {_key(row): row for row in self._connection.execute(query, {"given": json.dumps(windows)})}

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
        return set(self._connection.scalars(query.where(is_one_of(self._connection, _IO.dataset, datasets))))

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
        names = names_of(self._connection, {read.dataset for read in reads})
        wanted = {
            (read.dataset, read.partition): lineage_rows.version_row(
                read.dataset, names[read.dataset], read.partition, None
            )
            for read in reads
        }
        found = keys(self._connection, tables.versions, {row["digest"]: row for row in wanted.values()})
        return {place: found[row["digest"]] for place, row in wanted.items()}


@cache
def _reads_within_windows(dialect: str) -> Select[Any]:
    """Selects what was read from the first write of each dataset on, until the next one as a whole."""
    window = given(dialect, "dataset", "first", "last")
    end = (
        select(func.min(_IO.at))
        .where(_IO.dataset == window.c.dataset, _IS_KNOWN_WRITE, _IO.whole, _IO.at > window.c.last)
        .correlate(window)
        .scalar_subquery()
    )
    # A run does not read what it wrote: so one that wrote and read at the same instant is concerned.
    is_concerned = (
        (_READ.dataset == window.c.dataset)
        & (_READ.at >= window.c.first)
        & (_READ.at <= func.coalesce(end, literal_column(str(_END_OF_TIME))))
    )
    return _READS.select_from(window.join(tables.open_reads, is_concerned))


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


def _key(read: AnyRow) -> _Key:
    return read.run, read.dataset, read.partition
