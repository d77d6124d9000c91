"""An operator that has a DAG run on an old version, whatever its schedule: on assets, or on nothing."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.airflow_api import AirflowApi, RefusedError
from lineageflow_airflow.operators.base import key_of, listed
from lineageflow_airflow.operators.dag_runs import DagRunsOperator
from lineageflow_airflow.triggers.dag_runs import DagRunsEndedTrigger

_PREFIX = "replay"
_CONFLICT = 409


class LineageFlowReplayOperator(DagRunsOperator):
    """Triggers a DAG on an old version: one run, or one for each of some partitions.

    A DAG that is scheduled by time is better run by `LineageFlowBackfillOperator`: Airflow lets it have one
    run for each date, so runs that are triggered have none. For several refs, expand it:
    `.partial(...).expand_kwargs([{"lineageflow_ref": "v1", "lineageflow_into": "restated-v1"}, ...])`.

    The rest as `DagRunsOperator`; XCom, too.

    :param partitions: partition keys, for a DAG that is run by partition (Airflow 3.2). (templated)
    :param note: what the runs' page says of them. (templated)
    """

    template_fields: Sequence[str] = (*DagRunsOperator.template_fields, "partitions", "note")

    def __init__(
        self, *, partitions: str | Sequence[str] = (), note: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.partitions = partitions
        self.note = note

    def begin(self, api: AirflowApi, context: Context) -> DagRunsEndedTrigger:
        partitions: Sequence[str | None] = listed(self.partitions) or [None]
        run_ids = [self._trigger(api, context, partition) for partition in partitions]
        return DagRunsEndedTrigger(
            dag_id=self.trigger_dag_id,
            run_ids=run_ids,
            airflow_conn_id=self.airflow_conn_id,
            poll_interval=self.poll_interval,
        )

    def _trigger(self, api: AirflowApi, context: Context, partition: str | None) -> str:
        run_id = self._run_id(context, partition)
        run: dict[str, Any] = {
            "dag_run_id": run_id,
            "logical_date": None,
            "conf": self.conf_of_runs(context),
            "note": self.note,
        }
        if partition is not None:
            run["partition_key"] = partition
        try:
            api.post(f"/dags/{self.trigger_dag_id}/dagRuns", run)
        except RefusedError as error:
            if error.status != _CONFLICT:
                raise self.no_such_dag(error) from error
            self.log.info("An earlier try has triggered %s", run_id)
        return run_id

    def _run_id(self, context: Context, partition: str | None) -> str:
        """Returns the id that every try of this task gives the run: so it is triggered once."""
        what = partition or (self.lineageflow_ref if isinstance(self.lineageflow_ref, str) else "")
        shown = re.sub(r"[^A-Za-z0-9_.~:+-]", "_", what or "")[:100]
        digest = sha256(f"{key_of(context)}/{partition or ''}".encode()).hexdigest()[:12]
        return "__".join(filter(None, (_PREFIX, shown, digest)))
