"""What it would take to undo a DAG run: a plan of the lake, to be looked at. It is applied elsewhere."""

from dataclasses import dataclass
from typing import Any

from lineageflow_airflow.identity import dag_run_attempt
from lineageflow_airflow.links.pages import plan_url
from lineageflow_airflow.views.data_branch import details_of
from lineageflow_core.catalog import Catalog
from lineageflow_core.model.plan import RollbackPlan
from lineageflow_core.openlineage.naming import repository_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A plan, and where to go on with it."""

    plan: RollbackPlan
    url: str | None
    command: str

    @property
    def changes(self) -> int:
        """How many datasets and partitions it would change."""
        return sum(item.changes for item in self.plan.items)


def plan_of(lake: Catalog, page: str | None, dag_run: Any, target: str) -> Preview | None:
    """Returns a plan to take back what an attempt of a DAG run wrote, and all that was derived from it.

    `target` is the attempt's run id in lineage. None if the DAG run has no such attempt, or it wrote nothing.
    """
    for attempt, details in details_of(lake, dag_run_attempt(dag_run)):
        if attempt.lineage_id != target:
            continue
        repositories = [repository_of(io.version.namespace) for io in details.writes]
        repository = next((each for each in repositories if each), None)
        if repository is None:
            return None
        plan = lake.plans.plan_rollback(repository, f"run:{target}")
        command = f"lineageflow rollback plan:{plan.id}"
        return Preview(plan=plan, url=plan_url(page, plan.id), command=command)
    return None
