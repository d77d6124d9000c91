"""The last DAG runs that used the lake, as far as a user may read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lineageflow_airflow.identity import dag_run_attempt
from lineageflow_core.catalog import Catalog
from lineageflow_core.model.run import Run

_LOOKED_AT = 200
"""How many of each side are compared: Airflow's last DAG runs, and the lake's last runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedLake:
    """A DAG run that used the lake."""

    dag_id: str
    run_id: str
    state: str
    """Airflow's."""
    at: Any
    """When it has begun, or was to."""
    run: Run
    """As lineage knows it."""


def overview_of(lake: Catalog, readable: Iterable[str]) -> list[UsedLake]:
    """Returns the last runs of the DAGs that are readable, newest first."""
    known = {str(run.id): run for run in lake.lineage.list_runs(limit=_LOOKED_AT).items}
    found = []
    for dag_run in _last_runs(set(readable)):
        names = (each.lineage_id for each in dag_run_attempt(dag_run).so_far())
        run = next((known[name] for name in names if name in known), None)
        if run is not None:
            found.append(
                UsedLake(
                    dag_id=dag_run.dag_id,
                    run_id=dag_run.run_id,
                    state=str(dag_run.state),
                    at=dag_run.start_date or dag_run.run_after,
                    run=run,
                )
            )
    return found


def _last_runs(dags: set[str]) -> list[Any]:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    chosen = select(DagRun).where(DagRun.dag_id.in_(dags)).order_by(DagRun.run_after.desc(), DagRun.id.desc())
    with create_session() as session:
        return list(session.scalars(chosen.limit(_LOOKED_AT)))
