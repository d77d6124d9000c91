"""Settings, checks and names of repositories, storage, commits by dataset and run, tables, what expires."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from msgspec import msgpack

from lineageflow_server.sql.column_types import Digest, Instant, Key, Name, RunKey

revision = "0002"
down_revision = "0001"

IS_ADDITIVE = False
"""Whether versions that do not know this revision work with it as before.

They could, but must not: they know neither that a publication names the last collection, nor who may write
to a protected branch.
"""


def upgrade() -> None:
    """Adds tables, columns and indexes, and fills from bodies what tells of expiry, and what logs search."""
    op.execute("UPDATE lake SET format = 2, needs = '0.2.0'")
    op.add_column("lake", sa.Column("storage", sa.String()))
    op.add_column("repositories", sa.Column("storage", sa.String()))
    op.add_column("repositories", sa.Column("deleted_at", Instant()))
    op.add_column("repositories", sa.Column("purged_at", Instant()))
    op.create_table(
        "repository_names",
        sa.Column("seq", Key, primary_key=True),
        sa.Column("name", Name(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
    )
    op.create_index("ix_repository_names_repository", "repository_names", ["repository"])
    op.create_index("repository_names_by_name", "repository_names", ["name", "seq"])
    op.create_table(
        "settings",
        sa.Column(
            "repository", Key, sa.ForeignKey("repository_keys.key"), primary_key=True, autoincrement=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "checks",
        _repository(),
        sa.Column("root", Digest(), primary_key=True),
        sa.Column("name", Name(), primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.add_column("operations", sa.Column("listed", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("operations", sa.Column("body", sa.LargeBinary()))
    op.create_index("operations_by_age", "operations", ["repository", "listed", "seq"])
    op.create_index("commits_by_run", "commits", ["repository", "run_id", "generation"])
    op.add_column("commits", sa.Column("first_parent", Digest()))
    op.add_column("commits", sa.Column("second_parent", Digest()))
    op.add_column("commits", sa.Column("changed", sa.Integer()))
    unrecorded = sa.text("changed IS NULL")
    op.create_index(
        "commits_unrecorded",
        "commits",
        ["repository", "generation", "id"],
        sqlite_where=unrecorded,
        postgresql_where=unrecorded,
    )
    op.add_column("commits", sa.Column("is_logged", sa.Boolean()))
    op.create_table(
        "log_entries",
        _repository(),
        sa.Column("generation", sa.Integer(), primary_key=True),
        sa.Column("commit", Digest(), primary_key=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("author", Name(), nullable=False),
        sa.Column("message", Name()),
        sa.Column("metadata", Name()),
        sqlite_with_rowid=False,
    )
    if not context.is_offline_mode():  # where there is no entry, the body is asked
        _fill_log_entries(op.get_bind())
    unlogged = sa.text("is_logged IS NULL")
    op.create_index(
        "commits_unlogged",
        "commits",
        ["repository", "generation", "id"],
        sqlite_where=unlogged,
        postgresql_where=unlogged,
    )
    op.create_table(
        "dataset_changes",
        _repository(),
        sa.Column("path", Name(), primary_key=True),
        sa.Column("generation", sa.Integer(), primary_key=True),
        sa.Column("commit", Digest(), primary_key=True),
        sa.Column("before", Digest()),
        sa.Column("after", Digest()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "profiles",
        _repository(),
        sa.Column("table_id", Digest(), primary_key=True),
        sa.Column("is_sampled", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "collections",
        _repository(autoincrement=False),
        sa.Column("last", sa.Integer(), nullable=False),
    )
    op.create_table(
        "collected",
        _repository(),
        sa.Column("id", Digest(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("collection", sa.Integer(), nullable=False),
        sa.Column("size", Key, nullable=False),
        sa.Column("reason", Name(), nullable=False),
        sa.Column("dataset", Name()),
        sa.Column("at", Instant()),
        sqlite_with_rowid=False,
    )
    op.create_index("collected_by_state", "collected", ["repository", "state", "id"])
    op.create_table(
        "object_references",
        _repository(),
        sa.Column("object_id", sa.LargeBinary(32), primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "imports",
        _repository(),
        sa.Column("id", Name(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("plan", sa.LargeBinary(16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("imports_by_age", "imports", ["repository", "created_at", "id"])
    op.create_index("imports_by_plan", "imports", ["repository", "plan", "state"])
    op.create_table(
        "quarantines",
        _repository(),
        sa.Column("dataset", Name(), primary_key=True),
        sa.Column("partition", Name(), primary_key=True),
        sa.Column("snapshot", Digest(), primary_key=True),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.add_column("ref_moves", sa.Column("removed_created_at", Instant()))
    op.add_column("ref_moves", sa.Column("removed_updated_at", Instant()))
    op.add_column("transactions", sa.Column("expires_at", Instant()))
    if not context.is_offline_mode():  # where it is null, the body is asked
        _fill_expires_at(op.get_bind())
    op.create_index("transactions_by_expiry", "transactions", ["repository", "state", "expires_at"])


def downgrade() -> None:
    """Removes them. What is removed is written in the rows' bodies, too, or was not known before."""
    op.execute("UPDATE lake SET format = 1, needs = '0.1.0'")
    op.drop_index("transactions_by_expiry", table_name="transactions")
    op.drop_column("transactions", "expires_at")
    op.drop_column("ref_moves", "removed_updated_at")
    op.drop_column("ref_moves", "removed_created_at")
    for table in ("quarantines", "imports", "object_references", "collected", "collections", "profiles"):
        op.drop_table(table)
    op.drop_table("dataset_changes")
    op.drop_index("commits_unlogged", table_name="commits")
    op.drop_column("commits", "is_logged")
    op.drop_table("log_entries")
    op.drop_index("commits_unrecorded", table_name="commits")
    op.drop_column("commits", "changed")
    op.drop_column("commits", "second_parent")
    op.drop_column("commits", "first_parent")
    op.drop_index("commits_by_run", table_name="commits")
    op.drop_index("operations_by_age", table_name="operations")
    op.drop_column("operations", "body")
    op.drop_column("operations", "listed")
    op.drop_table("checks")
    op.drop_table("settings")
    op.drop_table("repository_names")
    op.drop_column("repositories", "purged_at")
    op.drop_column("repositories", "deleted_at")
    op.drop_column("repositories", "storage")
    op.drop_column("lake", "storage")


