"""Tokens; what events are listed by; records of runs, names of datasets, open reads, flows, columns, facets.

Facts follow from events, which stay: so their tables are made anew, and empty, each way.
"""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import zstandard
from alembic import context, op

from lineageflow_server.sql.column_types import Digest, Instant, Key, Name, RunKey

revision = "0003"
down_revision = "0002"

IS_ADDITIVE = False
"""Whether versions that do not know this revision work with it as before.

They would not: facts follow from records now, and they keep none.
"""


_FACTS = ("ios", "versions", "datasets", "runs", "jobs")
_DETAILS = (
    "dataset_terms",
    "job_terms",
    "dataset_words",
    "job_words",
    "tested",
    "declarations",
    "job_edges",
    "run_columns",
    "column_edges",
    "column_maps",
    "flows",
    "open_reads",
)


def upgrade() -> None:
    """Makes the tables of facts; whoever opens the lake next fills them from the events."""
    op.execute("UPDATE lake SET format = 3, needs = '0.3.0'")
    op.add_column("lake", sa.Column("fold", sa.Integer(), nullable=False, server_default="0"))
    _place_operations()
    _make_pruning()
    for table in _FACTS:
        op.drop_table(table)
    _make_entities()
    linked = sa.text("first IS NOT NULL")
    op.create_index("datasets_by_first", "datasets", ["first"], sqlite_where=linked, postgresql_where=linked)
    _make_facts()
    _make_details()
    _make_tokens()
    _widen_log()


