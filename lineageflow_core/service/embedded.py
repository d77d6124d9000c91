"""A whole lake in this process: the services over one set of stores."""

from datetime import UTC, datetime

from lineageflow_core.catalog import Catalog
from lineageflow_core.service.content import ContentService
from lineageflow_core.service.folding import ensure_folded
from lineageflow_core.service.history import HistoryService
from lineageflow_core.service.later import service
from lineageflow_core.service.lineage import LineageService
from lineageflow_core.service.objects import ObjectsService
from lineageflow_core.service.opened import Clock, Lake
from lineageflow_core.service.plain_text import in_plain_text
from lineageflow_core.service.refs import RefsService
from lineageflow_core.service.repositories import RepositoriesService
from lineageflow_core.service.settings import SettingsService
from lineageflow_core.service.transactions import TransactionsService
from lineageflow_core.store.ports import Stores


def open_embedded(stores: Stores, *, clock: Clock = lambda: datetime.now(UTC)) -> Catalog:
    """Returns a catalog that works on `stores` without any server. `clock` gives the time, in UTC."""
    lake = Lake(stores, clock)
    ensure_folded(stores)
    repositories = RepositoriesService(lake)
    objects, history = ObjectsService(lake), HistoryService(lake)
    lineage = LineageService(lake, repositories=repositories, objects=objects, history=history)
    nodes = service("nodes", "Nodes", lake, repositories=repositories, objects=objects)
    catalog = Catalog(
        repositories=repositories,
        settings=SettingsService(lake),
        refs=RefsService(lake),
        checks=service("checks", "ChecksService", lake),
        operations=service("operations", "OperationsService", lake),
        history=history,
        merging=service("merging", "MergingService", lake),
        staging=service("staging", "StagingService", lake),
        objects=objects,
        content=ContentService(lake),
        transactions=TransactionsService(lake),
        lineage=lineage,
        events=service("events", "EventsService", lake),
        datasets=service("datasets", "KnownDatasetsService", lake, nodes),
        jobs=service("jobs", "JobsService", lake),
        upkeep=service("upkeep", "UpkeepService", lake),
        live=service("live", "LiveService", lake),
        overview=service("overview", "OverviewService", lake),
        plans=service("plans", "PlansService", lake, nodes),
        quarantine=service("quarantine", "QuarantineService", lake, nodes),
        tables=service("tables", "TablesService", lake, history=history, lineage=lineage),
        collection=service("collection", "CollectionService", lake),
        transfers=service("imports", "TransfersService", lake),
        tokens=service("tokens", "TokensService", stores.tokens, clock),
    )
    return in_plain_text(catalog)
