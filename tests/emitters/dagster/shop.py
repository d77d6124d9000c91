"""Assets of a shop, for Dagster with dagster-openlineage."""

import dagster as dg

days = dg.DailyPartitionsDefinition("2026-05-01")


@dg.asset
def orders() -> dg.MaterializeResult:
    columns = [dg.TableColumn("id", "int"), dg.TableColumn("amount", "int")]
    return dg.MaterializeResult(metadata={"dagster/column_schema": dg.TableSchema(columns=columns)})


@dg.asset(deps=[orders], key_prefix="marts")
def revenue() -> dg.MaterializeResult:
    total = [dg.TableColumnDep(dg.AssetKey("orders"), "amount")]
    return dg.MaterializeResult(metadata={"dagster/column_lineage": dg.TableColumnLineage({"total": total})})


@dg.asset(deps=[orders])
def broken() -> None:
    raise ValueError("boom")


@dg.asset(partitions_def=days, deps=[orders])
def daily() -> None: ...


@dg.asset_check(asset=orders)
def no_refunds() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False)


everything = dg.define_asset_job(
    "everything",
    selection=dg.AssetSelection.assets(orders, revenue, broken),
    executor_def=dg.in_process_executor,
)
one_day = dg.define_asset_job("one_day", selection=[daily], executor_def=dg.in_process_executor)
defs = dg.Definitions(
    assets=[orders, revenue, broken, daily], asset_checks=[no_refunds], jobs=[everything, one_day]
)
