"""The pages that Airflow's API server serves for us, from its own origin and to its own users.

Whoever is not signed in is refused, at every address; whoever may not read a DAG's runs sees nothing of
them. What is asked of the lake is asked with the connection's token. Only planning a rollback writes
anything, a plan, which is applied elsewhere; so it wants a user who may change the run.
"""

from pathlib import Path
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, get_user, requires_access_dag
from airflow.exceptions import AirflowException  # type: ignore[attr-defined]  # so since 3.1
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from lineageflow_airflow.connection import connection_of, lake_of
from lineageflow_airflow.views.data_branch import dag_run_of, data_branch_of
from lineageflow_airflow.views.overview import overview_of
from lineageflow_airflow.views.rendering import render
from lineageflow_airflow.views.rollback import plan_of
from lineageflow_core.errors import LineageFlowError

_STATIC = Path(__file__).parent / "static"
_FILES = {"style.css": "text/css", "page.js": "text/javascript"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_READS_RUNS = Depends(requires_access_dag("GET", DagAccessEntity.RUN))
_CHANGES_RUNS = Depends(requires_access_dag("PUT", DagAccessEntity.RUN))

app = FastAPI(
    title="LineageFlow",
    dependencies=[Depends(get_user)],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)


@app.exception_handler(LineageFlowError)
def lake_failed(request: Request, error: LineageFlowError) -> Response:
    """Says why the lake has not answered."""
    return _page(request, "failure.html", status=503, message=error.message)


@app.exception_handler(AirflowException)
def connection_failed(request: Request, error: AirflowException) -> Response:
    """Says what is wrong with the connection."""
    return _page(request, "failure.html", status=503, message=str(error))


@app.get("/static/{name}")
def static(name: str) -> Response:
    """Returns the style of the pages, or their script."""
    if name not in _FILES:
        raise HTTPException(404)
    headers = {"X-Content-Type-Options": "nosniff"}
    return FileResponse(_STATIC / name, media_type=_FILES[name], headers=headers)


@app.get("/", response_class=HTMLResponse)
def overview(request: Request, user: GetUserDep) -> Response:
    """Shows the last DAG runs that used the lake, of those that the user may open."""
    readable = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    found = overview_of(lake_of(), readable)
    opened = {dag_id for dag_id in {each.dag_id for each in found} if _reads_runs(request, user, dag_id)}
    shown = [each for each in found if each.dag_id in opened]
    return _page(request, "overview.html", overview=shown, lake=connection_of())


@app.get("/dags/{dag_id}/runs/{run_id:path}", response_class=HTMLResponse, dependencies=[_READS_RUNS])
def data_branch(request: Request, dag_id: str, run_id: str) -> Response:
    """Shows what a DAG run read and wrote, and what became of it."""
    shown = data_branch_of(lake_of(), connection_of().page_url, _dag_run(dag_id, run_id))
    return _page(request, "data_branch.html", shown=shown)


@app.post("/dags/{dag_id}/plans/{run_id:path}", response_class=HTMLResponse, dependencies=[_CHANGES_RUNS])
def rollback_plan(request: Request, dag_id: str, run_id: str, target: str) -> Response:
    """Plans to take back what one attempt of a DAG run wrote. Nothing of the data changes."""
    run = _dag_run(dag_id, run_id)
    plan = plan_of(lake_of(), connection_of().page_url, run, target)
    if plan is None:
        raise HTTPException(404, "the DAG run wrote nothing under this name")
    return _page(request, "plan.html", plan=plan, dag_id=dag_id, run_id=run_id)


def _reads_runs(request: Request, user: BaseUser, dag_id: str) -> bool:
    """Tells what the page of a run would: who may read a DAG may not yet read its runs."""
    try:
        requires_access_dag("GET", DagAccessEntity.RUN, dag_id)(request, user)
    except HTTPException:
        return False
    return True


def _dag_run(dag_id: str, run_id: str) -> Any:
    found = dag_run_of(dag_id, run_id)
    if found is None:
        raise HTTPException(404, "Airflow knows no such DAG run")
    return found


def _page(request: Request, template: str, *, status: int = 200, **shown: Any) -> Response:
    text = render(template, root=request.scope.get("root_path", ""), **shown)
    return HTMLResponse(text, status_code=status, headers=_HEADERS)
