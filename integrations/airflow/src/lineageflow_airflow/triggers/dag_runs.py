"""A trigger for the end of DAG runs and backfills, of whichever Airflow a connection leads to."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from lineageflow_airflow.airflow_api import DEFAULT_CONNECTION, ENDED, AirflowApi, RefusedError
from lineageflow_airflow.failures import AirflowException, AirflowFailException

POLL_INTERVAL = 10.0
_log = logging.getLogger(__name__)


class DagRunsEndedTrigger(BaseTrigger):
    """Fires once a backfill, or all of some DAG runs, have come to an end, however they ended.

    An Airflow that does not answer is asked again; that it refuses is told, as `error`.

    :param dag_id: whose runs.
    :param run_ids: the runs.
    :param backfill: the backfill; None: only the runs.
    :param dates: how many dates the backfill runs; None: that is not known.
    :param airflow_conn_id: the connection to Airflow's API.
    :param poll_interval: so many seconds are between two looks.
    """

    def __init__(
        self,
        *,
        dag_id: str,
        run_ids: Sequence[str] = (),
        backfill: int | None = None,
        dates: int | None = None,
        airflow_conn_id: str = DEFAULT_CONNECTION,
        poll_interval: float = POLL_INTERVAL,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.dag_id = dag_id
        self.run_ids = list(run_ids)
        self.backfill = backfill
        self.dates = dates
        self.airflow_conn_id = airflow_conn_id
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Returns the class and the arguments that make the same trigger elsewhere."""
        return (
            f"{DagRunsEndedTrigger.__module__}.{DagRunsEndedTrigger.__qualname__}",
            {
                "dag_id": self.dag_id,
                "run_ids": self.run_ids,
                "backfill": self.backfill,
                "dates": self.dates,
                "airflow_conn_id": self.airflow_conn_id,
                "poll_interval": self.poll_interval,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fires with nothing but that it is over: whoever waits looks for itself how it ended."""
        api: AirflowApi | None = None
        while True:
            try:
                if api is None:
                    api = await asyncio.to_thread(AirflowApi, self.airflow_conn_id)
                if await asyncio.to_thread(self.has_ended, api):
                    yield TriggerEvent({})  # type: ignore[no-untyped-call]
                    return
            except (AirflowFailException, RefusedError) as error:
                yield TriggerEvent({"error": str(error)})  # type: ignore[no-untyped-call]
                return
            except AirflowException as error:
                _log.warning("asked again in %g s: %s", self.poll_interval, error)
            await asyncio.sleep(self.poll_interval)

    def has_ended(self, api: AirflowApi) -> bool:
        """Looks once."""
        if self.backfill is not None and not api.get(f"/backfills/{self.backfill}")["completed_at"]:
            return False
        runs = (api.get(f"/dags/{self.dag_id}/dagRuns/{run_id}") for run_id in self.run_ids)
        return all(run["state"] in ENDED for run in runs)
