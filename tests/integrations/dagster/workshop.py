"""A Dagster project with assets of every shape. Step processes import it by name."""

import sys
from collections.abc import Iterator

import dagster as dg
import pandas as pd
import polars as pl
from lineageflow_dagster import LineageFlowResource, pipes_env, pipes_extras, versioned, with_lineageflow


@dg.asset
def orders() -> pd.DataFrame:
    """A table."""
    return pd.DataFrame({"amount": [1, 2, 3]})


class Script(dg.Config):
    """What another process runs."""

    script: str


@dg.asset(deps=[orders], name="model", op_tags={"kind": "pipes"})
@versioned
def piped(
    context: dg.AssetExecutionContext,
    config: Script,
    pipes: dg.PipesSubprocessClient,
    lineageflow: LineageFlowResource,
) -> dg.MaterializeResult:
    """Made by another process."""
    return pipes.run(
        context=context,
        command=[sys.executable, config.script],
        env=pipes_env(context, lineageflow),
        extras=pipes_extras(context, lineageflow),
    ).get_materialize_result()


@dg.asset(deps=[orders])
@versioned
def page() -> None:
    """Stores itself."""
    frame = pd.read_parquet("lf://shop/orders/data.parquet")
    frame.to_csv("lf://shop/page/orders.csv")


@dg.multi_asset(
    outs={name: dg.AssetOut(is_required=False) for name in ("small", "large", "unused")}, can_subset=True
)
def sizes(context: dg.AssetExecutionContext, orders: pl.DataFrame) -> Iterator[dg.Output[pl.DataFrame]]:
    """Makes those that are selected."""
    for name in sorted(context.op_execution_context.selected_output_names - {"unused"}):
        least, most = (0, 2) if name == "small" else (2, 100)
        yield dg.Output(orders.filter(pl.col("amount").is_between(least, most)), output_name=name)


@dg.op(out=dg.DynamicOut())
def pieces(orders: pd.DataFrame) -> Iterator[dg.DynamicOutput[int]]:
    """Each amount by itself."""
    for amount in orders["amount"]:
        yield dg.DynamicOutput(int(amount), mapping_key=f"amount_{amount}")


@dg.op
def doubled(amount: int) -> int:
    """An intermediate."""
    return 2 * amount


@dg.op
def added(amounts: list[int]) -> int:
    """An asset's value."""
    return sum(amounts)


@dg.graph_asset
def total(orders: pd.DataFrame) -> int:
    """Made of ops, some of which are as many as there are amounts."""
    return added(pieces(orders).map(doubled).collect())


@dg.multi_asset(specs=[dg.AssetSpec("told"), dg.AssetSpec("kept")])
def results(lineageflow: LineageFlowResource) -> Iterator[dg.MaterializeResult]:
    """One with a version of its own making, one in the lake."""
    yield dg.MaterializeResult(asset_key="told", data_version=dg.DataVersion("1"))
    lineageflow.write("kept", "text")
    yield dg.MaterializeResult(asset_key="kept", metadata={"said": "by the asset"})


@dg.asset(deps=[orders])
def nothing() -> None:
    """Stores nothing in the lake."""


@dg.asset_check(asset=dg.AssetKey("small"))
def small_is_small(small: pl.LazyFrame) -> dg.AssetCheckResult:
    """Loads what it checks."""
    most = small.select(pl.col("amount").max()).collect().item()
    return dg.AssetCheckResult(passed=most <= 2, metadata={"most": most})


defs = with_lineageflow(
    dg.Definitions(
        assets=[orders, piped, page, sizes, total, results, nothing],
        asset_checks=[small_is_small],
        jobs=[
            dg.define_asset_job("pipes", selection=["orders", "model"]),
            dg.define_asset_job(
                "shapes", selection=["orders", "page", "small", "large", "total", "told", "kept", "nothing"]
            ),
            dg.define_asset_job("large_only", selection=["large"]),
        ],
        resources={"pipes": dg.PipesSubprocessClient()},
    ),
    LineageFlowResource.configure_at_launch(),
)


def pipes_job() -> dg.JobDefinition:
    """What another process makes."""
    return defs.resolve_job_def("pipes")


def shapes_job() -> dg.JobDefinition:
    """All the rest."""
    return defs.resolve_job_def("shapes")


def large_job() -> dg.JobDefinition:
    """One of three that a step can make."""
    return defs.resolve_job_def("large_only")