def _repository(**options: Any) -> sa.Column[Any]:
    return sa.Column("repository", Key, sa.ForeignKey("repository_keys.key"), primary_key=True, **options)


def _fill_log_entries(connection: sa.Connection) -> None:
    commits = sa.table(
        "commits",
        sa.column("repository", sa.BigInteger),
        sa.column("id", Digest()),
        sa.column("body", sa.LargeBinary),
        sa.column("is_logged", sa.Boolean),
    )
    entries = sa.table(
        "log_entries",
        sa.column("repository", sa.BigInteger),
        sa.column("generation", sa.Integer),
        sa.column("commit", Digest()),
        sa.column("created_at", sa.BigInteger),
        sa.column("author", Name()),
        sa.column("message", Name()),
        sa.column("metadata", Name()),
    )
    row = commits.c
    place = sa.tuple_(row.repository, row.id)
    query = sa.select(row.repository, row.id, row.body).order_by(row.repository, row.id).limit(10_000)
    found = connection.execute(query).all()
    while found:
        connection.execute(sa.insert(entries), [_log_entry(*each) for each in found])
        last = found[-1]
        found = connection.execute(query.where(place > (last.repository, last.id))).all()
    connection.execute(sa.update(commits).values(is_logged=True))


def _log_entry(repository: int, commit: str, body: bytes) -> dict[str, Any]:
    _, _, _, author, message, created_at, generation, metadata, *_ = msgpack.decode(body)
    searched = message.casefold().replace("\0", "\ufffd")
    said = "".join(f"\n{key}={value}\n" for key, value in metadata).replace("\0", "\ufffd")
    return {
        "repository": repository,
        "generation": generation,
        "commit": commit,
        "created_at": created_at,
        "author": author,
        "message": searched if len(searched) <= 2000 else None,
        "metadata": said if len(said) <= 2000 else None,
    }


def _fill_expires_at(connection: sa.Connection) -> None:
    transactions = sa.table(
        "transactions",
        sa.column("repository", sa.BigInteger),
        sa.column("run_id", RunKey),
        sa.column("state", sa.String),
        sa.column("body", sa.LargeBinary),
        sa.column("expires_at", Instant),
    )
    row = transactions.c
    kept = sa.select(row.repository, row.run_id, row.body).where(row.state.in_(["open", "discarded"]))
    values = [
        {"owner": each.repository, "run": each.run_id, "at": msgpack.decode(each.body)["expires_at"]}
        for each in connection.execute(kept)
    ]
    if values:
        here = sa.and_(row.repository == sa.bindparam("owner"), row.run_id == sa.bindparam("run"))
        filled = sa.update(transactions).where(here).values(expires_at=sa.bindparam("at"))
        connection.execute(filled, values)
