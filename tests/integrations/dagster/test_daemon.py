"""Backfills and the sensor, in Dagster's own daemon."""

import inspect
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from lineageflow_dagster import PUBLISH_TAG, LineageFlowResource, with_lineageflow

from tests.integrations.dagster.conftest import Shop

pytestmark = pytest.mark.slow

HASTY_DAEMON = """
from dagster._daemon import cli, controller
controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 1
cli.main()
"""
"""Dagster's daemon, but it looks at backfills every second, and not every half a minute."""

HAS_RUN_CONFIG = "run_config" in inspect.signature(PartitionBackfill.from_asset_partitions).parameters
RUN_CONFIG: dict[str, Any] = {"run_config": None} if HAS_RUN_CONFIG else {}
"""Before Dagster 1.12, a backfill has none."""

WEEKS = dg.StaticPartitionsDefinition(["w1", "w2"])


@dg.asset(partitions_def=WEEKS)
def sold(context: dg.AssetExecutionContext) -> int:
    """Of one week."""
    return len(context.run.tags.get(PUBLISH_TAG, ""))


@dg.asset(partitions_def=WEEKS)
def earned(sold: int) -> int:
    """Of the same week."""
    return sold * 10


@dg.asset
def total(earned: dict[str, int]) -> int:
    """Of all weeks: a run of its own, once the others are recorded."""
    return sum(earned.values())


defs = with_lineageflow(
    dg.Definitions(assets=[sold, earned, total], executor=dg.in_process_executor),
    LineageFlowResource(lake=dg.EnvVar("LAKE_OF_TEST"), repository="shop"),
)


@contextmanager
def daemon(shop: Shop, module: str = __name__) -> Iterator[None]:
    """Runs Dagster's daemon, with a module's definitions, in the block."""
    home = Path(shop.instance.root_directory)
    command = [sys.executable, "-c", HASTY_DAEMON, "run", "-m", module]
    with (home / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "DAGSTER_HOME": str(home), "LAKE_OF_TEST": shop.lake},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until(happened: Callable[[], bool]) -> None:
    for _ in range(3000):
        if happened():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def backfill(shop: Shop, name: str, **tags: str) -> None:
    """Asks for all weeks of all assets, as a person does in the page."""
    shop.instance.add_backfill(
        PartitionBackfill.from_asset_partitions(
            backfill_id=name,
            asset_graph=defs.get_repository_def().asset_graph,
            partition_names=None,
            asset_selection=[dg.AssetKey("sold"), dg.AssetKey("earned"), dg.AssetKey("total")],
            backfill_timestamp=time.time(),
            tags={key.replace("__", "/"): value for key, value in tags.items()},
            dynamic_partitions_store=shop.instance,
            all_partitions=True,
            title=None,
            description=None,
            **RUN_CONFIG,
        )
    )


def status(shop: Shop, name: str) -> BulkActionStatus | None:
    found = shop.instance.get_backfill(name)
    return found.status if found is not None else None


def test_a_backfill_succeeds_and_is_published_as_a_whole(shop: Shop) -> None:
    before = shop.repository.head()
    with daemon(shop):
        backfill(shop, "whole", lineageflow__publish="backfill")
        wait_until(lambda: shop.repository.head() != before)
        wait_until(lambda: len(shop.catalog.refs.list_refs("shop").items) == 1)
    # Its runs put off what they materialized, and Dagster went on from what they recorded in the end.
    assert status(shop, "whole") is BulkActionStatus.COMPLETED_SUCCESS
    assert {asset: len(shop.materializations(asset)) for asset in ("sold", "earned", "total")} == {
        "sold": 2,
        "earned": 2,
        "total": 1,
    }
    assert shop.repository.head().parents[0] == before.id
    assert shop.value("total") == 160
