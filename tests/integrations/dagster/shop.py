"""A small Dagster project whose lake is named when it is launched. Step processes import it by name."""

import threading
import warnings
from pathlib import Path

import dagster as dg
import pandas as pd
from lineageflow_dagster import LineageFlowResource, with_lineageflow

from lineageflow_core import Repository

warnings.filterwarnings("ignore", category=dg.BetaWarning)

DAYS = dg.StaticPartitionsDefinition(["mon", "tue", "wed/thu"])
ALL_DAYS = {"dagster/asset_partition_range_start": "mon", "dagster/asset_partition_range_end": "wed/thu"}
ByDay = dict[str, pd.DataFrame]


class Orders(dg.Config):
    """What the shop sold."""

    amount: int = 1


class Trouble(dg.Config):
    """How a step misbehaves."""

    fails: str = "never"
    """'never', 'once', 'until' there is a file at `marker`, 'always'; 'hangs' makes the file and waits a
    minute, or for one at `marker`.go."""
    marker: str = ""
    rival: bool = False
    """Meanwhile, somebody else replaces the dataset `customers` on main."""


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def orders(context: dg.AssetExecutionContext, config: Orders) -> ByDay:
    """Orders of each day."""
    return {
        day: pd.DataFrame({"day": [day, day], "amount": [config.amount, 2]}) for day in context.partition_keys
    }


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def totals(config: Trouble, orders: ByDay) -> ByDay:
    """Their sum."""
    if config.fails == "hangs":
        Path(config.marker).touch()
        for _ in range(600):
            if Path(config.marker + ".go").exists():
                break
            threading.Event().wait(0.1)
    return {
        day: pd.DataFrame({"day": [day], "amount": [int(table["amount"].sum())]})
        for day, table in orders.items()
    }


@dg.asset
def customers() -> pd.DataFrame:
    """Not partitioned."""
    return pd.DataFrame({"name": ["Ada", "Grace"]})


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=1))
def summary(
    config: Trouble, lineageflow: LineageFlowResource, totals: pd.DataFrame, customers: pd.DataFrame
) -> dict[str, int]:
    """Reads every day there is."""
    if config.rival:
        Repository(lineageflow.catalog, "shop", author="rival").replace("customers", b"mine")
    if config.fails != "never" and not Path(config.marker).is_file():
        if config.fails == "once":
            Path(config.marker).touch()
        raise ValueError(f"this fails {config.fails}")
    return {"amount": int(totals["amount"].sum()), "customers": len(customers)}


@dg.asset_check(asset=totals, blocking=True)
def totals_are_positive(totals: pd.DataFrame) -> dg.AssetCheckResult:
    """A gate."""
    return dg.AssetCheckResult(passed=bool((totals["amount"] > 0).all()))


@dg.asset_check(asset=summary)
def summary_is_small(summary: dict[str, int]) -> dg.AssetCheckResult:
    """Blocks nothing."""
    return dg.AssetCheckResult(passed=summary["amount"] < 1000, description="the amount is below 1000")


@dg.op
def one() -> int:
    return 1


@dg.op
def plus_one(number: int) -> int:
    return number + 1


@dg.graph_asset
def two() -> int:
    """An asset made of ops, whose intermediate is no asset."""
    return plus_one(one())


defs = with_lineageflow(
    dg.Definitions(
        assets=[orders, totals, customers, summary, two],
        asset_checks=[totals_are_positive, summary_is_small],
        jobs=[
            dg.define_asset_job("shop", selection=["orders", "totals", "customers", "summary"]),
            dg.define_asset_job("graph", selection=["two"]),
        ],
    ),
    LineageFlowResource.configure_at_launch(),
)


def shop_job() -> dg.JobDefinition:
    """Everything."""
    return defs.resolve_job_def("shop")


def graph_job() -> dg.JobDefinition:
    """The asset that is made of ops."""
    return defs.resolve_job_def("graph")
