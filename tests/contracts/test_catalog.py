"""The contracts of the catalog, kept by every kind of lake."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.testing.catalog.blame import BlameContract
from lineageflow_core.testing.catalog.cherry_picking import CherryPickContract
from lineageflow_core.testing.catalog.clock import StandingClock
from lineageflow_core.testing.catalog.columns import ColumnLineageContract
from lineageflow_core.testing.catalog.content import ContentContract
from lineageflow_core.testing.catalog.datasets import KnownDatasetsContract
from lineageflow_core.testing.catalog.deciding import DecisionContract
from lineageflow_core.testing.catalog.events import EventsContract
from lineageflow_core.testing.catalog.history import HistoryContract
from lineageflow_core.testing.catalog.impact import ImpactContract
from lineageflow_core.testing.catalog.jobs import JobsContract
from lineageflow_core.testing.catalog.keys import KeyContract
from lineageflow_core.testing.catalog.lineage import LineageContract
from lineageflow_core.testing.catalog.live import LiveContract
from lineageflow_core.testing.catalog.merging import MergeContract
from lineageflow_core.testing.catalog.names import PathContract
from lineageflow_core.testing.catalog.nested_transactions import NestedTransactionsContract
from lineageflow_core.testing.catalog.objects import ObjectsContract
from lineageflow_core.testing.catalog.operations import OperationsContract, UndoContract
from lineageflow_core.testing.catalog.overview import OverviewContract
from lineageflow_core.testing.catalog.plans import PlansContract
from lineageflow_core.testing.catalog.properties import CatalogProperties
from lineageflow_core.testing.catalog.quarantine import QuarantineContract
from lineageflow_core.testing.catalog.refs import AmbiguityContract, RefsContract
from lineageflow_core.testing.catalog.repositories import RepositoriesContract
from lineageflow_core.testing.catalog.resetting import ResetContract
from lineageflow_core.testing.catalog.reverting import RevertContract
from lineageflow_core.testing.catalog.rewriting import RewritingContract
from lineageflow_core.testing.catalog.rollback import (
    LaterWorkContract,
    PlanUndoContract,
    RollbackTargetContract,
)
from lineageflow_core.testing.catalog.rollback_overlaps import RollbackOverlapContract
from lineageflow_core.testing.catalog.rules import ChecksContract, RulesContract
from lineageflow_core.testing.catalog.settings import SettingsContract
from lineageflow_core.testing.catalog.staging import DiscardContract, StagedDiffContract, StagingContract
from lineageflow_core.testing.catalog.staging_commits import CommitStagedContract, StagingKeyContract
from lineageflow_core.testing.catalog.staging_properties import StagingProperties
from lineageflow_core.testing.catalog.stale import StaleReadContract
from lineageflow_core.testing.catalog.tables import TablesContract
from lineageflow_core.testing.catalog.tokens import TokensContract
from lineageflow_core.testing.catalog.tracing import TracingContract
from lineageflow_core.testing.catalog.transactions import ExpiryContract, TransactionsContract
from lineageflow_core.testing.catalog.transfers import TransfersContract
from lineageflow_core.testing.catalog.upkeep import UpkeepContract
from tests.contracts.lakes import LAKES


@pytest.fixture(scope="module", params=list(LAKES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def catalog(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with LAKES[kind](tmp_path_factory.mktemp(kind), lambda: datetime.now(UTC)) as catalog:
        yield catalog


class TestRepositories(RepositoriesContract): ...


class TestSettings(SettingsContract): ...


class TestRules(RulesContract): ...


class TestChecks(ChecksContract): ...


class TestOperations(OperationsContract): ...


class TestUndo(UndoContract): ...


class TestRefs(RefsContract): ...


class TestHistory(HistoryContract): ...


class TestMerges(MergeContract): ...


class TestDecisions(DecisionContract): ...


class TestCherryPicks(CherryPickContract): ...


class TestReverts(RevertContract): ...


class TestResets(ResetContract): ...


class TestStaleReads(StaleReadContract): ...


class TestStaging(
    StagingContract, StagedDiffContract, DiscardContract, CommitStagedContract, StagingKeyContract
): ...


class TestObjects(ObjectsContract): ...


class TestContent(ContentContract): ...


class TestTransactions(TransactionsContract): ...


class TestNestedTransactions(NestedTransactionsContract): ...


class TestRewriting(RewritingContract): ...


class TestLineage(LineageContract): ...


class TestTracing(TracingContract): ...


class TestImpact(ImpactContract): ...


class TestEvents(EventsContract): ...


class TestKnownDatasets(KnownDatasetsContract): ...


class TestJobs(JobsContract): ...


class TestUpkeep(UpkeepContract): ...


class TestColumnLineage(ColumnLineageContract): ...


class TestLive(LiveContract): ...


class TestOverview(OverviewContract): ...


class TestPlans(PlansContract): ...


class TestBlame(BlameContract): ...


class TestRollbackTargets(RollbackTargetContract): ...


class TestLaterWork(LaterWorkContract): ...


class TestPlanUndo(PlanUndoContract): ...


class TestRollbackOverlaps(RollbackOverlapContract): ...


class TestQuarantine(QuarantineContract): ...


class TestTables(TablesContract): ...


class TestTransfers(TransfersContract): ...


class TestTokens(TokensContract): ...


class TestPaths(PathContract): ...


class TestKeys(KeyContract): ...


class TestProperties(CatalogProperties, StagingProperties): ...


class TestTime(AmbiguityContract, ExpiryContract):
    @pytest.fixture
    def clock(self) -> StandingClock:
        return StandingClock()

    @pytest.fixture
    def catalog(
        self, kind: str, clock: StandingClock, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[Catalog]:
        with LAKES[kind](tmp_path_factory.mktemp(kind), clock) as catalog:
            yield catalog
