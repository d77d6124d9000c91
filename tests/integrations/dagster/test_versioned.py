"""Assets that read and write the lake by themselves, with and without `@versioned`."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pytest
from lineageflow_dagster import LineageFlowResource, versioned

from lineageflow_core import Repository
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from tests.integrations.dagster.lake import Lake, metadata
from tests.integrations.dagster.shop import DAYS


@dg.asset
def orders() -> pd.DataFrame:
    return pd.DataFrame({"amount": [1, 2]})


def details(lake: Lake, result: dg.ExecuteInProcessResult) -> Any:
    return lake.repository.catalog.lineage.get_run(RunId(result.run_id))


def test_what_an_asset_reads_and_writes_by_the_resource_is_as_if_it_came_and_went(lake: Lake) -> None:
    @dg.asset(deps=[orders])
    def report(lineageflow: LineageFlowResource) -> None:
        frame = lineageflow.read("orders", pd.DataFrame)
        lineageflow.write("report", pl.DataFrame({"total": [frame["amount"].sum()]}))

    result = lake.materialize([orders, report])
    (said,) = metadata(result, "report")
    snapshot = lake.repository.catalog.objects.get_snapshot("shop", "main", "report").snapshot
    assert said["data version"] == said["lineageflow/snapshot"] == snapshot
    assert said["dagster/row_count"] == 1
    assert said["lineageflow/branch"] == "main"
    assert lake.repository.dataset("report").arrow().to_pydict() == {"total": [3]}
    found = details(lake, result)
    assert {io.version.name for io in found.reads} == {"orders"}
    assert {io.version.name for io in found.writes} == {"orders", "report"}


def test_an_asset_that_stores_itself_and_returns_nothing_is_not_overwritten(lake: Lake) -> None:
    @dg.asset
    def report(lineageflow: LineageFlowResource):  # type: ignore[no-untyped-def]  # as people write it
        lineageflow.write("report", "text")

    (said,) = metadata(lake.materialize([report]), "report")
    assert lake.paths() == ["report/data.txt"]
    assert said["data version"] == said["lineageflow/snapshot"]


def test_a_folder_becomes_the_dataset_when_its_block_ends_well(lake: Lake) -> None:
    @dg.asset
    def model(lineageflow: LineageFlowResource) -> None:
        with lineageflow.writing("model", dataset_type="MODEL") as folder:
            (folder / "weights.bin").write_bytes(b"1")
            (folder / "more").mkdir()
            (folder / "more" / "a.txt").write_text("a")
        with pytest.raises(ZeroDivisionError), lineageflow.writing("model") as folder:
            (folder / "b.txt").write_text(str(1 / 0))

    lake.materialize([model])
    assert lake.paths() == ["model/more/a.txt", "model/weights.bin"]


def test_an_empty_folder_is_no_dataset(lake: Lake) -> None:
    @dg.asset
    def model(lineageflow: LineageFlowResource) -> None:
        with lineageflow.writing("model"):
            pass

    with pytest.raises(InvalidInputError, match="gave no files for 'model'"):
        lake.materialize([model])


def test_files_by_url_and_handles_are_part_of_the_run_in_a_versioned_asset(lake: Lake) -> None:
    @dg.asset(deps=[orders])
    @versioned
    def report() -> None:
        frame = pd.read_parquet("lf://shop/orders/data.parquet")
        frame.to_csv("lf://shop/report/data.csv", index=False)

    @dg.asset(deps=[orders])
    @versioned
    def pages(lineageflow: LineageFlowResource) -> None:
        (lineageflow.path("pages") / "index.html").write_text("<p>")
        (lineageflow.path("pages") / "deep" / "a.html").write_text("<a>")
        Repository(lineageflow.catalog, "shop").write("aside", b"1")

    result = lake.materialize([orders, report, pages])
    assert lake.paths() == [
        "aside",
        "orders/data.parquet",
        "pages/deep/a.html",
        "pages/index.html",
        "report/data.csv",
    ]
    found = details(lake, result)
    assert {io.version.name for io in found.reads} == {"orders"}
    assert {io.version.name for io in found.writes} == {"aside", "orders", "pages", "report"}
    objects = lake.repository.catalog.objects
    for name in ("report", "pages"):
        (said,) = metadata(result, name)
        assert said["data version"] == objects.get_snapshot("shop", "main", name).snapshot


def test_paths_are_not_for_an_asset_that_is_not_versioned(lake: Lake) -> None:
    @dg.asset
    def pages(lineageflow: LineageFlowResource) -> None:
        lineageflow.path("pages")

    with pytest.raises(dg.DagsterInvalidInvocationError, match="@versioned"):
        lake.materialize([pages])


def test_functions_of_every_kind_can_be_versioned(lake: Lake) -> None:
    def write(name: str) -> None:
        (lake.resource.path(name) / "a.txt").write_text(name)

    @dg.asset
    @versioned
    def plain(context: dg.AssetExecutionContext, orders: pd.DataFrame) -> int:
        write(context.asset_key.to_user_string())
        return len(orders)

    @dg.multi_asset(specs=[dg.AssetSpec("first"), dg.AssetSpec("second")])
    @versioned
    def generator() -> Iterator[dg.MaterializeResult]:
        for name in ("first", "second"):
            write(name)
            yield dg.MaterializeResult(asset_key=name)

    @dg.asset
    @versioned
    async def coroutine(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        write(context.asset_key.to_user_string())
        return dg.MaterializeResult(metadata={"of": "its own"})

    @dg.asset(name="streamed")
    @versioned
    async def async_generator():  # type: ignore[no-untyped-def]  # Dagster knows no type for it
        write("streamed")
        yield dg.MaterializeResult()

    result = lake.materialize([orders, plain, generator, coroutine, async_generator])
    assert result.output_for_node("plain") == 2
    objects = lake.repository.catalog.objects
    for name in ("first", "second", "coroutine", "streamed"):
        (said,) = metadata(result, name)
        assert said["data version"] == objects.get_snapshot("shop", "main", name).snapshot
    assert metadata(result, "coroutine")[0]["of"] == "its own"


class Size(dg.Config):
    rows: int = 3


def test_a_versioned_asset_takes_what_others_take(lake: Lake) -> None:
    @dg.asset(deps=[orders])
    @versioned
    def sized(config: Size, lineageflow: LineageFlowResource) -> int:
        return config.rows + len(lineageflow.read("orders", pd.DataFrame))

    assert lake.materialize([orders, sized]).output_for_node("sized") == 5


def test_a_versioned_function_can_be_called_by_a_test() -> None:
    @versioned
    def double(amount: int) -> int:
        return 2 * amount

    assert double(2) == 4


def test_a_check_may_read_by_itself(lake: Lake) -> None:
    @dg.asset_check(asset=orders)
    @versioned
    def enough(lineageflow: LineageFlowResource) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=len(lineageflow.read("orders", pd.DataFrame)) > 1)

    result = lake.materialize([orders, enough])
    assert [check.passed for check in result.get_asset_check_evaluations()] == [True]


def test_the_partition_is_the_steps_own(lake: Lake) -> None:
    @dg.asset(partitions_def=DAYS)
    def daily(context: dg.AssetExecutionContext, lineageflow: LineageFlowResource) -> None:
        lineageflow.write("daily", {"day": context.partition_key})
        lineageflow.write("log", context.partition_key)

    result = lake.materialize([daily], tags={"dagster/partition": "wed/thu"})
    assert lake.paths() == ["daily/wed%2Fthu/data.json", "log/data.txt"]
    assert metadata(result, "daily")[0]["lineageflow/snapshot"]
    assert lake.resource.read("daily", partition="wed/thu") == {"day": "wed/thu"}
    assert lake.resource.read("daily", dict[str, Any]) == {"wed/thu": {"day": "wed/thu"}}


def test_outside_of_a_run_there_is_reading_and_no_writing(lake: Lake) -> None:
    lake.materialize([orders])
    assert len(lake.resource.read("orders", pd.DataFrame)) == 2
    assert len(lake.resource.read(dg.AssetKey("orders"), pl.DataFrame, ref="main")) == 2
    with pytest.raises(dg.DagsterInvalidInvocationError, match="in a step of a run"):
        lake.resource.write("orders", 1)
