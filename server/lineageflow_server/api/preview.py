"""The preview of what is at a path."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.token import Scope
from lineageflow_core.wire.codec import encode
from lineageflow_core.wire.routes import API_PREFIX
from lineageflow_server.access.guard import needs
from lineageflow_server.api.operations import PROBLEMS
from lineageflow_server.preview.isolation import Worker
from lineageflow_server.preview.read import MAX_ROWS, preview
from lineageflow_server.preview.values import Preview


def preview_router(catalog: Catalog) -> APIRouter:
    """Returns a router with the preview's route."""
    router = APIRouter(prefix=API_PREFIX, tags=["preview"])
    worker = Worker()

    @router.get(
        "/repositories/{repository}/preview",
        operation_id="preview",
        response_model=Preview,
        responses=PROBLEMS,
        summary="Returns the first rows or lines of what is at `path`",
    )
    @needs(Scope.READ)
    def get_preview(
        repository: str,
        ref: str,
        path: str,
        limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 50,
        allow_quarantined: Annotated[bool, Query()] = False,  # noqa: FBT002  # by name, in the query
    ) -> Response:
        """Returns the first rows of a table (a dataset's Parquet files, CSV, JSON), or the start of a text.

        What cannot be shown has the kind `binary` or `unavailable`, which is an answer, not an error. What is
        quarantined is told in `notices`; where readers are kept from that, it is only shown with
        `allow_quarantined`.
        """
        shown = preview(
            catalog, worker, repository, ref, path, limit=limit, allow_quarantined=allow_quarantined
        )
        return Response(encode(shown), media_type="application/json")

    return router
