"""Assets as datasets: written, read, described, in runs that nobody publishes as a whole."""

from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest
from lineageflow_dagster import LineageFlowIOManager, LineageFlowResource

from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState
from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.lake import Lake, metadata
from tests.integrations.dagster.shop import ALL_DAYS, DAYS, graph_job, shop_job

SINGLE_RUN = dg.BackfillPolicy.single_run()


def test_each_asset_is_published_by_itself_where_nobody_publishes_the_run(lake: Lake) -> None:
    @dg.asset
    def orders() -> pd.DataFrame:
        return pd.DataFrame({"amount": [1, 2]})

    @dg.asset
    def total(orders: pd.DataFrame) -> int:
        return int(orders["amount"].sum())

    result = lake.materialize([orders, total])
    assert result.output_for_node("total") == 3
    assert lake.paths() == ["orders/data.parquet", "total/data.json"]
    details = lake.repository.catalog.lineage.get_run(RunId(result.run_id))
    assert {step.state for step in details.steps} == {RunState.COMPLETED}
    assert {io.version.name for io in details.reads} == {"orders"}


def test_what_was_written_before_a_failing_step_is_not_lost(lake: Lake) -> None:
    @dg.asset
    def orders() -> int:
        return 1

    @dg.asset
    def total(orders: int) -> int:
        raise ValueError(orders)

    with pytest.raises(ValueError, match="1"):
        lake.materialize([orders, total])
    assert lake.paths() == ["orders/data.json"]


def test_a_materialization_says_which_version_it_is(lake: Lake) -> None:
    @dg.asset
    def orders() -> pd.DataFrame:
        return pd.DataFrame({"amount": [1, 2]})

    (said,) = metadata(lake.materialize([orders]), "orders")
    snapshot = lake.repository.catalog.objects.get_snapshot("shop", "main", "orders").snapshot
    assert said["data version"] == snapshot
    assert said["lineageflow/snapshot"] == snapshot
    assert said["lineageflow/branch"] == "main"
    assert said["dagster/row_count"] == 2
    assert said["dagster/column_schema"].columns[0].name == "amount"
    assert said["dagster/uri"] == "lf://shop/orders"
    assert said["lineageflow/url"] == f"http://page/r/shop/tree/{said['lineageflow/commit']}/orders"
    assert "lineageflow/previous_snapshot" not in said
    (again,) = metadata(lake.materialize([orders]), "orders")
    assert again["lineageflow/previous_snapshot"] == snapshot
    assert again["data version"] == snapshot


def test_each_partition_of_a_step_over_many_says_which_version_it_is(lake: Lake) -> None:
    @dg.asset(partitions_def=DAYS, backfill_policy=SINGLE_RUN)
    def orders(context: dg.AssetExecutionContext) -> dict[str, pd.DataFrame]:
        return {day: pd.DataFrame({"day": [day]}) for day in context.partition_keys}

    said = metadata(lake.materialize([orders], tags=ALL_DAYS), "orders")
    assert lake.paths() == [f"orders/{day}/data.parquet" for day in ("mon", "tue", "wed%2Fthu")]
    assert len({one["lineageflow/snapshot"] for one in said}) == 3
    assert [one["dagster/partition_row_count"] for one in said] == [1, 1, 1]
    assert len({one["data version"] for one in said}) == 1


def test_a_partition_is_written_and_the_others_stay(lake: Lake) -> None:
    @dg.asset(partitions_def=DAYS)
    def orders(context: dg.AssetExecutionContext) -> str:
        return context.partition_key

    for day in ("mon", "wed/thu", "mon"):
        lake.materialize([orders], tags={"dagster/partition": day})
    assert lake.paths() == ["orders/mon/data.txt", "orders/wed%2Fthu/data.txt"]
    assert lake.repository.read_bytes("orders/wed%2Fthu/data.txt") == b"wed/thu"


def test_a_step_over_many_partitions_has_to_return_each(lake: Lake) -> None:
    @dg.asset(partitions_def=DAYS, backfill_policy=SINGLE_RUN)
    def orders() -> dict[str, int]:
        return {"mon": 1}

    with pytest.raises(
        InvalidInputError, match=r"the keys \['mon', 'tue', 'wed/thu'\], not the keys \['mon'\]"
    ):
        lake.materialize([orders], tags=ALL_DAYS)


