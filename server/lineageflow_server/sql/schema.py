"""Which tables a lake has, and whether this version can work with them.

Invariant: tables are made, and changed, in one transaction together with the number that says which they are,
so that a process that dies in the midst leaves what was there before.
"""

from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
)

from lineageflow_core.errors import IncompatibleLakeError, IntegrityError
from lineageflow_core.openlineage.fold import FOLD
from lineageflow_server.sql import tables
from lineageflow_server.sql.migrations import known_revisions

marks = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""One row: the last revision. It is as Alembic makes it, which keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The tables of a lake."""

    revision: str
    """The last one that they were brought to."""
    format: int
    """Larger than `tables.FORMAT`: versions before `needs` cannot work with them."""
    needs: str

    @property
    def pending(self) -> tuple[str, ...]:
        """The revisions that this version knows and the tables lack; none if the tables are newer."""
        known = known_revisions()
        return known[known.index(self.revision) + 1 :] if self.revision in known else ()


def is_lake(connection: Connection) -> bool:
    """Tells whether there is a lake in a database."""
    return inspect(connection).has_table(tables.lake.name)


def make_tables(connection: Connection, *, storage: str | None = None) -> None:
    """Makes a lake in an empty database; `storage` is where its repositories' content lies."""
    tables.metadata.create_all(connection)
    mark(connection, known_revisions()[-1])
    lake = {"format": tables.FORMAT, "needs": tables.FORMAT_NEEDS, "storage": storage, "fold": FOLD}
    connection.execute(insert(tables.lake), lake)


def mark(connection: Connection, revision: str) -> None:
    """Marks tables that bear no mark yet with the revision that they are at."""
    marks.create(connection)
    connection.execute(insert(marks), {"version_num": revision})


def schema_of(connection: Connection) -> Schema:
    """Returns which tables a lake has. Raises IntegrityError if there is no lake."""
    if not is_lake(connection):
        raise IntegrityError("the database holds no lake: restore it from a backup")
    # Lakes that were made before there were revisions bear no mark.
    marked = inspect(connection).has_table(marks.name)
    revision = connection.scalar(select(marks.c.version_num)) if marked else known_revisions()[0]
    lake = connection.execute(select(tables.lake.c.format, tables.lake.c.needs)).one()
    return Schema(revision=revision or known_revisions()[0], format=lake.format, needs=lake.needs)


def check_format(schema: Schema, *, lake: str) -> None:
    """Raises IncompatibleLakeError if a later version made a lake's tables what this one cannot work with."""
    if schema.format > tables.FORMAT:
        raise IncompatibleLakeError(
            f"the lake {lake} has format {schema.format}, and this version of LineageFlow knows format "
            f"{tables.FORMAT}: install LineageFlow {schema.needs} or later",
            format=schema.format,
            needs=schema.needs,
        )


def check_schema(schema: Schema, *, lake: str) -> None:
    """Raises IncompatibleLakeError if this version cannot work with a lake's tables."""
    check_format(schema, lake=lake)
    if schema.pending:
        raise IncompatibleLakeError(
            f"the tables of the lake {lake} are at revision {schema.revision}, and this version of "
            f"LineageFlow needs {schema.pending[-1]}: run `lineageflow db upgrade {lake}`",
            revision=schema.revision,
            needed=schema.pending[-1],
        )


def storage_of(connection: Connection) -> str | None:
    """Returns where the content of a lake lies, as it was recorded when the lake was made."""
    storage: str | None = connection.scalar(select(tables.lake.c.storage))
    return storage
