"""A DAG that starts for commits, and one that waits in the triggerer; their repository is `watched`."""

from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher, task
from lineageflow_airflow.sensors.dataset_version import LineageFlowDatasetVersionSensor
from lineageflow_airflow.triggers.commit import CommitTrigger

# From the beginning, because the trigger may begin before the repository is there, or after.
HEAD = CommitTrigger("watched", "main", "orders", since="2020-01-01T00:00:00+00:00", poll_interval=1.0)
ORDERS = Asset("lf://watched/orders", watchers=[AssetWatcher(name="head", trigger=HEAD)])

with DAG("for_commits", schedule=[ORDERS]):

    @task
    def tell(*, triggering_asset_events: Any = None) -> list[str]:
        events = triggering_asset_events[ORDERS]
        return [event.extra["payload"]["lineageflow"]["commit"] for event in events]

    tell()

with DAG("waits", schedule=None):
    LineageFlowDatasetVersionSensor(
        task_id="wait", repository="watched", dataset="returns", deferrable=True, poke_interval=1.0
    )
