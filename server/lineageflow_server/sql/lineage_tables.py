"""The tables of lineage: the log of events, and all that follows from it.

As `tables.py` has it: what is large in number has an integer key, and refers to others by theirs. Everything
here but `events`, `pruned_runs` and `kept_words` is derived from those three, and can be made anew.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    false,
    text,
)

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.lineage import Evidence
from lineageflow_core.model.run import RunState
from lineageflow_server.sql.column_types import Choice, Instant, Key, Name, RunKey

metadata = MetaData()
"""Of all tables of a lake: those in `tables.py` are declared in it, too."""

events = Table(
    "events",
    metadata,
    Column("seq", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("run_id", RunKey),
    Column("body", LargeBinary, nullable=False),
    Column("problem", Name),
    Column("kind", Choice(EventKind)),
    Column("at", Instant),
    Column("received_at", Instant),
    Column("warning", Name),
    Column("is_aside", Boolean, nullable=False, server_default=false()),
    Column("replaced_by", LargeBinary(32)),
    Index("events_by_run", "run_id", "seq"),
    Index("events_by_kind", "kind", "seq"),
    Index("events_by_time", "at"),
)
"""The log, which all else about lineage can be derived from. `kind` is null where an earlier version took an
event and could not tell."""

pruned_runs = Table(
    "pruned_runs",
    metadata,
    Column("id", RunKey, primary_key=True),
    sqlite_with_rowid=False,
)
"""Runs that were pruned: what comes late about them counts for nothing."""

kept_words = Table(
    "kept_words",
    metadata,
    Column("digest", LargeBinary(16), primary_key=True),
    Column("words", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""What events of pruned runs said of a job, a dataset, or two names of one."""

jobs = Table(
    "jobs",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("namespace", Name, nullable=False),
    Column("name", Name, nullable=False, index=True),
    Column("seen", Boolean, nullable=False, server_default=false()),
    Index("jobs_in_order", "namespace", "name"),
)
"""`seen`: an event is about it; others are named by events about others."""

