"""Storage of lakes and repositories, commits by dataset, times of removed refs, and what expires."""

import sqlalchemy as sa
from alembic import context, op
from msgspec import msgpack

from lineageflow_server.sql.column_types import Digest, Instant, Key, Name, RunKey

revision = "0002"
down_revision = "0001"

IS_ADDITIVE = True
"""Whether versions that do not know this revision work with it as before."""


def upgrade() -> None:
    """Adds tables, columns and indexes, and tells from the transactions' bodies when they expire."""
    op.add_column("lake", sa.Column("storage", sa.String()))
    op.add_column("repositories", sa.Column("storage", sa.String()))
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
    op.create_table(
        "dataset_changes",
        sa.Column("repository", Key, sa.ForeignKey("repository_keys.key"), primary_key=True),
        sa.Column("path", Name(), primary_key=True),
        sa.Column("generation", sa.Integer(), primary_key=True),
        sa.Column("commit", Digest(), primary_key=True),
        sa.Column("before", Digest()),
        sa.Column("after", Digest()),
        sqlite_with_rowid=False,
    )
    op.add_column("ref_moves", sa.Column("removed_created_at", Instant()))
    op.add_column("ref_moves", sa.Column("removed_updated_at", Instant()))
    op.add_column("transactions", sa.Column("expires_at", Instant()))
    if not context.is_offline_mode():  # where it is null, the body is asked
        _fill_expires_at(op.get_bind())
    op.create_index("transactions_by_expiry", "transactions", ["repository", "state", "expires_at"])


def downgrade() -> None:
    """Removes them. What is removed is written in the rows' bodies, too, or was not known before."""
    op.drop_index("transactions_by_expiry", table_name="transactions")
    op.drop_column("transactions", "expires_at")
    op.drop_column("ref_moves", "removed_updated_at")
    op.drop_column("ref_moves", "removed_created_at")
    op.drop_table("dataset_changes")
    op.drop_index("commits_unrecorded", table_name="commits")
    op.drop_column("commits", "changed")
    op.drop_column("commits", "second_parent")
    op.drop_column("commits", "first_parent")
    op.drop_column("repositories", "storage")
    op.drop_column("lake", "storage")


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
