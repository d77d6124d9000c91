"""A Dagster project that says all that one can of its assets. Step processes import it by name."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd
from lineageflow_dagster import LineageFlowResource, build_observable_asset, versioned, with_lineageflow
from pydantic import Field

DAYS = dg.StaticPartitionsDefinition(["mon", "tue"])

weather = build_observable_asset("weather")


class Amounts(dg.Config):
    """What there is."""

    amounts: list[int] = Field(default=[1, 2, 3])


@dg.asset(
    description="What was ordered.",
    owners=["ada@example.org", "team:sales"],
    tags={"domain": "sales"},
    group_name="raw",
    kinds={"pandas"},
    code_version="7",
)
def orders(config: Amounts) -> pd.DataFrame:
    """A table that many checks look at."""
    return pd.DataFrame({"amount": config.amounts})


@dg.asset_check(asset=orders)
def orders_are_few(orders: pd.DataFrame) -> dg.AssetCheckResult:
    """Warns only."""
    return dg.AssetCheckResult(
        passed=len(orders) < 3,
        severity=dg.AssetCheckSeverity.WARN,
        description="more than two",
        metadata={"rows": len(orders), "most": 2.5, "where": "here"},
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec("positive", asset="orders", blocking=True),
        dg.AssetCheckSpec("even", asset="orders"),
    ]
)
@versioned
def amounts() -> Iterator[dg.AssetCheckResult]:
    """Two of one function, which reads by URL."""
    frame = pd.read_parquet("lf://shop/orders/data.parquet")
    yield dg.AssetCheckResult(check_name="positive", passed=bool((frame["amount"] > 0).all()))
    yield dg.AssetCheckResult(check_name="even", passed=bool((frame["amount"] % 2 == 0).all()))


@dg.asset(
    partitions_def=DAYS,
    check_specs=[dg.AssetCheckSpec("is_long", asset="names")],
)
def names(context: dg.AssetExecutionContext) -> Iterator[dg.Output[str] | dg.AssetCheckResult]:
    """Checks itself."""
    yield dg.Output(f"names of {context.partition_key}")
    yield dg.AssetCheckResult(passed=context.partition_key == "mon")


@dg.asset(
    metadata={
        "dagster/column_lineage": dg.TableColumnLineage(
            {"total": [dg.TableColumnDep(asset_key="orders", column_name="amount")]}
        )
    }
)
def totals(orders: pd.DataFrame) -> pd.DataFrame:
    """States what its columns come from where it is defined."""
    return pd.DataFrame({"total": [orders["amount"].sum()]})


@dg.asset(deps=[orders])
@versioned(columns={"greatest": ["orders.amount"]})
def extremes(lineageflow: LineageFlowResource) -> None:
    """Stores itself."""
    frame = lineageflow.read("orders", pd.DataFrame)
    lineageflow.write("extremes", pd.DataFrame({"greatest": [frame["amount"].max()]}))


defs = with_lineageflow(
    dg.Definitions(
        assets=[orders, names, totals, extremes, weather],
        asset_checks=[orders_are_few, amounts],
        jobs=[
            dg.define_asset_job("inspected", selection=["orders", "totals", "extremes"]),
            dg.define_asset_job("named", selection=["names"]),
            dg.define_asset_job("observed", selection=["weather"]),
        ],
    ),
    LineageFlowResource.configure_at_launch(),
)


def inspected_job() -> dg.JobDefinition:
    """Assets and checks without partitions."""
    return defs.resolve_job_def("inspected")


def named_job() -> dg.JobDefinition:
    """An asset with partitions that checks itself."""
    return defs.resolve_job_def("named")


def observed_job() -> dg.JobDefinition:
    """What others write."""
    return defs.resolve_job_def("observed")
