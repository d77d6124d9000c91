"""What operators share that have DAGs run on old versions: conf, one effect for all tries, and waiting."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context

from lineageflow_airflow.airflow_api import DEFAULT_CONNECTION, AirflowApi, RefusedError
from lineageflow_airflow.bounds import INTO, REF
from lineageflow_airflow.configuration import conf as configuration
from lineageflow_airflow.failures import AirflowFailException
from lineageflow_airflow.links.result import LineageFlowResultLink
from lineageflow_airflow.operators.base import Result, key_of
from lineageflow_airflow.triggers.dag_runs import POLL_INTERVAL, DagRunsEndedTrigger

ORIGIN = "lineageflow_origin"
"""The key in a DAG run's conf for what names the task that had it run, until that task is cleared."""


class DagRunsOperator(BaseOperator):
    """Has another DAG run, with `lineageflow_ref` and `lineageflow_into` in its conf.

    A second try, or one after a reply that was lost, finds what an earlier one has begun, and goes on with
    it; a task that somebody clears begins anew. XCom: `dag_id`, `runs` (states by run id), `url`.

    :param trigger_dag_id: the DAG. (templated)
    :param lineageflow_ref: what its runs read: a branch, a tag, a commit, or an expression; or a mapping from
        repositories. (templated)
    :param lineageflow_into: the branch that they publish to, made if it is not there; or a mapping.
        (templated)
    :param conf: what else their conf has. (templated)
    :param airflow_conn_id: a connection to Airflow's API, of type HTTP; by default `airflow_default`, and
        where that is not there, this Airflow, without credentials. (templated)
    :param wait_for_completion: whether the task ends with the runs, and fails if one of them does.
    :param deferrable: waits in the triggerer, without a worker.
    :param poll_interval: so many seconds are between two looks.
    """

    template_fields: Sequence[str] = (
        "trigger_dag_id",
        "lineageflow_ref",
        "lineageflow_into",
        "conf",
        "airflow_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"conf": "py"}
    operator_extra_links = (LineageFlowResultLink(),)
    ui_color = "#e0e6f2"

    def __init__(
        self,
        *,
        trigger_dag_id: str,
        lineageflow_ref: str | Mapping[str, str] | None = None,
        lineageflow_into: str | Mapping[str, str] | None = None,
        conf: Mapping[str, Any] | None = None,
        airflow_conn_id: str = DEFAULT_CONNECTION,
        wait_for_completion: bool = True,
        deferrable: bool = configuration.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = POLL_INTERVAL,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.url: str | None = None
        self.trigger_dag_id = trigger_dag_id
        self.lineageflow_ref = lineageflow_ref
        self.lineageflow_into = lineageflow_into
        self.conf = conf
        self.airflow_conn_id = airflow_conn_id
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = poll_interval

    def execute(self, context: Context) -> Result:
        """Has the DAG run, or finds that it does. Raises AirflowFailException where a try cannot help."""
        api = AirflowApi(self.airflow_conn_id)
        trigger = self.begin(api, context)
        if not self.wait_for_completion:
            return self._told(api, self.runs(api, trigger, context), trigger)
        if self.deferrable and not trigger.has_ended(api):
            _, waits_for = trigger.serialize()
            self.defer(trigger=trigger, method_name="execute_complete", kwargs={"waits_for": waits_for})
        while not trigger.has_ended(api):
            time.sleep(self.poll_interval)
        return self._end(api, trigger, context)

    def execute_complete(
        self, context: Context, event: Mapping[str, Any], *, waits_for: Mapping[str, Any]
    ) -> Result:
        """Goes on when all has come to an end."""
        if event.get("error"):
            raise AirflowFailException(event["error"])
        return self._end(AirflowApi(self.airflow_conn_id), DagRunsEndedTrigger(**waits_for), context)

    def begin(self, api: AirflowApi, context: Context) -> DagRunsEndedTrigger:
        """Has it run, unless an earlier try has. Returns what waits for the end."""
        raise NotImplementedError

    def runs(self, api: AirflowApi, begun: DagRunsEndedTrigger, context: Context) -> dict[str, str]:
        """Returns the runs, by their ids: their states."""
        return {
            run_id: str(api.get(f"/dags/{self.trigger_dag_id}/dagRuns/{run_id}")["state"])
            for run_id in begun.run_ids
        }

    def conf_of_runs(self, context: Context) -> dict[str, Any]:
        """Returns the conf of all the runs."""
        said = {REF: self.lineageflow_ref or None, INTO: self.lineageflow_into or None}
        return {
            **(self.conf or {}),
            **{name: value for name, value in said.items() if value is not None},
            ORIGIN: key_of(context),
        }

    def no_such_dag(self, error: RefusedError) -> AirflowFailException:
        """Returns what the task raises where Airflow refuses what it is asked."""
        return AirflowFailException(f"Airflow refuses to run {self.trigger_dag_id!r}: {error.said}")

    def _end(self, api: AirflowApi, begun: DagRunsEndedTrigger, context: Context) -> Result:
        runs = self.runs(api, begun, context)
        told = self._told(api, runs, begun)
        if failed := sorted(run_id for run_id, state in runs.items() if state != "success"):
            raise AirflowFailException(
                f"{len(failed)} of {len(runs)} runs of {self.trigger_dag_id!r} did not succeed: "
                f"{', '.join(failed[:10])}; see {told['url']}. Clear this task to have all of it run anew"
            )
        return told

    def _told(self, api: AirflowApi, runs: Mapping[str, str], begun: DagRunsEndedTrigger) -> Result:
        one = next(iter(runs)) if len(runs) == 1 else None
        self.url = api.page(self.trigger_dag_id, one)
        for run_id, state in runs.items():
            self.log.info("%s: %s", run_id, state)
        self.log.info("%d runs of %s: %s", len(runs), self.trigger_dag_id, self.url)
        told = {"dag_id": self.trigger_dag_id, "runs": dict(runs), "url": self.url}
        return told if begun.backfill is None else {**told, "backfill": begun.backfill}