@pytest.mark.parametrize("annotation", [pd.DataFrame, pa.Table])
def test_an_asset_without_partitions_reads_those_there_are_as_one_table(
    lake: Lake, annotation: type[Any]
) -> None:
    @dg.asset(partitions_def=DAYS)
    def orders(context: dg.AssetExecutionContext) -> pd.DataFrame:
        return pd.DataFrame({"day": [context.partition_key]})

    def body(orders: Any) -> int:
        assert isinstance(orders, annotation)
        return len(orders)

    body.__annotations__["orders"] = annotation
    for day in ("mon", "tue"):
        lake.materialize([orders], tags={"dagster/partition": day})
    result = lake.materialize([orders, dg.asset(name="total")(body)], tags={"dagster/partition": "tue"})
    assert result.output_for_node("total") == 2


def test_an_asset_with_partitions_may_miss_some_only_if_it_says_so(lake: Lake) -> None:
    @dg.asset(partitions_def=DAYS)
    def orders(context: dg.AssetExecutionContext) -> str:
        return context.partition_key

    weekly = dg.StaticPartitionsDefinition(["week"])
    mapping = dg.StaticPartitionMapping({"mon": "week", "tue": "week"})

    def needs(metadata: dict[str, Any]) -> dg.AssetsDefinition:
        @dg.asset(
            partitions_def=weekly,
            ins={"orders": dg.AssetIn(partition_mapping=mapping, metadata=metadata)},
        )
        def week(orders: dict[str, str]) -> list[str]:
            return sorted(orders)

        return week

    lake.materialize([orders], tags={"dagster/partition": "mon"})
    this_week = {"dagster/partition": "week"}
    source = orders.to_source_assets()
    with pytest.raises(ObjectNotFoundError, match="orders/tue"):
        lake.materialize([needs({}), *source], tags=this_week)
    result = lake.materialize([needs({"allow_missing_partitions": True}), *source], tags=this_week)
    assert result.output_for_node("week") == ["mon"]


def test_the_format_is_chosen_by_the_asset_before_the_io_manager(lake: Lake) -> None:
    @dg.asset(metadata={"lineageflow/format": "html"})
    def page() -> str:
        return "<p>"

    @dg.asset
    def orders() -> pd.DataFrame:
        return pd.DataFrame({"amount": [1]})

    lake.materialize([page, orders], fmt="csv")
    assert lake.paths() == ["orders/data.csv", "page/data.html"]


def test_an_asset_that_stores_itself_uses_the_session_of_its_step(lake: Lake) -> None:
    @dg.asset
    def orders(context: dg.AssetExecutionContext, lineageflow: LineageFlowResource) -> None:
        session = lineageflow.session(context)
        session.write("orders", {"": b"1"})
        session.report()
        assert session.run.job.name.endswith(".orders")

    lake.materialize([orders])


def test_two_outputs_of_one_step_are_both_published(lake: Lake) -> None:
    @dg.multi_asset(outs={"one": dg.AssetOut(), "two": dg.AssetOut()})
    def both() -> tuple[int, int]:
        return 1, 2

    lake.materialize([both])
    assert lake.paths() == ["one/data.json", "two/data.json"]


def test_intermediates_of_ops_do_not_go_to_the_lake(shop: Shop) -> None:
    assert shop.run(graph_job).success
    assert shop.datasets("main").keys() == {"two"}
    assert shop.value("two") == 2


def test_looking_at_a_result_leaves_no_trace_in_the_lineage(shop: Shop) -> None:
    with dg.execute_job(
        dg.reconstructable(shop_job),
        instance=shop.instance,
        run_config=shop.run_config(),
        tags=ALL_DAYS,
    ) as result:
        before = shop.catalog.lineage.get_run(RunId(result.run_id))
        assert result.output_for_node("summary") == {"amount": 9, "customers": 2}
        assert shop.catalog.lineage.get_run(RunId(result.run_id)) == before


def test_an_assets_value_can_be_loaded_outside_of_a_run(lake: Lake) -> None:
    @dg.asset(partitions_def=DAYS)
    def orders(context: dg.AssetExecutionContext) -> pd.DataFrame:
        return pd.DataFrame({"day": [context.partition_key]})

    lake.materialize([orders], tags={"dagster/partition": "mon"})
    defs = dg.Definitions(
        assets=[orders], resources={"io_manager": LineageFlowIOManager(lineageflow=lake.resource)}
    )
    value = defs.load_asset_value("orders", python_type=pd.DataFrame, partition_key="mon")
    assert isinstance(value, pd.DataFrame)
    assert list(value["day"]) == ["mon"]
