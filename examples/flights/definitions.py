"""The project as Dagster loads it: `dagster dev -m examples.flights.definitions`."""

import os
from pathlib import Path

import dagster as dg
from lineageflow_dagster import (
    LineageFlowResource,
    build_replay_schedule,
    build_rollback_replay,
    with_lineageflow,
)

from examples.flights import assets, checks

LAKE = Path(os.environ.get("FLIGHTS_LAKE", "demo-lake")).absolute()
"""Where the data goes. An absolute path, because steps run in processes of their own."""

# Steps' processes are forked from one that has imported everything, instead of each importing it again.
IMPORTED_ONCE = ["lineageflow_dagster.preload", "examples.flights.definitions"]
executor = dg.multi_or_in_process_executor.configured(
    {"multiprocess": {"start_method": {"forkserver": {"preload_modules": IMPORTED_ONCE}}}}
)

refine = dg.define_asset_job("refine", selection=["clean_flights", "flights_weather", "daily_delays"])
project = dg.Definitions(
    assets=dg.load_assets_from_modules([assets]),
    asset_checks=dg.load_asset_checks_from_modules([checks]),
    jobs=[dg.define_asset_job("flights", selection="*"), refine],
    # Stopped until somebody starts it: each Sunday, today's code on old data, on a branch of its own.
    schedules=[build_replay_schedule(refine, ref="audited", cron_schedule="0 3 * * 0", partitions="all")],
    executor=executor,
)

defs = with_lineageflow(
    dg.Definitions.merge(project, build_rollback_replay()),
    LineageFlowResource(lake=str(LAKE), repository="flights"),
)


def flights_job() -> dg.JobDefinition:
    """Returns the job that brings everything up to date; a function, so that step processes can find it."""
    return defs.resolve_job_def("flights")
