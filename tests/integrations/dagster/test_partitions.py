"""Partitions in every mapping, one by one and many in one step, and what each was made of."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from lineageflow_dagster import LineageFlowResource

from lineageflow_core.model.ids import RunId
from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.lake import Lake, metadata
from tests.integrations.dagster.shop import ALL_DAYS, shop_job

SINGLE_RUN = dg.BackfillPolicy.single_run()
MONTHS = dg.MonthlyPartitionsDefinition("2026-01-01", end_date="2026-05-01")
DAILY = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-05")


def keys(first: str, last: str) -> dict[str, str]:
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def made_of(lake: Lake, dataset: str, *, ref: str = "main") -> dict[str, set[str]]:
    """Returns of each partition of a dataset the datasets and partitions that it was made of."""
    catalog = lake.repository.catalog
    found = {}
    for snapshot in catalog.objects.list_snapshots("shop", ref, dataset).items:
        path = f"{dataset}/{snapshot.partition}".rstrip("/")
        inputs = catalog.lineage.blame("shop", ref, path).inputs
        found[snapshot.partition] = {f"{each.name}/{each.partition}".rstrip("/") for each in inputs}
    return found


def sales(partitions_def: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(partitions_def=partitions_def, backfill_policy=SINGLE_RUN)
    def sales(context: dg.AssetExecutionContext) -> dict[str, pd.DataFrame]:
        return {key: pd.DataFrame({"key": [key]}) for key in context.partition_keys}

    return sales


def by_key(
    partitions_def: dg.PartitionsDefinition, mapping: dg.PartitionMapping | None
) -> dg.AssetsDefinition:
    """Returns an asset that says of each partition, all in one step, which it was."""

    @dg.asset(
        partitions_def=partitions_def,
        backfill_policy=SINGLE_RUN,
        ins={"sales": dg.AssetIn(partition_mapping=mapping, metadata={"allow_missing_partitions": True})},
    )
    def report(context: dg.AssetExecutionContext, sales: dict[str, pd.DataFrame]) -> dict[str, Any]:
        return {key: {"partition": key, "read": sorted(sales)} for key in context.partition_keys}

    return report


@pytest.mark.parametrize(
    "partitions_def,mapping,expected",
    [
        (MONTHS, None, {month: {f"sales/{month}"} for month in MONTHS.get_partition_keys()}),
        (
            MONTHS,
            dg.TimeWindowPartitionMapping(start_offset=-1, allow_nonexistent_upstream_partitions=True),
            {
                "2026-01-01": {"sales/2026-01-01"},
                "2026-02-01": {"sales/2026-01-01", "sales/2026-02-01"},
                "2026-03-01": {"sales/2026-02-01", "sales/2026-03-01"},
                "2026-04-01": {"sales/2026-03-01", "sales/2026-04-01"},
            },
        ),
        (
            MONTHS,
            dg.LastPartitionMapping(),
            {month: {"sales/2026-04-01"} for month in MONTHS.get_partition_keys()},
        ),
        (
            MONTHS,
            dg.SpecificPartitionsPartitionMapping(["2026-02-01"]),
            {month: {"sales/2026-02-01"} for month in MONTHS.get_partition_keys()},
        ),
        (
            MONTHS,
            dg.AllPartitionMapping(),
            {
                month: {f"sales/{each}" for each in MONTHS.get_partition_keys()}
                for month in MONTHS.get_partition_keys()
            },
        ),
    ],
    ids=["identity", "a window and the one before", "last", "specific", "all"],
)
def test_each_partition_of_one_step_is_made_of_what_its_mapping_says(
    lake: Lake,
    partitions_def: dg.PartitionsDefinition,
    mapping: dg.PartitionMapping | None,
    expected: Mapping[str, set[str]],
) -> None:
    all_of_it = keys("2026-01-01", "2026-04-01")
    lake.materialize([sales(MONTHS), by_key(partitions_def, mapping)], tags=all_of_it)
    assert expected == made_of(lake, "report")


def test_static_partitions_are_mapped_by_name(lake: Lake) -> None:
    regions = dg.StaticPartitionsDefinition(["north", "south"])
    cities = dg.StaticPartitionsDefinition(["oslo", "rome", "bari"])
    mapping = dg.StaticPartitionMapping({"oslo": "north", "rome": "south", "bari": "south"})
    lake.materialize([sales(cities)], tags=keys("oslo", "bari"))
    lake.materialize(
        [by_key(regions, mapping), *sales(cities).to_source_assets()], tags=keys("north", "south")
    )
    assert {"north": {"sales/oslo"}, "south": {"sales/rome", "sales/bari"}} == made_of(lake, "report")


def test_of_two_dimensions_one_may_be_read(lake: Lake) -> None:
    both = dg.MultiPartitionsDefinition({"day": DAILY, "region": dg.StaticPartitionsDefinition(["eu", "us"])})
    for day in ("2026-01-01", "2026-01-02"):
        for region in ("eu", "us"):
            tags = {"dagster/partition": f"{day}|{region}"}
            lake.materialize(
                [sales(both)], tags={**tags, "dagster/partition/day": day, "dagster/partition/region": region}
            )
    lake.materialize(
        [by_key(DAILY, None), *sales(both).to_source_assets()], tags=keys("2026-01-01", "2026-01-02")
    )
    assert {day: {f"sales/{day}|eu", f"sales/{day}|us"} for day in ("2026-01-01", "2026-01-02")} == made_of(
        lake, "report"
    )


def test_partitions_may_come_while_the_project_runs(lake: Lake) -> None:
    customers = dg.DynamicPartitionsDefinition(name="customers")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("customers", ["ada", "grace"])
        lake.materialize(
            [sales(customers), by_key(customers, None)], tags=keys("ada", "grace"), instance=instance
        )
    assert {"ada": {"sales/ada"}, "grace": {"sales/grace"}} == made_of(lake, "report")


def test_from_partitions_to_none_and_back(lake: Lake) -> None:
    @dg.asset
    def total(sales: pd.DataFrame) -> int:
        return len(sales)

    @dg.asset(partitions_def=MONTHS, backfill_policy=SINGLE_RUN)
    def share(
        context: dg.AssetExecutionContext, total: int, sales: dict[str, pd.DataFrame]
    ) -> dict[str, Any]:
        return {key: {"share": len(sales[key]) / total, "of": key} for key in context.partition_keys}

    tags = keys("2026-01-01", "2026-02-01")
    lake.materialize([sales(MONTHS)], tags=tags)
    sources = sales(MONTHS).to_source_assets()
    lake.materialize([total, *sources])
    lake.materialize([share, *total.to_source_assets(), *sources], tags=tags)
    assert {"": {"sales/2026-01-01", "sales/2026-02-01"}} == made_of(lake, "total")
    assert {month: {f"sales/{month}", "total"} for month in ("2026-01-01", "2026-02-01")} == made_of(
        lake, "share"
    )


def test_an_asset_may_be_made_of_its_own_past(lake: Lake) -> None:
    @dg.asset(
        partitions_def=DAILY,
        deps=[
            dg.AssetDep(
                "balance",
                partition_mapping=dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1),
            )
        ],
    )
    def balance(context: dg.AssetExecutionContext, lineageflow: LineageFlowResource) -> int:
        before = {"2026-01-02": "2026-01-01"}.get(context.partition_key)
        return 1 + (lineageflow.read("balance", int, partition=before) if before else 0)

    for day in ("2026-01-01", "2026-01-02"):
        lake.materialize([balance], tags={"dagster/partition": day})
    assert {"2026-01-01": set(), "2026-01-02": {"balance/2026-01-01"}} == made_of(lake, "balance")


def test_a_body_writes_each_of_many_partitions(lake: Lake) -> None:
    @dg.asset(partitions_def=MONTHS, backfill_policy=SINGLE_RUN, deps=["sales"])
    def report(context: dg.AssetExecutionContext, lineageflow: LineageFlowResource) -> None:
        parts = lineageflow.read("sales", dict[str, pd.DataFrame])
        for key in context.partition_keys:
            lineageflow.write("report", {"of": key, "rows": len(parts[key])}, partition=key)

    tags = keys("2026-01-01", "2026-02-01")
    result = lake.materialize([sales(MONTHS), report], tags=tags)
    months = ("2026-01-01", "2026-02-01")
    assert {month: {f"sales/{month}"} for month in months} == made_of(lake, "report")
    assert len({said["lineageflow/snapshot"] for said in metadata(result, "report")}) == 2


def test_a_month_that_is_rolled_back_takes_only_what_was_made_of_it(shop: Shop) -> None:
    assert shop.run(shop_job, tags=ALL_DAYS).success
    good = parts(shop)
    bad = shop.run(shop_job, tags=ALL_DAYS, ops={"orders": {"amount": 100}})
    later = parts(shop)
    assert not good.items() & later.items()
    steps = shop.catalog.lineage.get_run(RunId(bad.run_id)).steps
    (monday,) = (
        step for step in steps if (step.job.name, step.params.get("partition")) == ("shop.orders", "mon")
    )
    plan = shop.catalog.plans.plan_rollback("shop", f"run:{monday.id}")
    shop.catalog.plans.apply_plan(plan.id, author="ada")
    assert {path for path, snapshot in parts(shop).items() if snapshot != later[path]} == {
        "orders/mon",
        "totals/mon",
        "summary/",
    }
    assert {path for path, snapshot in parts(shop).items() if snapshot == good[path]} == {
        "orders/mon",
        "totals/mon",
        "summary/",
    }


def parts(shop: Shop) -> dict[str, str]:
    """Returns the snapshots of what depends on orders, by dataset and partition."""
    objects = shop.catalog.objects
    return {
        f"{name}/{each.partition}": each.snapshot
        for name in ("orders", "totals", "summary")
        for each in objects.list_snapshots("shop", "main", name).items
    }
