"""A look at lineage in SQL: keys are those of rows, so that a walk reads nothing but integers."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Select,
    String,
    case,
    distinct,
    func,
    literal_column,
    select,
    type_coerce,
)

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Evidence, Version
from lineageflow_core.model.run import Run
from lineageflow_core.store.ports import (
    NO_TIME,
    Access,
    Key,
    KeyedColumnEdge,
    KeyedFlow,
    KnownTouch,
    RunTimes,
    Touch,
    Writes,
)
from lineageflow_server.sql import lineage_rows, rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.by_keys import ByKeys
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dataset_names import first_names
from lineageflow_server.sql.dialect import is_one_of
from lineageflow_server.sql.rows import AnyRow

_IO, _RUN, _VERSION, _NAME = tables.ios.c, tables.runs.c, tables.versions.c, tables.datasets.c
# Columns as they are in the row: making values of them takes longer than finding the row.
_AT = func.coalesce(type_coerce(_IO.at, BigInteger), literal_column(str(NO_TIME)))
_IS_KNOWN = type_coerce(_IO.evidence, String) != literal_column(f"'{Evidence.UNKNOWN.value}'")
_TOUCHES = select(_IO.run, _IO.version, _AT)
_SEVERAL = func.count() > literal_column("1")
_REWRITTEN = select(_IO.version).where(_IO.written).group_by(_IO.version).having(_SEVERAL)
_KNOWN_TOUCHES = _TOUCHES.add_columns(_IS_KNOWN)


_ACCESSES = select(_IO.run, _IO.version, _IO.written, _IO.dataset, _IO.evidence)
_TARGET, _SOURCE = tables.datasets.alias(), tables.datasets.alias()
_FLOWS = (
    select(
        tables.flows.c.run,
        func.coalesce(_TARGET.c.first, _TARGET.c.key),
        func.coalesce(_SOURCE.c.first, _SOURCE.c.key),
        tables.flows.c.evidence,
    )
    .join(_TARGET, _TARGET.c.key == tables.flows.c.target)
    .outerjoin(_SOURCE, _SOURCE.c.key == tables.flows.c.source)
)


# The other end tells that a write is not settled: one column less for all that are.
_WRITES = select(_IO.run, case((~_IO.settled, _IO.version))).where(_IO.written)
_WRITES_FROM = select(_IO.version, case((~_IO.settled, _IO.run))).where(_IO.written)
_READERS_OF = ByKeys(select(_IO.run).where(~_IO.written).distinct(), _IO.version)
_READ_BY = ByKeys(select(_IO.version).where(~_IO.written).distinct(), _IO.run)
_WRITERS_OF = ByKeys(_WRITES, _IO.version)
_WRITTEN_BY = ByKeys(_WRITES_FROM, _IO.run)
_FLOWS_OF = ByKeys(_FLOWS, tables.flows.c.run)
_READS_OF = ByKeys(_TOUCHES.where(~_IO.written), _IO.version)
_WRITES_OF = ByKeys(_TOUCHES.where(_IO.written), _IO.version)
_REWRITTEN_OF = ByKeys(_REWRITTEN, _IO.version)
_READS_BY = ByKeys(_KNOWN_TOUCHES.where(~_IO.written), _IO.run)
_WRITES_BY = ByKeys(_KNOWN_TOUCHES.where(_IO.written), _IO.run)

_COLUMNS = (
    select(
        tables.run_columns.c.run,
        func.coalesce(_TARGET.c.first, _TARGET.c.key),
        func.coalesce(_SOURCE.c.first, _SOURCE.c.key),
        *(tables.column_edges.c[name] for name in ("field", "source_field", "kind", "subtype", "masking")),
    )
    .select_from(tables.run_columns)
    .join(tables.column_edges, tables.column_edges.c.map == tables.run_columns.c.map)
    .join(_TARGET, _TARGET.c.key == tables.run_columns.c.target)
    .join(_SOURCE, _SOURCE.c.key == tables.column_edges.c.source)
)
_VERSIONS = select(
    _VERSION.key, _NAME.namespace, _NAME.name, _VERSION.partition, _VERSION.version
).select_from(tables.versions.join(tables.datasets, _NAME.key == _VERSION.dataset))


class SqlLineageLook:
    """A `LineageLook` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run_keys(self, run_ids: Collection[RunId]) -> dict[RunId, Key]:
        query = select(_RUN.id, _RUN.key)
        return {
            row.id: row.key
            for some in chunks(list(run_ids))
            for row in self._connection.execute(query.where(_RUN.id.in_(some)))
        }

    def version_keys(self, versions: Collection[Version]) -> dict[Version, Key]:
        digests = {lineage_rows.version_identity(version): version for version in versions}
        query = select(_VERSION.digest, _VERSION.key)
        return {
            digests[row.digest]: row.key
            for some in chunks(list(digests))
            for row in self._connection.execute(query.where(_VERSION.digest.in_(some)))
        }

    def readers(self, versions: Collection[Key]) -> set[Key]:
        return {run for (run,) in _READERS_OF.rows(self._connection, versions)}

    def read_by(self, runs: Collection[Key]) -> set[Key]:
        return {version for (version,) in _READ_BY.rows(self._connection, runs)}

    def writers(self, versions: Collection[Key]) -> Writes:
        found = _WRITERS_OF.rows(self._connection, versions)
        settled = {run for run, version in found if version is None}
        return Writes(settled, [(run, version) for run, version in found if version is not None])

    def written_by(self, runs: Collection[Key]) -> Writes:
        found = _WRITTEN_BY.rows(self._connection, runs)
        settled = {version for version, run in found if run is None}
        return Writes(settled, [(run, version) for version, run in found if run is not None])

    def reads_of(self, versions: Collection[Key]) -> Sequence[Touch]:
        return _READS_OF.rows(self._connection, versions)

    def writes_of(self, versions: Collection[Key]) -> Sequence[Touch]:
        return _WRITES_OF.rows(self._connection, versions)

    def rewritten(self, versions: Collection[Key]) -> set[Key]:
        return {version for [version] in _REWRITTEN_OF.rows(self._connection, versions)}

    def reads_by(self, runs: Collection[Key]) -> Sequence[KnownTouch]:
        return _READS_BY.rows(self._connection, runs)

    def writes_by(self, runs: Collection[Key]) -> Sequence[KnownTouch]:
        return _WRITES_BY.rows(self._connection, runs)

    def accesses(self, runs: Collection[Key], *, written: bool) -> list[Access]:
        query = _ACCESSES.where(_IO.written == written)
        return [Access(*row) for row in self._of(query, _IO.run, runs)]

    def flows(self, runs: Collection[Key]) -> list[KeyedFlow]:
        found = _FLOWS_OF.rows(self._connection, runs)
        return [KeyedFlow(row[0], row[1], row[2], Evidence(row[3])) for row in found]

    def columns(self, runs: Collection[Key]) -> list[KeyedColumnEdge]:
        return [KeyedColumnEdge(*row) for row in self._of(_COLUMNS, tables.run_columns.c.run, runs)]

    def times(self, runs: Collection[Key]) -> dict[Key, RunTimes]:
        query = select(_RUN.key, _RUN.id, _RUN.placed_at, _RUN.ended_at)
        return {key: RunTimes(*times) for key, *times in self._of(query, _RUN.key, runs)}

    def inputs(self, runs: Collection[Key]) -> dict[Key, int]:
        query = select(_IO.run, func.count(distinct(_IO.dataset))).where(~_IO.written).group_by(_IO.run)
        return {row[0]: row[1] for row in self._of(query, _IO.run, runs)}

    def versions(self, keys: Collection[Key]) -> dict[Key, Version]:
        return {
            row.key: Version(
                namespace=row.namespace, name=row.name, partition=row.partition, version=row.version
            )
            for row in self._of(_VERSIONS, _VERSION.key, keys)
        }

    def types(self, versions: Collection[Key]) -> dict[Key, str]:
        query = (
            select(_IO.version, _IO.dataset_type)
            .where(_IO.dataset_type != "")
            .distinct()
            .order_by(_IO.written, _IO.dataset_type.desc())
            .add_columns(type_coerce(_IO.written, Integer))
        )
        return {row.version: row.dataset_type for row in self._of(query, _IO.version, versions)}

    def datasets(self, keys: Collection[Key]) -> dict[Key, DatasetName]:
        first = first_names("first")
        return {
            row.key: DatasetName(namespace=row.namespace, name=row.name)
            for row in self._of(select(first), first.c.key, keys)
        }

    def runs(self, keys: Collection[Key]) -> dict[Key, Run]:
        query = select(_RUN.key, _RUN.body)
        return {row.key: rows.from_body(Run, row.body) for row in self._of(query, _RUN.key, keys)}

    def _of(self, query: Select[Any], column: Any, keys: Collection[Any]) -> Iterator[AnyRow]:
        if not keys:
            return iter(())
        return iter(self._connection.execute(query.where(is_one_of(self._connection, column, keys))))
