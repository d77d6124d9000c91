"""The shop as `dagster dev` loads it: runs are started by people, a schedule and a sensor."""

import os
from pathlib import Path

import dagster as dg
from lineageflow_dagster import INTO_TAG, REF_TAG, LineageFlowResource, with_lineageflow

from tests.integrations.dagster.shop import customers, orders, summary, totals, totals_are_positive

PAGE = "http://lineageflow.example"
OPEN_VARIABLE = "SHOP_OPEN"
"""The variable that has the path of a file. While it is there, the schedule and the sensor start runs."""
IMPORTED_ONCE = ["lineageflow_dagster.preload", "tests.integrations.dagster.deployed"]

processes = dg.multiprocess_executor.configured(
    {"start_method": {"forkserver": {"preload_modules": IMPORTED_ONCE}}}
)
shop = dg.define_asset_job(
    "shop", selection=["orders", "totals", "customers", "summary"], executor_def=processes
)
sales = dg.define_asset_job("sales", selection=["orders", "totals"], executor_def=processes)
sales_in_one_process = dg.define_asset_job("sales_in_one_process", selection=["orders", "totals"])
of_one_day = dg.define_asset_job("of_one_day", selection=[totals])


def is_open() -> bool:
    """Tells whether runs are to be started."""
    return Path(os.environ[OPEN_VARIABLE]).exists()


def request(into: str) -> dg.RunRequest:
    """Returns a run over the old orders, once, however often it is asked for."""
    return dg.RunRequest(run_key=into, partition_key="mon", tags={REF_TAG: "v1", INTO_TAG: into})


@dg.schedule(cron_schedule="* * * * *", job=of_one_day, default_status=dg.DefaultScheduleStatus.RUNNING)
def each_minute() -> dg.RunRequest | dg.SkipReason:
    """Asks each minute, and gets one run: what it has asked for, it notes in the file."""
    if not is_open() or Path(os.environ[OPEN_VARIABLE]).read_text():
        return dg.SkipReason("closed, or asked for")
    Path(os.environ[OPEN_VARIABLE]).write_text("scheduled")
    return request("scheduled")


@dg.sensor(job=of_one_day, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def at_the_door() -> dg.RunRequest | dg.SkipReason:
    """Asks all the time, gets one run."""
    return request("sensed") if is_open() else dg.SkipReason("closed")


defs = with_lineageflow(
    dg.Definitions(
        assets=[orders, totals, customers, summary],
        asset_checks=[totals_are_positive],
        jobs=[shop, sales, sales_in_one_process, of_one_day],
        schedules=[each_minute],
        sensors=[at_the_door],
        executor=dg.in_process_executor,
    ),
    LineageFlowResource(lake=dg.EnvVar("SHOP_LAKE"), repository="shop", page=PAGE),
)
