"""An operator that has a DAG's days run again, on an old version: a backfill of Airflow, made by a task."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.airflow_api import AirflowApi, RefusedError
from lineageflow_airflow.failures import AirflowException, AirflowFailException, task_failure
from lineageflow_airflow.operators.base import chosen, key_of
from lineageflow_airflow.operators.dag_runs import ORIGIN, DagRunsOperator
from lineageflow_airflow.triggers.dag_runs import DagRunsEndedTrigger
from lineageflow_core.errors import InvalidInputError

_CONFLICT, _NOT_FOUND = 409, 404


class Reprocess(StrEnum):
    """Which dates are run that have been run before."""

    COMPLETED = "completed"
    """All."""
    FAILED = "failed"
    """Those whose run failed."""
    NONE = "none"
    """None."""


class LineageFlowBackfillOperator(DagRunsOperator):
    """Backfills a DAG that is scheduled by time, on an old version.

    Airflow keeps one run for each date: one that there is already is run again, under the same run id and
    with the new conf, and what it writes is a transaction of its own. A DAG has one backfill at a time; the
    task fails while there is another one, and succeeds in a later try. For DAGs that are scheduled on assets,
    or not at all, there is `LineageFlowReplayOperator`.

    The rest as `DagRunsOperator`. XCom also has `backfill`, its id.

    :param from_date: the first date, as ISO 8601: `"{{ data_interval_start }}"`. (templated)
    :param to_date: the last date. (templated)
    :param days: instead of both, so many whole days (UTC) before the day that this task's DAG run is for.
    :param reprocess_behavior: which dates are run that have been run before: `"completed"` (all), `"failed"`,
        or `"none"`. (templated)
    :param run_backwards: whether the newest date is run first.
    :param max_active_runs: how many dates are run at the same time.
    """

    template_fields: Sequence[str] = (
        *DagRunsOperator.template_fields,
        "from_date",
        "to_date",
        "reprocess_behavior",
    )

    def __init__(
        self,
        *,
        from_date: str | datetime | None = None,
        to_date: str | datetime | None = None,
        days: int | None = None,
        reprocess_behavior: str = Reprocess.COMPLETED.value,
        run_backwards: bool = False,
        max_active_runs: int = 10,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (days is None) != bool(from_date and to_date) or (days is not None and (from_date or to_date)):
            raise ValueError(f"{self.task_id}: give either from_date and to_date, or days")
        self.from_date = _text(from_date)
        self.to_date = _text(to_date)
        self.days = days
        self.reprocess_behavior = reprocess_behavior
        self.run_backwards = run_backwards
        self.max_active_runs = max_active_runs

    def begin(self, api: AirflowApi, context: Context) -> DagRunsEndedTrigger:
        found = self._find(api, context)
        if found is not None:
            self.log.info("An earlier try has made backfill %s", found)
        return DagRunsEndedTrigger(
            dag_id=self.trigger_dag_id,
            backfill=self._make(api, context) if found is None else found,
            airflow_conn_id=self.airflow_conn_id,
            poll_interval=self.poll_interval,
        )

    def runs(self, api: AirflowApi, begun: DagRunsEndedTrigger, context: Context) -> dict[str, str]:
        made = api.get(f"/backfills/{begun.backfill}")
        found = api.all(
            f"/dags/{self.trigger_dag_id}/dagRuns",
            "dag_runs",
            run_type="backfill",
            updated_at_gte=made["created_at"],
            order_by="run_after",
        )
        mine = {run["dag_run_id"]: run for run in found if _origin(run["conf"]) == key_of(context)}
        if not mine and begun.has_ended(api):
            raise AirflowFailException(
                f"backfill {begun.backfill} of {self.trigger_dag_id!r} gave none of its runs its conf, so "
                "they read no old version: this release of Airflow leaves runs that it processes again the "
                "conf that they had"
            )
        return {run_id: str(run["state"]) for run_id, run in mine.items()}

    def _find(self, api: AirflowApi, context: Context) -> int | None:
        """Returns the backfill that an earlier try of this task has made."""
        made = api.all("/backfills", "backfills", dag_id=self.trigger_dag_id, order_by="-id")
        return next((each["id"] for each in made if _origin(each["dag_run_conf"]) == key_of(context)), None)

    def _make(self, api: AirflowApi, context: Context) -> int:
        begin, end = self._dates(context)
        try:
            behavior = chosen(Reprocess, self.reprocess_behavior, "reprocess_behavior") or Reprocess.NONE
        except InvalidInputError as error:
            raise task_failure(error) from error
        asked = {
            "dag_id": self.trigger_dag_id,
            "from_date": begin,
            "to_date": end,
            "run_backwards": self.run_backwards,
            "dag_run_conf": self.conf_of_runs(context),
            "reprocess_behavior": behavior.value,
            "max_active_runs": self.max_active_runs,
        }
        try:
            if not api.post("/backfills/dry_run", asked)["total_entries"]:
                raise AirflowFailException(
                    f"a backfill of {self.trigger_dag_id!r} from {begin} to {end} would run nothing: it has "
                    f"no dates there, or they were run before and reprocess_behavior is {behavior.value!r}"
                )
            return int(api.post("/backfills", asked)["id"])
        except RefusedError as error:
            made = self._find(api, context) if error.status == _CONFLICT else None
            if made is not None:  # by this request, whose answer was lost and that was sent again
                return made
            raise self._refusal(error) from error

    def _refusal(self, error: RefusedError) -> AirflowException:
        if error.status == _CONFLICT:
            return AirflowException(
                f"Airflow runs one backfill at a time of a DAG, and {self.trigger_dag_id!r} has another one "
                "now. Wait until it has ended, or cancel it; give this task retries, and it will wait itself"
            )
        if error.status != _NOT_FOUND and "non-periodic" in error.said:
            return AirflowFailException(
                f"{self.trigger_dag_id!r} is scheduled on assets, or not at all, so it has no dates to "
                "backfill: have it run by LineageFlowReplayOperator, with the same lineageflow_ref and "
                "lineageflow_into"
            )
        return self.no_such_dag(error)

    def _dates(self, context: Context) -> tuple[str, str]:
        if self.days is None:
            return str(self.from_date), str(self.to_date)
        dag_run = context["dag_run"]
        at = dag_run.logical_date or dag_run.run_after
        today = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        last = today - timedelta(microseconds=1)
        return (today - timedelta(days=self.days)).isoformat(), last.isoformat()


def _text(date: str | datetime | None) -> str | None:
    return date.isoformat() if isinstance(date, datetime) else date


def _origin(conf: Any) -> Any:
    return (conf or {}).get(ORIGIN)
