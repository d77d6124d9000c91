"""Where a lake's content lies; when refs were made that are removed; which transactions expire."""

import sqlalchemy as sa
from alembic import context, op
from msgspec import msgpack

from lineageflow_server.sql.column_types import Instant, RunKey

revision = "0002"
down_revision = "0001"

IS_ADDITIVE = True
"""Whether versions that do not know this revision work with it as before."""


def upgrade() -> None:
    """Adds columns and an index, and tells from the transactions' bodies when they expire."""
    op.add_column("lake", sa.Column("storage", sa.String()))
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
