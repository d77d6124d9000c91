"""The tables of a lake, but for those of lineage (`lineage_tables.py`).

Whatever is large in number has an integer key and refers to others by theirs; ids of 16 and 32 bytes stand
in the columns that are looked up, and nowhere else. A `body` is a whole value (`rows.py`); the columns
beside it only serve questions. Everything here but refs, transactions, plans and repository names is
append-only, or can be derived again from what is. Short rows that are found by their primary key lie in its
index (`sqlite_with_rowid=False`): one look-up instead of two.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    true,
)

from lineageflow_core.model.collection import CollectedState, ContentKind
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.run import TransactionState
from lineageflow_core.model.transfer import ImportState
from lineageflow_server.sql import lineage_tables
from lineageflow_server.sql.column_types import Choice, Digest, Instant, Key, Name, RunKey

metadata = lineage_tables.metadata

FORMAT = 3
"""Of the tables below. A lake with a larger number was made by a later version."""
FORMAT_NEEDS = "0.3.0"
"""The first version of LineageFlow that knows this format."""

lake = Table(
    "lake",
    metadata,
    Column("format", Integer, primary_key=True, autoincrement=False),
    Column("needs", String, nullable=False),
    Column("storage", String),
    Column("fold", Integer, nullable=False, server_default="0"),
    Column("places", Key, nullable=False, server_default="0"),
)
"""One row. `storage` is where repositories have their content that say nothing; null beside the database.
`places` is the last place that was given to an operation.
`fold` is what the facts of lineage were made with; 0 where they have yet to be made from the events."""

repository_keys = Table(
    "repository_keys",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", String, nullable=False, unique=True),
)
"""Ids that anything is stored under, whether or not a repository has a name already."""

repositories = Table(
    "repositories",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("default_branch", Name, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("storage", String),
    Column("deleted_at", Instant),
    Column("purged_at", Instant),
)

repository_names = Table(
    "repository_names",
    metadata,
    Column("seq", Key, primary_key=True),
    Column("name", Name, nullable=False),
    Column("repository", String, nullable=False, index=True),
    Column("since", Instant, nullable=False),
    Index("repository_names_by_name", "name", "seq"),
)
"""Names of repositories that were renamed or took another's name: ids are those of `repositories`."""

