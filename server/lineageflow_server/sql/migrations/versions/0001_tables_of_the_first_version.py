"""The tables of LineageFlow 0.1."""

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from lineageflow_server.sql.column_types import Digest, Instant, Key, Name, RunKey

revision = "0001"
down_revision = None

IS_ADDITIVE = True

metadata = MetaData()


def upgrade() -> None:
    """Makes the tables."""
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index))


def downgrade() -> None:
    """Removes the tables."""
    for table in reversed(metadata.sorted_tables):
        op.execute(DropTable(table))


Table(
    "lake",
    metadata,
    Column("format", Integer, primary_key=True, autoincrement=False),
    Column("needs", String, nullable=False),
)
Table(
    "repository_keys",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", String, nullable=False, unique=True),
)
Table(
    "repositories",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("default_branch", Name, nullable=False),
    Column("created_at", Instant, nullable=False),
)
Table(
    "commits",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("id", Digest, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("run_id", RunKey),
    Column("body", LargeBinary, nullable=False),
)
Table(
    "packs",
    metadata,
    Column("key", Key, primary_key=True),
    Column("repository", Key, ForeignKey("repository_keys.key"), nullable=False),
    Column("id", String, nullable=False),
    UniqueConstraint("repository", "id"),
)
Table(
    "nodes",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("id", LargeBinary(32), primary_key=True),
    Column("pack", Key, ForeignKey("packs.key"), nullable=False),
    Column("offset", Key, nullable=False),
    Column("length", Key, nullable=False),
    sqlite_with_rowid=False,
)
Table(
    "refs",
    metadata,
    Column("repository", Key, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("commit_id", Digest, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    ForeignKeyConstraint(["repository", "commit_id"], ["commits.repository", "commits.id"]),
    sqlite_with_rowid=False,
)
Table(
    "operations",
    metadata,
    Column("seq", Key, primary_key=True),
    Column("repository", Key, ForeignKey("repository_keys.key"), nullable=False),
    Column("key", Name, nullable=False),
    Column("operation", String, nullable=False),
    Column("actor", Name, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("repository", "key"),
    sqlite_autoincrement=True,  # the log's numbers are never used again
)
Table(
    "ref_moves",
    metadata,
    Column("operation", Key, ForeignKey("operations.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("repository", Key, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", Name, nullable=False),
    Column("expected", Digest),
    Column("new", Digest),
    Column("at", Instant, nullable=False),
    Index("ref_moves_by_ref", "repository", "kind", "name", "at", "operation"),
    sqlite_with_rowid=False,
)
Table(
    "transactions",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("run_id", RunKey, primary_key=True),
    Column("state", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("transactions_by_age", "repository", "created_at", "run_id"),
    Index("transactions_by_state", "repository", "state", "created_at", "run_id"),
)
Table(
    "plans",
    metadata,
    Column("id", Name, primary_key=True),
    Column("repository", Key, ForeignKey("repository_keys.key"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("plans_by_age", "repository", "created_at", "id"),
)
Table(
    "events",
    metadata,
    Column("seq", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("run_id", RunKey),
    Column("body", LargeBinary, nullable=False),
    Column("problem", Name),
    Index("events_by_run", "run_id", "seq"),
)
Table(
    "jobs",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("namespace", Name, nullable=False),
    Column("name", Name, nullable=False, index=True),
)
Table(
    "runs",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", RunKey, nullable=False, unique=True),
    Column("job", Key, ForeignKey("jobs.key"), nullable=False),
    Column("state", String, nullable=False),
    Column("parent", RunKey),
    Column("placed_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("runs_by_parent", "parent", "placed_at", "id"),
    Index("runs_by_job", "job", "placed_at", "id"),
)
Table(
    "datasets",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("namespace", Name, nullable=False),
    Column("name", Name, nullable=False),
    Index("datasets_by_name", "name", "namespace"),
)
Table(
    "versions",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("dataset", Key, ForeignKey("datasets.key"), nullable=False, index=True),
    Column("partition", Name, nullable=False),
    Column("version", Name),
)
Table(
    "ios",
    metadata,
    Column("run", Key, ForeignKey("runs.key"), primary_key=True),
    Column("written", Boolean, primary_key=True),
    Column("version", Key, ForeignKey("versions.key"), primary_key=True),
    Column("evidence", String, nullable=False),
    Column("dataset_type", Name),
    Index("ios_by_version", "version", "written", "run"),
    sqlite_with_rowid=False,
)
