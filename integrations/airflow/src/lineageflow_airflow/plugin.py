"""What Airflow loads in each of its processes. Keep it light: every task pays for its imports.

So neither LineageFlow's core nor what needs it is imported here, but when a task first opens `lf://`.
"""

from typing import Any

import fsspec

try:
    from airflow.sdk.plugins_manager import AirflowPlugin  # what a task's process has imported already
except ImportError:  # Airflow 3.1
    from airflow.plugins_manager import AirflowPlugin  # type: ignore[assignment]

from lineageflow_airflow import listener
from lineageflow_airflow.configuration import page_address
from lineageflow_airflow.links.run import LineageFlowRunLink
from lineageflow_airflow.provider import SCHEME

if SCHEME in fsspec.registry:  # imported already, and LineageFlow's core with it
    from lineageflow_airflow.filesystem import AirflowFileSystem

    fsspec.register_implementation(SCHEME, AirflowFileSystem, clobber=True)
else:
    fsspec.register_implementation(SCHEME, "lineageflow_airflow.filesystem.AirflowFileSystem", clobber=True)

_PAGES = "/lineageflow"


async def serve_pages(scope: Any, receive: Any, send: Any) -> None:
    """Serves our pages in the API server, which is the only process that imports them, when one is opened."""
    from lineageflow_airflow.views.app import app

    await app(scope, receive, send)


class LineageFlowPlugin(AirflowPlugin):
    """LineageFlow in Airflow's processes and pages."""

    name = "lineageflow"
    listeners: list[Any] = [listener]  # noqa: RUF012  # as Airflow has it
    global_operator_extra_links: list[Any] = [LineageFlowRunLink()]  # noqa: RUF012  # as Airflow has it
    fastapi_apps: list[Any] = [  # noqa: RUF012  # as Airflow has it
        {"app": serve_pages, "url_prefix": _PAGES, "name": "LineageFlow"}
    ]
    external_views: list[Any] = [  # noqa: RUF012  # as Airflow has it
        {
            "name": "LineageFlow",
            "href": page_address(f"{_PAGES}/"),
            "url_route": "lineageflow",
            "destination": "nav",
            "category": "browse",
        },
        {
            "name": "Data branch",
            "href": page_address(f"{_PAGES}/dags/{{DAG_ID}}/runs/{{RUN_ID}}"),
            "url_route": "data_branch",
            "destination": "dag_run",
        },
    ]

    @property
    def hook_lineage_readers(self) -> list[Any]:  # type: ignore[override]  # Airflow only reads it
        """What Airflow wants, or it collects no lineage; asked for by tasks that have any."""
        try:
            from airflow.sdk.lineage import HookLineageReader
        except ImportError:  # Airflow 3.1
            from airflow.lineage.hook import HookLineageReader  # type: ignore[no-redef]
        return [HookLineageReader]
