"""All stores of a lake that lives in this process's memory."""

from lineageflow_core.store.memory.collections import MemoryCollectionStore
from lineageflow_core.store.memory.commits import MemoryCommitStore
from lineageflow_core.store.memory.content import MemoryContentStore
from lineageflow_core.store.memory.datasets import MemoryDatasetStore
from lineageflow_core.store.memory.event_log import MemoryEventLog
from lineageflow_core.store.memory.imports import MemoryImportStore, MemoryReferenceStore
from lineageflow_core.store.memory.jobs import MemoryJobStore
from lineageflow_core.store.memory.lineage import MemoryLineageStore
from lineageflow_core.store.memory.operations import MemoryCheckStore, MemoryOperationStore
from lineageflow_core.store.memory.plans import MemoryPlanStore
from lineageflow_core.store.memory.profiles import MemoryProfileStore
from lineageflow_core.store.memory.quarantines import MemoryQuarantineStore
from lineageflow_core.store.memory.refs import MemoryRefStore
from lineageflow_core.store.memory.repositories import MemoryRepositoryStore
from lineageflow_core.store.memory.settings import MemorySettingsStore
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.memory.tokens import MemoryTokenStore
from lineageflow_core.store.memory.transactions import MemoryTransactionStore
from lineageflow_core.store.open import open_content_of
from lineageflow_core.store.ports import ContentStore


class MemoryStores:
    """`Stores` that threads share and no other process sees."""

    def __init__(self) -> None:
        self._state = State()
        self.repositories = MemoryRepositoryStore(self._state)
        self.refs = MemoryRefStore(self._state)
        self.settings = MemorySettingsStore(self._state)
        self.operations = MemoryOperationStore(self._state)
        self.checks = MemoryCheckStore(self._state)
        self.commits = MemoryCommitStore(self._state)
        self.transactions = MemoryTransactionStore(self._state)
        self.events = MemoryEventLog(self._state)
        self.lineage = MemoryLineageStore(self._state)
        self.jobs = MemoryJobStore(self._state, self.lineage)
        self.datasets = MemoryDatasetStore(self._state, self.lineage, self.jobs)
        self.plans = MemoryPlanStore(self._state)
        self.quarantines = MemoryQuarantineStore(self._state)
        self.profiles = MemoryProfileStore(self._state)
        self.collections = MemoryCollectionStore(self._state)
        self.references = MemoryReferenceStore(self._state)
        self.imports = MemoryImportStore(self._state)
        self.tokens = MemoryTokenStore(self._state)

    def content(self, repository: str, *, storage: str | None = None) -> ContentStore:
        content = MemoryContentStore() if storage is None else open_content_of(repository, storage)
        with self._state.lock:
            return self._state.contents.setdefault(repository, content)

    def close(self) -> None:
        """Does nothing: what is in memory goes with the last reference to it."""
