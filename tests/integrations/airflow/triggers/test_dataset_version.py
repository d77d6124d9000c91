"""The trigger for versions of datasets."""

import asyncio

from lineageflow_airflow.triggers.dataset_version import DatasetVersionTrigger

from lineageflow_core import Lake
from tests.integrations.airflow.triggers.running import Running, run


def test_it_fires_once_a_partition_is_there_and_ends(served_lake: Lake) -> None:
    sales = served_lake.repository("sales")
    sales.write("orders", {"a.csv": b"1"}, partition="day=1")
    trigger = DatasetVersionTrigger(
        repository="sales", dataset="orders", ref="main", partition="day=2", poll_interval=0.05
    )

    async def body(running: Running) -> None:
        waiting = asyncio.ensure_future(running.next())
        await asyncio.sleep(0.2)
        made = sales.write("orders", {"a.csv": b"2"}, partition="day=2")
        told = await waiting
        assert (made.id, "orders", "day=2") == (told["commit"], told["dataset"], told["partition"])
        assert await running.is_over()

    run(trigger, body)
