"""The link from every task instance to its run in the lake's page: what it read and wrote."""

from typing import Any

from airflow.exceptions import AirflowNotFoundException  # type: ignore[attr-defined]  # so since 3.1
from airflow.sdk import BaseOperatorLink

from lineageflow_airflow.links.pages import run_url


class LineageFlowRunLink(BaseOperatorLink):
    """Leads from a task instance to the run that it is in lineage.

    Airflow asks for it in the API server when a task instance is looked at. The address follows from what
    Airflow knows: nothing is asked of the lake, which may not even know the run.
    """

    name = "Lineage"
    """What the button says."""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Returns the address of the run.

        '' where the lake has no page, or Airflow knows no such DAG run, and where the connection is one that
        only tasks have or that is rendered: what is raised here would take the task's other links away.
        """
        from lineageflow_airflow.connection import connection_of
        from lineageflow_airflow.identity import TaskTry, dag_run_attempt
        from lineageflow_core.errors import InvalidInputError

        try:
            page = connection_of(_connection_id(operator)).page_url
        except (InvalidInputError, AirflowNotFoundException):
            return ""
        dag_run = _dag_run(ti_key.dag_id, ti_key.run_id) if page else None
        if dag_run is None:
            return ""
        key = TaskTry(
            dag_run=dag_run_attempt(dag_run),
            task_id=ti_key.task_id,
            try_number=ti_key.try_number,
            map_index=ti_key.map_index,
        )
        return run_url(page, key.lineage_id) or ""


def _connection_id(operator: Any) -> str | None:
    """Returns the connection that an operator names, or a mapped one for all its instances."""
    given = getattr(operator, "partial_kwargs", {}).get("lineageflow_conn_id")
    return getattr(operator, "lineageflow_conn_id", None) or given or None


def _dag_run(dag_id: str, run_id: str) -> Any:
    """Returns a DAG run as the API server's database has it."""
    from airflow.models.dagrun import DagRun

    found = DagRun.find(dag_id=dag_id, run_id=run_id)
    return found[0] if found else None
