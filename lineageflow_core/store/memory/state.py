"""What all stores in memory share: one lock, and one dictionary a table."""

from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock

from lineageflow_core.model.check import Check
from lineageflow_core.model.collection import Collected
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, PlanId, RunId
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.plan import RollbackPlan
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.refs import Ref, RefName
from lineageflow_core.model.repository import RepositoryInfo, RepositoryName
from lineageflow_core.model.run import Job, Transaction
from lineageflow_core.model.settings import RepositorySettings
from lineageflow_core.model.table import TableId, TableProfile
from lineageflow_core.model.token import Token
from lineageflow_core.model.transfer import Import, ImportId
from lineageflow_core.store.ports import (
    CommitChanges,
    ContentStore,
    NodeLocation,
    Publication,
    RunFacts,
    StoredEvent,
    Word,
)


@dataclass(slots=True)
class LineageTables:
    """What follows from events. A transaction changes a copy, which takes the place of these."""

    __hash__ = object.__hash__  # what is worked out from these tables is remembered for just these

    fold: int = 0
    facts: dict[RunId, RunFacts] = field(default_factory=dict)
    records: dict[RunId, bytes] = field(default_factory=dict)
    job_words: dict[Job, dict[str, Word]] = field(default_factory=dict)
    declared: dict[Job, Word] = field(default_factory=dict)
    dataset_words: dict[DatasetName, dict[str, Word]] = field(default_factory=dict)
    links: set[tuple[DatasetName, DatasetName]] = field(default_factory=set)

    def copy(self) -> "LineageTables":
        """Returns tables that can be changed without changing these; words are replaced, not changed."""
        return LineageTables(
            fold=self.fold,
            facts=dict(self.facts),
            records=dict(self.records),
            job_words=dict(self.job_words),
            declared=dict(self.declared),
            dataset_words=dict(self.dataset_words),
            links=set(self.links),
        )


@dataclass(slots=True)
class State:
    """Every table of a lake. The first part of most keys is a repository's id."""

    lock: RLock = field(default_factory=RLock)
    """Held for every look and every change."""
    repositories: dict[str, RepositoryInfo] = field(default_factory=dict)
    contents: dict[str, ContentStore] = field(default_factory=dict)
    refs: dict[tuple[str, RefName], Ref] = field(default_factory=dict)
    moves: dict[tuple[str, RefName], list[tuple[datetime, CommitId | None]]] = field(default_factory=dict)
    """Where each ref went and when, in order."""
    names: list[RepositoryName] = field(default_factory=list)
    operations: dict[tuple[str, str], Publication] = field(default_factory=dict)
    """By idempotency key."""
    log: list[tuple[str, Publication]] = field(default_factory=list)
    """An operation's id is its place in here, from 1."""
    checks: dict[tuple[str, str, str], Check] = field(default_factory=dict)
    """By repository, content and name."""
    quarantines: dict[tuple[str, str, str, str], Quarantine] = field(default_factory=dict)
    """By repository, dataset, partition and version."""
    settings: dict[str, RepositorySettings] = field(default_factory=dict)
    commits: dict[tuple[str, CommitId], Commit] = field(default_factory=dict)
    changes: dict[tuple[str, CommitId], CommitChanges] = field(default_factory=dict)
    nodes: dict[tuple[str, bytes], NodeLocation] = field(default_factory=dict)
    transactions: dict[tuple[str, RunId], Transaction] = field(default_factory=dict)
    collections: dict[str, int] = field(default_factory=dict)
    collected: dict[tuple[str, str], Collected] = field(default_factory=dict)
    plans: dict[PlanId, tuple[str, RollbackPlan]] = field(default_factory=dict)
    profiles: dict[tuple[str, TableId], TableProfile] = field(default_factory=dict)
    references: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    imports: dict[tuple[str, ImportId], Import] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    token_digests: dict[str, str] = field(default_factory=dict)
    """By digest, the token's id."""
    token_keys: dict[str, str] = field(default_factory=dict)
    """By idempotency key, the token's id."""
    events: dict[bytes, StoredEvent] = field(default_factory=dict)
    event_places: dict[bytes, int] = field(default_factory=dict)
    """By digest, an event's place in the log: the last one that was given, and one more."""
    last_event: int = 0
    pruned_runs: set[RunId] = field(default_factory=set)
    kept_words: dict[bytes, bytes] = field(default_factory=dict)
    lineage: LineageTables = field(default_factory=LineageTables)
