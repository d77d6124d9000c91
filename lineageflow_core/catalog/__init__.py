"""What a lake can do: narrow Protocols, each operation declared once.

An operation is a method here (typed values in and out, semantics in its docstring) and a row in
`wire.routes`. The embedded call, the HTTP route with its OpenAPI, and the remote client all come from
those two. Every `ref` is a revision as people write it (`main`, `v1`, `main~2`, `run:<id>`, a commit id);
every `branch` is a branch's name, or `run:<id>` for the branch of an open transaction. Every list is a
page in a fixed order; `after` is the `next` of the page before. Every mutating call takes a `key`: called
again with the same key it changes nothing and returns what the first call returned, so that a lost reply
is not an error; None means that the caller will not retry.
"""

from dataclasses import dataclass

from lineageflow_core.catalog.checks import Checks
from lineageflow_core.catalog.collection import Collecting
from lineageflow_core.catalog.content import Content
from lineageflow_core.catalog.datasets import KnownDatasets
from lineageflow_core.catalog.events import Events
from lineageflow_core.catalog.history import History
from lineageflow_core.catalog.jobs import Jobs
from lineageflow_core.catalog.lineage import Emitter, Lineage
from lineageflow_core.catalog.live import Live
from lineageflow_core.catalog.merging import Merging
from lineageflow_core.catalog.objects import Objects
from lineageflow_core.catalog.operations import Operations
from lineageflow_core.catalog.overview import Overview
from lineageflow_core.catalog.plans import Plans
from lineageflow_core.catalog.quarantine import Quarantines
from lineageflow_core.catalog.refs import Refs
from lineageflow_core.catalog.repositories import Repositories
from lineageflow_core.catalog.settings import Settings
from lineageflow_core.catalog.staging import Staging
from lineageflow_core.catalog.tables import Tables
from lineageflow_core.catalog.tokens import Tokens
from lineageflow_core.catalog.transactions import Transactions
from lineageflow_core.catalog.transfers import Transfers
from lineageflow_core.catalog.upkeep import Upkeep

__all__ = [
    "Catalog",
    "Checks",
    "Collecting",
    "Content",
    "Emitter",
    "Events",
    "History",
    "Jobs",
    "KnownDatasets",
    "Lineage",
    "Live",
    "Merging",
    "Objects",
    "Operations",
    "Overview",
    "Plans",
    "Quarantines",
    "Refs",
    "Repositories",
    "Settings",
    "Staging",
    "Tables",
    "Tokens",
    "Transactions",
    "Transfers",
    "Upkeep",
]


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """One lake, embedded or remote: the same operations either way."""

    repositories: Repositories
    settings: Settings
    refs: Refs
    checks: Checks
    operations: Operations
    history: History
    merging: Merging
    staging: Staging
    objects: Objects
    content: Content
    transactions: Transactions
    lineage: Lineage
    events: Events
    datasets: KnownDatasets
    jobs: Jobs
    upkeep: Upkeep
    live: Live
    overview: Overview
    plans: Plans
    quarantine: Quarantines
    tables: Tables
    collection: Collecting
    transfers: Transfers
    tokens: Tokens
    address: str | None = None
    """What opens it again, in any process: a whole path, or a URL. None for a lake in memory."""
    emitter: Emitter | None = None
    """How runs tell of themselves. None: by `lineage.ingest`, at once."""