runs = Table(
    "runs",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", RunKey, nullable=False, unique=True),
    Column("job", Key, ForeignKey("jobs.key"), nullable=False),
    Column("state", Choice(RunState), nullable=False),
    Column("parent", RunKey),
    Column("placed_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("ended_at", Instant),
    Column("loop", RunKey),
    Index("runs_by_parent", "parent", "placed_at", "id"),
    Index("runs_by_job", "job", "placed_at", "id"),
)
"""`placed_at` is where it stands among others: its start, else its end (`store.paging.place_of_run`).

`parent` is the run that it stands under. `loop`: of runs that are each other's parents, the one with the
smallest id, which stands under none.

`record` is all that was said of it, which the next event is merged into.
"""

datasets = Table(
    "datasets",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("namespace", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("first", Key, ForeignKey("datasets.key")),
    Column("seen", Boolean, nullable=False, server_default=false()),
    Index("datasets_in_order", "namespace", "name"),
)
"""A row is a name. `first` is the first name of the same dataset, where that is another. `seen`: an event
says that it was read or written, or tells of it; others are named as what fed something."""

versions = Table(
    "versions",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("dataset", Key, ForeignKey("datasets.key"), nullable=False, index=True),
    Column("partition", Name, nullable=False),
    Column("version", Name),
)
"""Under the first names of their datasets."""

ios = Table(
    "ios",
    metadata,
    Column("run", Key, ForeignKey("runs.key"), primary_key=True),
    Column("written", Boolean, primary_key=True),
    Column("version", Key, ForeignKey("versions.key"), primary_key=True),
    Column("dataset", Key, ForeignKey("datasets.key"), nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("evidence", Choice(Evidence), nullable=False),
    Column("dataset_type", Name),
    Column("at", Instant),
    Column("settled", Boolean, nullable=False, server_default=false()),
    Index("ios_by_version", "version", "written", "at", "run", "settled"),
    Index("ios_by_dataset", "dataset", "written", "whole", "at"),
    sqlite_with_rowid=False,
)
"""What a run read and wrote. `whole`: it is of no partition. A read that names no version stands in
`open_reads`, and here at the versions that were there, or at none. `settled` is for writes (`settled.py`).
Walks read `ios_by_version` and the primary key, and nothing else of most rows."""

open_reads = Table(
    "open_reads",
    metadata,
    Column("run", Key, ForeignKey("runs.key"), primary_key=True),
    Column("dataset", Key, ForeignKey("datasets.key"), primary_key=True),
    Column("partition", Name, primary_key=True),
    Column("dataset_type", Name),
    Column("at", Instant),
    Index("open_reads_by_dataset", "dataset", "at"),
    sqlite_with_rowid=False,
)
"""Reads that name no version: which it was follows from what was written until then."""

flows = Table(
    "flows",
    metadata,
    Column("run", Key, ForeignKey("runs.key"), primary_key=True),
    Column("target", Key, ForeignKey("datasets.key"), primary_key=True),
    Column("source", Key, primary_key=True, autoincrement=False),
    Column("evidence", Choice(Evidence), nullable=False),
    sqlite_with_rowid=False,
)
"""`source` is a dataset's key; 0 where nothing fed the target."""

column_maps = Table(
    "column_maps",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
)
"""Sets of column edges: runs of one job mostly have the same."""

column_edges = Table(
    "column_edges",
    metadata,
    Column("map", Key, ForeignKey("column_maps.key"), primary_key=True),
    Column("field", Name, primary_key=True),
    Column("source", Key, ForeignKey("datasets.key"), primary_key=True),
    Column("source_field", Name, primary_key=True),
    Column("kind", Name, primary_key=True),
    Column("subtype", Name, primary_key=True),
    Column("masking", Boolean, primary_key=True),
    Index("column_edges_by_source", "source", "source_field"),
    sqlite_with_rowid=False,
)

run_columns = Table(
    "run_columns",
    metadata,
    Column("run", Key, ForeignKey("runs.key"), primary_key=True),
    Column("target", Key, ForeignKey("datasets.key"), primary_key=True),
    Column("map", Key, ForeignKey("column_maps.key"), nullable=False),
    Index("run_columns_by_map", "map"),
    sqlite_with_rowid=False,
)

job_edges = Table(
    "job_edges",
    metadata,
    Column("run", Key, ForeignKey("runs.key"), primary_key=True),
    Column("source", Key, ForeignKey("jobs.key"), primary_key=True),
    Column("target", Key, ForeignKey("jobs.key"), primary_key=True),
    Index("job_edges_by_source", "source", "target"),
    Index("job_edges_by_target", "target", "source"),
    sqlite_with_rowid=False,
)

tested = Table(
    "tested",
    metadata,
    Column("run", Key, ForeignKey("runs.key"), primary_key=True),
    Column("written", Boolean, primary_key=True),
    Column("dataset", Key, ForeignKey("datasets.key"), primary_key=True),
    Column("failed", Boolean, nullable=False),
    Index("tested_by_dataset", "dataset", "failed"),
    sqlite_with_rowid=False,
)
"""What runs found out about the data that they read and wrote; what that is, stands in their records."""

declarations = Table(
    "declarations",
    metadata,
    Column("job", Key, ForeignKey("jobs.key"), primary_key=True),
    Column("written", Boolean, primary_key=True),
    Column("dataset", Key, ForeignKey("datasets.key"), primary_key=True),
    Index("declarations_by_dataset", "dataset"),
    sqlite_with_rowid=False,
)
"""What each job declares, by the names that it uses: what its word without a facet in `job_words` says."""

job_words = Table(
    "job_words",
    metadata,
    Column("job", Key, ForeignKey("jobs.key"), primary_key=True),
    Column("facet", Name, primary_key=True),
    Column("stamp", LargeBinary(26), nullable=False),
    Column("said", LargeBinary),
)
"""The facet '' is what the job declares that it reads and writes."""

dataset_words = Table(
    "dataset_words",
    metadata,
    Column("dataset", Key, ForeignKey("datasets.key"), primary_key=True),
    Column("facet", Name, primary_key=True),
    Column("stamp", LargeBinary(26), nullable=False),
    Column("said", LargeBinary),
)
"""By name, not by first name."""

job_terms = Table(
    "job_terms",
    metadata,
    Column("job", Key, ForeignKey("jobs.key"), primary_key=True),
    Column("facet", LargeBinary(16), primary_key=True),
    Column("field", Name, primary_key=True),
    Column("value", Name, primary_key=True),
    Index("job_terms_by_value", "field", "value", "job"),
    sqlite_with_rowid=False,
)

dataset_terms = Table(
    "dataset_terms",
    metadata,
    Column("dataset", Key, ForeignKey("datasets.key"), primary_key=True),
    Column("facet", LargeBinary(16), primary_key=True),
    Column("field", Name, primary_key=True),
    Column("value", Name, primary_key=True),
    Index("dataset_terms_by_value", "field", "value", "dataset"),
    sqlite_with_rowid=False,
)
"""What searches find a name by (`store.terms`). `facet` is a digest of the key of the facet that says
so; it is empty where that is the name itself."""

PARTIAL_INDEXES = [
    Index("events_with_problems", events.c.seq, sqlite_where=events.c.problem.is_not(None)),
    Index("datasets_by_first", datasets.c.first, sqlite_where=datasets.c.first.is_not(None)),
    Index("runs_going", runs.c.placed_at, runs.c.id, sqlite_where=text("state = 'running'")),
]
"""As those in `tables.py`."""
