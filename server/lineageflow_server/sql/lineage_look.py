"""A look at lineage in SQL: keys are those of rows, so that a walk reads nothing but integers."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Integer,
    Select,
    String,
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
)
from lineageflow_server.sql import lineage_rows, rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dataset_names import first_names
from lineageflow_server.sql.dialect import is_in_list, is_one_of, key_list
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


class _Question:
    """A query about keys, as the driver takes it: making it anew takes longer than its answer."""

    def __init__(self, query: Select[Any], column: Any) -> None:
        self._query = query
        self._column = column
        self._texts: dict[str, str] = {}

    def __call__(self, dialect: Dialect) -> str:
        if dialect.name not in self._texts:
            query = self._query.where(is_in_list(dialect, self._column))
            self._texts[dialect.name] = str(query.compile(dialect=dialect))
        return self._texts[dialect.name]


_FLOWS_OF = _Question(_FLOWS, tables.flows.c.run)
_READS_OF = _Question(_TOUCHES.where(~_IO.written), _IO.version)
_WRITES_OF = _Question(_TOUCHES.where(_IO.written), _IO.version)
_REWRITTEN_OF = _Question(_REWRITTEN, _IO.version)
_READS_BY = _Question(_KNOWN_TOUCHES.where(~_IO.written), _IO.run)
_WRITES_BY = _Question(_KNOWN_TOUCHES.where(_IO.written), _IO.run)

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

    def reads_of(self, versions: Collection[Key]) -> Sequence[Touch]:
        return self._plain(_READS_OF, versions)

    def writes_of(self, versions: Collection[Key]) -> Sequence[Touch]:
        return self._plain(_WRITES_OF, versions)

    def rewritten(self, versions: Collection[Key]) -> set[Key]:
        return {version for [version] in self._plain(_REWRITTEN_OF, versions)}

    def reads_by(self, runs: Collection[Key]) -> Sequence[KnownTouch]:
        return self._plain(_READS_BY, runs)

    def writes_by(self, runs: Collection[Key]) -> Sequence[KnownTouch]:
        return self._plain(_WRITES_BY, runs)

    def accesses(self, runs: Collection[Key], *, written: bool) -> list[Access]:
        query = _ACCESSES.where(_IO.written == written)
        return [Access(*row) for row in self._of(query, _IO.run, runs)]

    def flows(self, runs: Collection[Key]) -> list[KeyedFlow]:
        return [KeyedFlow(row[0], row[1], row[2], Evidence(row[3])) for row in self._plain(_FLOWS_OF, runs)]

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

    def _plain(self, question: "_Question", keys: Collection[Any]) -> Sequence[Any]:
        """Returns the rows as the driver has them: there are very many."""
        statement, listed = question(self._connection.dialect), key_list(self._connection.dialect, keys)
        found = self._connection.exec_driver_sql(statement, listed)
        assert found.cursor is not None  # of a query that has rows
        rows: Sequence[Any] = found.cursor.fetchall()
        return rows
