"""What a lake is kept in: narrow ports, below all semantics.

Two kinds of things. Immutable ones (objects, tree nodes, commits) are bytes under their own digest, in a
`ContentStore`, one per repository, and are written before anything points at them. Movable ones (refs,
transactions, plans, lineage) are rows in the other stores. Everything visible changes in one place:
`RefStore.publish`.

Contracts that hold for every implementation, and that `lineageflow_core.testing` checks: a call is atomic
and durable on return; a write repeated with the same content changes nothing; a read sees every write
that returned before it, from any process. `repository` is always a RepositoryInfo's id, which no rename
changes; only `RepositoryStore.get` takes a name.
"""

from lineageflow_core.store.ports.collections import CollectionStore
from lineageflow_core.store.ports.commits import CommitLink, CommitPlace, CommitStore
from lineageflow_core.store.ports.content import (
    ContentStore,
    KeptAsFiles,
    PackPart,
    StoredContent,
    StoredObject,
    Trash,
    TrashedContent,
)
from lineageflow_core.store.ports.datasets import DatasetStore, Written
from lineageflow_core.store.ports.events import EventLog, StoredEvent
from lineageflow_core.store.ports.imports import ImportStore, ReferenceStore
from lineageflow_core.store.ports.jobs import JobStore, LastRuns
from lineageflow_core.store.ports.lineage import LineageStore, LineageWriter, RunFacts, Word
from lineageflow_core.store.ports.lineage_look import (
    NO_TIME,
    Access,
    Key,
    KeyedColumnEdge,
    KeyedFlow,
    KnownTouch,
    LineageLook,
    RunTimes,
    Touch,
    Writes,
)
from lineageflow_core.store.ports.operations import CheckStore, OperationStore, PlacedOperation
from lineageflow_core.store.ports.plans import PlanStore
from lineageflow_core.store.ports.profiles import ProfileStore
from lineageflow_core.store.ports.publication import (
    CommitChanges,
    DatasetChange,
    NodeLocation,
    Publication,
    RefUpdate,
)
from lineageflow_core.store.ports.quarantines import QuarantineStore
from lineageflow_core.store.ports.refs import RefStore
from lineageflow_core.store.ports.repositories import RepositoryStore
from lineageflow_core.store.ports.settings import SettingsStore
from lineageflow_core.store.ports.stores import Stores
from lineageflow_core.store.ports.tokens import TokenStore
from lineageflow_core.store.ports.transactions import EXPIRING, TransactionStore

__all__ = [
    "EXPIRING",
    "NO_TIME",
    "Access",
    "CheckStore",
    "CollectionStore",
    "CommitChanges",
    "CommitLink",
    "CommitPlace",
    "CommitStore",
    "ContentStore",
    "DatasetChange",
    "DatasetStore",
    "EventLog",
    "ImportStore",
    "JobStore",
    "KeptAsFiles",
    "Key",
    "KeyedColumnEdge",
    "KeyedFlow",
    "KnownTouch",
    "LastRuns",
    "LineageLook",
    "LineageStore",
    "LineageWriter",
    "NodeLocation",
    "OperationStore",
    "PackPart",
    "PlacedOperation",
    "PlanStore",
    "ProfileStore",
    "Publication",
    "QuarantineStore",
    "RefStore",
    "RefUpdate",
    "ReferenceStore",
    "RepositoryStore",
    "RunFacts",
    "RunTimes",
    "SettingsStore",
    "StoredContent",
    "StoredEvent",
    "StoredObject",
    "Stores",
    "TokenStore",
    "Touch",
    "TransactionStore",
    "Trash",
    "TrashedContent",
    "Word",
    "Writes",
    "Written",
]
