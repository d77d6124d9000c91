"""The contracts, kept by a lake in a folder: SQLite, and files."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from lineageflow_server.embedded import TURNS, open_stores

from lineageflow_core.model.refs import RefName
from lineageflow_core.store.ports import Stores
from lineageflow_core.store.turns import offset_of
from lineageflow_core.testing.collection_store import CollectionStoreContract
from lineageflow_core.testing.commit_store import CommitStoreContract
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
from lineageflow_core.testing.shared_stores import Open, SharedStoresContract
from lineageflow_core.testing.token_store import TokenStoreContract
from lineageflow_core.testing.transaction_store import TransactionStoreContract
from lineageflow_core.testing.turns import TurnContract, Waiting


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    stores = open_stores(tmp_path / "lake")
    yield stores
    stores.close()


@pytest.fixture
def waiting(tmp_path: Path) -> Waiting:
    def count(repository: str, ref: RefName) -> int:
        inode = os.stat(tmp_path / "lake" / TURNS).st_ino
        first = offset_of(f"{repository}/{ref.kind.value}/{ref.name}")
        locks = Path("/proc/locks").read_text().splitlines()
        return sum("->" in line and line.endswith(f":{inode} {first} {first}") for line in locks)

    return count


@pytest.fixture
def open_shared(tmp_path: Path) -> Open:
    return partial(open_stores, tmp_path / "lake")


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


class TestSharing(SharedStoresContract): ...