settings = Table(
    "settings",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""`version` counts the changes: what they are compared by and set."""

commits = Table(
    "commits",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("id", Digest, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("run_id", RunKey),
    Column("first_parent", Digest),
    Column("second_parent", Digest),
    Column("changed", Integer),
    Column("is_logged", Boolean),
    Column("body", LargeBinary, nullable=False),
    Index("commits_by_run", "repository", "run_id", "generation"),
)
"""The parents are in the body, too, which is the truth: rows of earlier versions have none beside it.

`changed` is how many datasets the commit changed, if `dataset_changes` tells which. It does not where they
are very many, nor of commits of earlier versions. `is_logged` is true where `log_entries` tells of the
commit, and null where an earlier version wrote it.
"""

PARTIAL_INDEXES = [
    *lineage_tables.PARTIAL_INDEXES,
    *(
        Index(name, commits.c.repository, commits.c.generation, commits.c.id, sqlite_where=column.is_(None))
        for name, column in (
            ("commits_unrecorded", commits.c.changed),
            ("commits_unlogged", commits.c.is_logged),
        )
    ),
]
"""Partial on PostgreSQL, too (`postgresql.py`): to say so here would import its dialect in every process."""

log_entries = Table(
    "log_entries",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("commit", Digest, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("author", Name, nullable=False),
    Column("message", Name),
    Column("metadata", Name),
    sqlite_with_rowid=False,
)
"""What commits say that a log is searched by, in the order of a log, and short: searches read all of it.

The message and the metadata as `rows.log_entry` puts them; null where they are long.
"""

dataset_changes = Table(
    "dataset_changes",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("path", Name, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("commit", Digest, primary_key=True),
    Column("before", Digest),
    Column("after", Digest),
    sqlite_with_rowid=False,
)
"""Which commits changed a dataset, by its path; or any dataset in a folder, by the folder's path and '/'."""

packs = Table(
    "packs",
    metadata,
    Column("key", Key, primary_key=True),
    Column("repository", Key, ForeignKey("repository_keys.key"), nullable=False),
    Column("id", String, nullable=False),
    UniqueConstraint("repository", "id"),
)

nodes = Table(
    "nodes",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("id", LargeBinary(32), primary_key=True),
    Column("pack", Key, ForeignKey("packs.key"), nullable=False),
    Column("offset", Key, nullable=False),
    Column("length", Key, nullable=False),
    sqlite_with_rowid=False,
)

refs = Table(
    "refs",
    metadata,
    Column("repository", Key, primary_key=True),
    Column("kind", Choice(RefKind), primary_key=True),
    Column("name", Name, primary_key=True),
    Column("commit_id", Digest, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    ForeignKeyConstraint(["repository", "commit_id"], ["commits.repository", "commits.id"]),
    sqlite_with_rowid=False,
)

operations = Table(
    "operations",
    metadata,
    Column("seq", Key, primary_key=True),
    Column("repository", Key, ForeignKey("repository_keys.key"), nullable=False),
    Column("key", Name, nullable=False),
    Column("operation", String, nullable=False),
    Column("actor", Name, nullable=False),
    Column("at", Instant, nullable=False),
    Column("listed", Boolean, nullable=False, server_default=true()),
    Column("body", LargeBinary),
    Column("place", Key),
    UniqueConstraint("repository", "key"),
    Index("operations_by_age", "repository", "listed", "seq"),
    Index("operations_by_place", "place"),
    sqlite_autoincrement=True,  # the log's numbers are never used again
)
"""`listed` tells what is for people; `body` is what changed beside refs (`rows.Beside`), if anything did.
`place` is where it stands among those of all repositories; null until somebody asks
(`operation_places.py`)."""

ref_moves = Table(
    "ref_moves",
    metadata,
    Column("operation", Key, ForeignKey("operations.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("repository", Key, nullable=False),
    Column("kind", Choice(RefKind), nullable=False),
    Column("name", Name, nullable=False),
    Column("expected", Digest),
    Column("new", Digest),
    Column("at", Instant, nullable=False),
    Column("removed_created_at", Instant),
    Column("removed_updated_at", Instant),
    Index("ref_moves_by_ref", "repository", "kind", "name", "at", "operation"),
    sqlite_with_rowid=False,
)
"""`at` never decreases for one ref, even if a clock does, so that the latest move is the last one.

What is `removed_...` says of a removed ref what its row said, for whoever repeats the removal.
"""

checks = Table(
    "checks",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("root", Digest, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

transactions = Table(
    "transactions",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("run_id", RunKey, primary_key=True),
    Column("state", Choice(TransactionState), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("expires_at", Instant),
    Index("transactions_by_age", "repository", "created_at", "run_id"),
    Index("transactions_by_state", "repository", "state", "created_at", "run_id"),
    Index("transactions_by_expiry", "repository", "state", "expires_at"),
)
"""`expires_at` is null where a version wrote the row that did not know the column; its body tells it, too."""

plans = Table(
    "plans",
    metadata,
    Column("id", Name, primary_key=True),
    Column("repository", Key, ForeignKey("repository_keys.key"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("plans_by_age", "repository", "created_at", "id"),
)

quarantines = Table(
    "quarantines",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("dataset", Name, primary_key=True),
    Column("partition", Name, primary_key=True),
    Column("snapshot", Digest, primary_key=True),
    Column("holds", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""One row for each version that ever was quarantined; `holds` is false once that was lifted."""

profiles = Table(
    "profiles",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("table_id", Digest, primary_key=True),
    Column("is_sampled", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What tables are like, by content. All of it can be computed again."""

collections = Table(
    "collections",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
"""The number of the last collection that has begun. Whoever publishes holds the row until that is done."""

collected = Table(
    "collected",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("id", Digest, primary_key=True),
    Column("kind", Choice(ContentKind), nullable=False),
    Column("state", Choice(CollectedState), nullable=False),
    Column("collection", Integer, nullable=False),
    Column("size", Key, nullable=False),
    Column("reason", Name, nullable=False),
    Column("dataset", Name),
    Column("at", Instant),
    Index("collected_by_state", "repository", "state", "id"),
    sqlite_with_rowid=False,
)
"""What is in the trash, or gone. `at` is by the storage's clock."""

object_references = Table(
    "object_references",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("object_id", LargeBinary(32), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Where imported objects are that were not copied. `body` is what `object_id` is the digest of."""

imports = Table(
    "imports",
    metadata,
    Column("repository", Key, ForeignKey("repository_keys.key"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("state", Choice(ImportState), nullable=False),
    Column("plan", LargeBinary(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("imports_by_age", "repository", "created_at", "id"),
    Index("imports_by_plan", "repository", "plan", "state"),
)
"""`plan` is the digest of what is imported to where: by it a running import is found again."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", Name, primary_key=True),
    Column("digest", Digest, nullable=False, unique=True),
    Column("key", Name, unique=True),
    Column("name", Name, nullable=False, index=True),
    Column("scopes", String, nullable=False),
    Column("author", Name, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Column("revoked_by", Name),
    Index("tokens_by_age", "created_at", "id"),
)
"""`digest` is the secret's SHA-256, which is all that is kept of it. `scopes` are words, as in OAuth 2.0."""
