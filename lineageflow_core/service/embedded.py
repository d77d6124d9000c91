"""A whole lake in this process: the services over one set of stores."""

from datetime import UTC, datetime

from lineageflow_core.catalog import Catalog
from lineageflow_core.service.checks import ChecksService
from lineageflow_core.service.collection import CollectionService
from lineageflow_core.service.content import ContentService
from lineageflow_core.service.datasets import KnownDatasetsService
from lineageflow_core.service.events import EventsService
from lineageflow_core.service.folding import ensure_folded
from lineageflow_core.service.history import HistoryService
from lineageflow_core.service.imports import TransfersService
from lineageflow_core.service.jobs import JobsService
from lineageflow_core.service.lineage import LineageService
from lineageflow_core.service.live import LiveService
from lineageflow_core.service.merging import MergingService
from lineageflow_core.service.nodes import Nodes
from lineageflow_core.service.objects import ObjectsService
from lineageflow_core.service.opened import Clock, Lake
from lineageflow_core.service.operations import OperationsService
from lineageflow_core.service.overview import OverviewService
from lineageflow_core.service.plain_text import in_plain_text
from lineageflow_core.service.plans import PlansService
from lineageflow_core.service.quarantine import QuarantineService
from lineageflow_core.service.refs import RefsService
from lineageflow_core.service.repositories import RepositoriesService
from lineageflow_core.service.settings import SettingsService
from lineageflow_core.service.staging import StagingService
from lineageflow_core.service.tables import TablesService
from lineageflow_core.service.tokens import TokensService
from lineageflow_core.service.transactions import TransactionsService
from lineageflow_core.service.upkeep import UpkeepService
from lineageflow_core.store.ports import Stores


def open_embedded(stores: Stores, *, clock: Clock = lambda: datetime.now(UTC)) -> Catalog:
    """Returns a catalog that works on `stores` without any server. `clock` gives the time, in UTC."""
    lake = Lake(stores, clock)
    ensure_folded(stores)
    repositories = RepositoriesService(lake)
    objects, history = ObjectsService(lake), HistoryService(lake)
    lineage = LineageService(lake, repositories=repositories, objects=objects, history=history)
    nodes = Nodes(lake, repositories=repositories, objects=objects)
    catalog = Catalog(
        repositories=repositories,
        settings=SettingsService(lake),
        refs=RefsService(lake),
        checks=ChecksService(lake),
        operations=OperationsService(lake),
        history=history,
        merging=MergingService(lake),
        staging=StagingService(lake),
        objects=objects,
        content=ContentService(lake),
        transactions=TransactionsService(lake),
        lineage=lineage,
        events=EventsService(lake),
        datasets=KnownDatasetsService(lake, nodes),
        jobs=JobsService(lake),
        upkeep=UpkeepService(lake),
        live=LiveService(lake),
        overview=OverviewService(lake),
        plans=PlansService(lake, nodes),
        quarantine=QuarantineService(lake, nodes),
        tables=TablesService(lake, history=history, lineage=lineage),
        collection=CollectionService(lake),
        transfers=TransfersService(lake),
        tokens=TokensService(stores.tokens, clock),
    )
    return in_plain_text(catalog)
