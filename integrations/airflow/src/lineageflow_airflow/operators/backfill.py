"""An operator that has a DAG's days run again, on an old version: a backfill of Airflow, made by a task."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from airflow.sdk import timezone
from airflow.sdk.definitions.context import Context

from lineageflow_airflow.airflow_api import ENDED, AirflowApi, RefusedError
from lineageflow_airflow.failures import AirflowException, AirflowFailException, task_failure
from lineageflow_airflow.operators.base import chosen, key_of
from lineageflow_airflow.operators.dag_runs import ORIGIN, DagRunsOperator
from lineageflow_airflow.triggers.dag_runs import DagRunsEndedTrigger
from lineageflow_core.errors import InvalidInputError

_CONFLICT, _NOT_FOUND = 409, 404
_UNDER_WAY = ("queued", "running")
_GIVES_CONF = (3, 2)
"""The first release of Airflow that gives a backfill's conf to runs that it processes again."""


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
    with the new conf, and what it writes is a transaction of its own. A DAG has one backfill at a time, and
    it leaves out dates whose run is under way; the task fails while there is another one, or such a run, and
    succeeds in a later try. Airflow 3.1 leaves a run that there is already the conf that it had, so there the
    task refuses dates that were run before. For DAGs that are scheduled on assets, or not at all, there is
    `LineageFlowReplayOperator`.

    The rest as `DagRunsOperator`. XCom also has `backfill`, its id.

    :param from_date: the first date, as ISO 8601, in Airflow's own time zone if it says none:
        `"{{ data_interval_start }}"`. (templated)
    :param to_date: the last date, likewise. (templated)
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
        self.from_date = from_date
        self.to_date = to_date
        self.days = days
        self.reprocess_behavior = reprocess_behavior
        self.run_backwards = run_backwards
        self.max_active_runs = max_active_runs

    def begin(self, api: AirflowApi, context: Context) -> DagRunsEndedTrigger:
        dates: int | None = None
        backfill = self._find(api, context)
        if backfill is not None:
            self.log.info("An earlier try has made backfill %s", backfill)
        else:
            backfill, dates = self._make(api, context)
        return DagRunsEndedTrigger(
            dag_id=self.trigger_dag_id,
            backfill=backfill,
            dates=dates,
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
        if len(mine) < (begun.dates or 1) and begun.has_ended(api):
            of = f" of {begun.dates}" if begun.dates else ""
            raise AirflowFailException(
                f"only {len(mine)}{of} runs of backfill {begun.backfill} of {self.trigger_dag_id!r} have its "
                "conf: the others read no old version, or are not there, as other runs of their dates were "
                f"under way. See {api.page(self.trigger_dag_id)}; clear this task to have all of it run anew"
            )
        return {run_id: str(run["state"]) for run_id, run in mine.items()}

    def _find(self, api: AirflowApi, context: Context) -> int | None:
        """Returns the backfill that an earlier try of this task has made."""
        made = api.all("/backfills", "backfills", dag_id=self.trigger_dag_id, order_by="-id")
        return next((each["id"] for each in made if _origin(each["dag_run_conf"]) == key_of(context)), None)

    def _make(self, api: AirflowApi, context: Context) -> tuple[int, int]:
        """Returns the backfill, and how many dates it runs."""
        try:
            begin, end = self._dates(context)
            behavior = chosen(Reprocess, self.reprocess_behavior, "reprocess_behavior") or Reprocess.NONE
        except InvalidInputError as error:
            raise task_failure(error) from error
        asked = {
            "dag_id": self.trigger_dag_id,
            "from_date": begin.isoformat(),
            "to_date": end.isoformat(),
            "run_backwards": self.run_backwards,
            "dag_run_conf": self.conf_of_runs(context),
            "reprocess_behavior": behavior.value,
            "max_active_runs": self.max_active_runs,
        }
        try:
            planned = api.post("/backfills/dry_run", asked)
            self._refuse_under_way(api, begin, end)
            if not planned["total_entries"]:
                raise AirflowFailException(
                    f"a backfill of {self.trigger_dag_id!r} from {begin} to {end} would run nothing: it has "
                    f"no dates there, or they were run before and reprocess_behavior is {behavior.value!r}"
                )
            if behavior is not Reprocess.NONE:
                self._refuse_conf_that_stays(api, planned["backfills"], begin, end)
        except RefusedError as error:
            raise self._refusal(error) from error
        try:
            return int(api.post("/backfills", asked)["id"]), planned["total_entries"]
        except RefusedError as error:
            made = self._find(api, context) if error.status == _CONFLICT else None
            if made is not None:  # by this request, whose answer was lost and that was sent again
                return made, planned["total_entries"]
            raise self._refusal(error) from error

    def _refuse_under_way(self, api: AirflowApi, begin: datetime, end: datetime) -> None:
        """Raises AirflowException for runs that end by themselves, whose dates Airflow would leave out."""
        runs = list(self._runs(api, _UNDER_WAY))
        if found := [run["dag_run_id"] for run in runs if (at := _date(run)) and begin <= at <= end]:
            raise AirflowException(
                f"{self.trigger_dag_id!r} has runs under way from {begin} to {end}, whose dates a backfill "
                f"leaves out: {', '.join(found[:10])}. Wait until they have ended; give this task retries, "
                "and it will wait itself"
            )

    def _refuse_conf_that_stays(
        self, api: AirflowApi, planned: Sequence[Mapping[str, Any]], begin: datetime, end: datetime
    ) -> None:
        """Raises AirflowFailException for runs that would read what is there now, and publish as ever."""
        release = api.get("/version")["version"]
        if tuple(int(number) for number in release.split(".")[:2]) >= _GIVES_CONF:
            return
        dates = {_date(each) for each in planned}
        between = {"logical_date_gte": begin.isoformat(), "logical_date_lte": end.isoformat()}
        runs = self._runs(api, sorted(ENDED), **between)
        if found := [run["dag_run_id"] for run in runs if _date(run) in dates]:
            raise AirflowFailException(
                f"Airflow {release} leaves runs that it processes again the conf that they had, so these "
                f"would read no old version: {', '.join(found[:10])}. Delete them, or write "
                f"reprocess_behavior={Reprocess.NONE.value!r} to leave out their dates, or use Airflow 3.2"
            )

    def _runs(self, api: AirflowApi, states: Sequence[str], **query: str) -> Iterator[Mapping[str, Any]]:
        return api.all(f"/dags/{self.trigger_dag_id}/dagRuns", "dag_runs", state=list(states), **query)

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

    def _dates(self, context: Context) -> tuple[datetime, datetime]:
        if self.days is None:
            return _time("from_date", self.from_date), _time("to_date", self.to_date)
        dag_run = context["dag_run"]
        at = dag_run.logical_date or dag_run.run_after
        today = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=self.days), today - timedelta(microseconds=1)


def _time(argument: str, said: str | datetime | None) -> datetime:
    try:
        time = said if isinstance(said, datetime) else datetime.fromisoformat(said or "")
    except ValueError:
        raise InvalidInputError(
            f"{argument} is {said!r}; write a time as ISO 8601, as in '2026-05-01' or '2026-05-01T09:30:00Z'"
        ) from None
    return timezone.coerce_datetime(time)


def _date(run: Mapping[str, Any]) -> datetime | None:
    """Returns the date that a run is for; None where it is for none."""
    date = run["logical_date"] or run.get("partition_date")
    return datetime.fromisoformat(date) if date else None


def _origin(conf: Any) -> Any:
    return (conf or {}).get(ORIGIN)
