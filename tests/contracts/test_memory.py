"""The contracts, kept by the stores in memory."""

from collections.abc import Callable

import pytest

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.memory.content import MemoryContentStore
from lineageflow_core.testing.collection_store import CollectionStoreContract
from lineageflow_core.testing.commit_store import CommitStoreContract
from lineageflow_core.testing.content_store import ContentStoreContract, TrashContract
from lineageflow_core.testing.dataset_store import DatasetStoreContract
from lineageflow_core.testing.event_log import EventLogContract
from lineageflow_core.testing.import_store import ImportStoreContract, ReferenceStoreContract
from lineageflow_core.testing.job_store import JobStoreContract
from lineageflow_core.testing.lineage_binding import LineageBindingContract
from lineageflow_core.testing.lineage_store import RunFactsContract
from lineageflow_core.testing.lineage_walking import LineageWalkingContract
from lineageflow_core.testing.operation_store import OperationStoreContract
from lineageflow_core.testing.plan_store import PlanStoreContract
from lineageflow_core.testing.profile_store import ProfileStoreContract
from lineageflow_core.testing.quarantine_store import QuarantineStoreContract
from lineageflow_core.testing.ref_log import RefLogContract
from lineageflow_core.testing.ref_store import RefStoreContract
from lineageflow_core.testing.repository_store import RepositoryStoreContract
from lineageflow_core.testing.settings_store import SettingsStoreContract
from lineageflow_core.testing.token_store import TokenStoreContract
from lineageflow_core.testing.transaction_store import TransactionStoreContract
from lineageflow_core.testing.turns import TurnContract, Waiting


@pytest.fixture
def stores() -> MemoryStores:
    return MemoryStores()


@pytest.fixture
def content() -> MemoryContentStore:
    return MemoryContentStore()


@pytest.fixture
def damage(content: MemoryContentStore) -> Callable[[ObjectId], None]:
    def change(object_id: ObjectId) -> None:
        whole = bytearray(content._objects[object_id])
        whole[-1] ^= 1
        content._objects[object_id] = bytes(whole)

    return change


@pytest.fixture
def waiting(stores: MemoryStores) -> Waiting:
    return stores.refs.waiting


class TestContent(ContentStoreContract): ...


class TestTrash(TrashContract): ...


class TestRepositories(RepositoryStoreContract): ...


class TestRefs(RefStoreContract): ...


class TestRefLog(RefLogContract): ...


class TestTurns(TurnContract): ...


class TestOperations(OperationStoreContract): ...


class TestSettings(SettingsStoreContract): ...


class TestQuarantines(QuarantineStoreContract): ...


class TestCollections(CollectionStoreContract): ...


class TestCommits(CommitStoreContract): ...


class TestTransactions(TransactionStoreContract): ...


class TestEvents(EventLogContract): ...


class TestBinding(LineageBindingContract): ...


class TestDatasets(DatasetStoreContract): ...


class TestWalking(LineageWalkingContract): ...


class TestJobs(JobStoreContract): ...


class TestFacts(RunFactsContract): ...


class TestPlans(PlanStoreContract): ...


class TestProfiles(ProfileStoreContract): ...


class TestReferences(ReferenceStoreContract): ...


class TestImports(ImportStoreContract): ...


class TestTokens(TokenStoreContract): ...