def _widen_log() -> None:
    op.add_column("events", sa.Column("kind", sa.String()))
    op.add_column("events", sa.Column("at", Instant()))
    op.add_column("events", sa.Column("received_at", Instant()))
    op.add_column("events", sa.Column("warning", Name()))
    op.add_column("events", sa.Column("is_aside", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("events", sa.Column("replaced_by", sa.LargeBinary(32)))
    if not context.is_offline_mode():  # where it is null, nobody looked
        _fill_kinds(op.get_bind())
    op.create_index("events_by_kind", "events", ["kind", "seq"])
    op.create_index("events_by_time", "events", ["at"])
    problematic = sa.text("problem IS NOT NULL")
    op.create_index(
        "events_with_problems", "events", ["seq"], sqlite_where=problematic, postgresql_where=problematic
    )


def _fill_kinds(connection: sa.Connection) -> None:
    events = sa.table(
        "events",
        sa.column("seq", sa.BigInteger),
        sa.column("body", sa.LargeBinary),
        sa.column("kind", sa.String),
        sa.column("at", Instant),
    )
    row = events.c
    query = sa.select(row.seq, row.body).order_by(row.seq).limit(10_000)
    filled = sa.update(events).where(row.seq == sa.bindparam("here"))
    filled = filled.values(kind=sa.bindparam("what"), at=sa.bindparam("when", type_=Instant()))
    found = connection.execute(query).all()
    while found:
        connection.execute(filled, [{"here": each.seq, **_said(each.body)} for each in found])
        found = connection.execute(query.where(row.seq > found[-1].seq)).all()


def _said(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(zstandard.decompress(body))
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return {"what": "unknown", "when": None}
    kind = next((name for name in ("run", "dataset", "job") if name in event), "unknown")
    try:
        at = datetime.fromisoformat(event["eventTime"])
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        at = None
    return {"what": kind, "when": at}


def _make_pruning() -> None:
    op.create_table("pruned_runs", sa.Column("id", RunKey(), primary_key=True), sqlite_with_rowid=False)
    op.create_table(
        "kept_words",
        sa.Column("digest", sa.LargeBinary(16), primary_key=True),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )


def _place_operations() -> None:
    op.add_column("operations", sa.Column("place", Key))
    op.add_column("lake", sa.Column("places", Key, nullable=False, server_default="0"))
    op.execute("UPDATE operations SET place = seq")
    op.execute("UPDATE lake SET places = coalesce((SELECT max(seq) FROM operations), 0)")
    op.create_index("operations_by_place", "operations", ["place"])


def _make_entities(*, newest: bool = True) -> None:
    op.create_table(
        "jobs",
        sa.Column("key", Key, primary_key=True),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("namespace", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        *([_seen()] if newest else []),
    )
    op.create_index("ix_jobs_name", "jobs", ["name"])
    if newest:
        op.create_index("jobs_in_order", "jobs", ["namespace", "name"])
    op.create_table(
        "runs",
        sa.Column("key", Key, primary_key=True),
        sa.Column("id", RunKey(), nullable=False, unique=True),
        sa.Column("job", Key, sa.ForeignKey("jobs.key"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("parent", RunKey()),
        sa.Column("placed_at", Instant(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *(
            [
                sa.Column("record", sa.LargeBinary(), nullable=False),
                sa.Column("ended_at", Instant()),
                sa.Column("loop", RunKey()),
            ]
            if newest
            else []
        ),
    )
    op.create_index("runs_by_parent", "runs", ["parent", "placed_at", "id"])
    op.create_index("runs_by_job", "runs", ["job", "placed_at", "id"])
    if newest:
        going = sa.text("state = 'running'")
        op.create_index("runs_going", "runs", ["placed_at", "id"], sqlite_where=going, postgresql_where=going)
    op.create_table(
        "datasets",
        sa.Column("key", Key, primary_key=True),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("namespace", Name(), nullable=False),
        sa.Column("name", Name(), nullable=False),
        *([sa.Column("first", Key, sa.ForeignKey("datasets.key"))] if newest else []),
        *([_seen()] if newest else []),
    )
    if newest:
        op.create_index("datasets_in_order", "datasets", ["namespace", "name"])
    else:
        op.create_index("datasets_by_name", "datasets", ["name", "namespace"])
    op.create_table(
        "versions",
        sa.Column("key", Key, primary_key=True),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("dataset", Key, sa.ForeignKey("datasets.key"), nullable=False),
        sa.Column("partition", Name(), nullable=False),
        sa.Column("version", Name()),
    )
    op.create_index("ix_versions_dataset", "versions", ["dataset"])


def _make_facts() -> None:
    op.create_table(
        "ios",
        _key("run", "runs"),
        sa.Column("written", sa.Boolean(), primary_key=True),
        _key("version", "versions"),
        sa.Column("dataset", Key, sa.ForeignKey("datasets.key"), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("dataset_type", Name()),
        sa.Column("at", Instant()),
        sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sqlite_with_rowid=False,
    )
    op.create_index("ios_by_version", "ios", ["version", "written", "at", "run", "settled"])
    op.create_index("ios_by_dataset", "ios", ["dataset", "written", "whole", "at"])
    op.create_table(
        "open_reads",
        _key("run", "runs"),
        _key("dataset", "datasets"),
        sa.Column("partition", Name(), primary_key=True),
        sa.Column("dataset_type", Name()),
        sa.Column("at", Instant()),
        sqlite_with_rowid=False,
    )
    op.create_index("open_reads_by_dataset", "open_reads", ["dataset", "at"])


def _make_details() -> None:
    op.create_table(
        "flows",
        _key("run", "runs"),
        _key("target", "datasets"),
        sa.Column("source", Key, primary_key=True, autoincrement=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "column_maps",
        sa.Column("key", Key, primary_key=True),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, unique=True),
    )
    op.create_table(
        "column_edges",
        _key("map", "column_maps"),
        sa.Column("field", Name(), primary_key=True),
        _key("source", "datasets"),
        sa.Column("source_field", Name(), primary_key=True),
        sa.Column("kind", Name(), primary_key=True),
        sa.Column("subtype", Name(), primary_key=True),
        sa.Column("masking", sa.Boolean(), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("column_edges_by_source", "column_edges", ["source", "source_field"])
    op.create_table(
        "run_columns",
        _key("run", "runs"),
        _key("target", "datasets"),
        sa.Column("map", Key, sa.ForeignKey("column_maps.key"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("run_columns_by_map", "run_columns", ["map"])
    op.create_table(
        "job_edges",
        _key("run", "runs"),
        _key("source", "jobs"),
        _key("target", "jobs"),
        sqlite_with_rowid=False,
    )
    op.create_index("job_edges_by_source", "job_edges", ["source", "target"])
    op.create_index("job_edges_by_target", "job_edges", ["target", "source"])
    op.create_table(
        "declarations",
        _key("job", "jobs"),
        sa.Column("written", sa.Boolean(), primary_key=True),
        _key("dataset", "datasets"),
        sqlite_with_rowid=False,
    )
    op.create_index("declarations_by_dataset", "declarations", ["dataset"])
    op.create_table(
        "tested",
        _key("run", "runs"),
        sa.Column("written", sa.Boolean(), primary_key=True),
        _key("dataset", "datasets"),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("tested_by_dataset", "tested", ["dataset", "failed"])
    for owner in ("job", "dataset"):
        op.create_table(
            f"{owner}_words",
            _key(owner, f"{owner}s"),
            sa.Column("facet", Name(), primary_key=True),
            sa.Column("stamp", sa.LargeBinary(26), nullable=False),
            sa.Column("said", sa.LargeBinary()),
        )
        op.create_table(
            f"{owner}_terms",
            _key(owner, f"{owner}s"),
            sa.Column("facet", sa.LargeBinary(16), primary_key=True),
            sa.Column("field", Name(), primary_key=True),
            sa.Column("value", Name(), primary_key=True),
            sqlite_with_rowid=False,
        )
        op.create_index(f"{owner}_terms_by_value", f"{owner}_terms", ["field", "value", owner])


def _make_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", Name(), primary_key=True),
        sa.Column("digest", Digest(), nullable=False, unique=True),
        sa.Column("key", Name(), unique=True),
        sa.Column("name", Name(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("author", Name(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant()),
        sa.Column("last_used_at", Instant()),
        sa.Column("revoked_at", Instant()),
        sa.Column("revoked_by", Name()),
    )
    op.create_index("ix_tokens_name", "tokens", ["name"])
    op.create_index("tokens_by_age", "tokens", ["created_at", "id"])


def _seen() -> sa.Column[bool]:
    return sa.Column("seen", sa.Boolean(), nullable=False, server_default=sa.false())


def _key(name: str, table: str) -> sa.Column[int]:
    return sa.Column(name, Key, sa.ForeignKey(f"{table}.key"), primary_key=True, autoincrement=False)


def downgrade() -> None:
    """Makes the tables of facts as they were; the earlier version cannot fill them from the events."""
    op.execute("UPDATE lake SET format = 2, needs = '0.2.0'")
    for index in ("events_with_problems", "events_by_time", "events_by_kind"):
        op.drop_index(index, table_name="events")
    for column in ("replaced_by", "is_aside", "warning", "received_at", "at", "kind"):
        op.drop_column("events", column)
    op.drop_column("lake", "fold")
    op.drop_column("lake", "places")
    op.drop_table("pruned_runs")
    op.drop_table("kept_words")
    op.drop_index("operations_by_place", table_name="operations")
    op.drop_column("operations", "place")
    op.drop_table("tokens")
    for table in (*_DETAILS, *_FACTS):
        op.drop_table(table)
    _make_entities(newest=False)
    op.create_table(
        "ios",
        _key("run", "runs"),
        sa.Column("written", sa.Boolean(), primary_key=True),
        _key("version", "versions"),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("dataset_type", Name()),
        sqlite_with_rowid=False,
    )
    op.create_index("ios_by_version", "ios", ["version", "written", "run"])
