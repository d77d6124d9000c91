"""Runs the shop's jobs on Dagster's instance, and with "sensor" that of dagster-openlineage after them."""

import sys

import dagster as dg
from dagster_openlineage import openlineage_sensor
from shop import defs

with dg.DagsterInstance.get() as instance:
    for job, partition in (("everything", None), ("everything", None), ("one_day", "2026-05-02")):
        defs.resolve_job_def(job).execute_in_process(
            instance=instance, partition_key=partition, raise_on_error=False
        )
    if "sensor" in sys.argv:  # as Dagster's daemon would
        sensor = openlineage_sensor(include_asset_events=True, record_filter_limit=1000)
        sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
