"""The routes of Marquez's read API, below the same prefix as ours; no two routes answer the same request."""

from fastapi import APIRouter

from lineageflow_core.catalog import Catalog
from lineageflow_core.wire.routes import API_PREFIX
from lineageflow_server.api.operations import PROBLEMS, summary_of
from lineageflow_server.marquez.datasets import DatasetAnswers
from lineageflow_server.marquez.graphs import GraphAnswers
from lineageflow_server.marquez.jobs import JobAnswers
from lineageflow_server.marquez.segments import SegmentsRoute


def marquez_router(catalog: Catalog) -> APIRouter:
    """Returns a router that answers as Marquez does from what the catalog knows."""
    router = APIRouter(prefix=API_PREFIX, tags=["marquez"], route_class=SegmentsRoute)
    for answers in (DatasetAnswers(catalog), JobAnswers(catalog), GraphAnswers(catalog)):
        for path, endpoint in answers.routes():
            router.add_api_route(
                path,
                endpoint,
                operation_id=f"marquez_{endpoint.__name__}",
                summary=summary_of(endpoint.__doc__ or ""),
                response_model=None,
                responses=PROBLEMS,
            )
    return router
