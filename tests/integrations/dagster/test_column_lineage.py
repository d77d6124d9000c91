"""Column lineage that is stated in Dagster, at exact versions in the lake; and the other way round."""

from typing import Any

import dagster as dg
import pandas as pd
import pytest
from lineageflow_dagster import LineageFlowResource, versioned
from lineageflow_dagster.column_lineage import as_column_lineage

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import Direction
from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.inspected import inspected_job
from tests.integrations.dagster.lake import Lake, metadata

TOTAL = dg.TableColumnLineage({"total": [dg.TableColumnDep(asset_key="orders", column_name="amount")]})


@dg.asset
def orders() -> pd.DataFrame:
    return pd.DataFrame({"amount": [1, 2]})


def traced(lake: Lake | Shop, dataset: str) -> set[tuple[str, str, str | None, str]]:
    """Returns by column of a dataset on main: dataset, version and column that it comes from."""
    graph = lake.repository.catalog.lineage.trace_columns(
        f"lf://shop/@main/{dataset}", direction=Direction.UPSTREAM, depth=1
    )
    columns = {each.id: each for each in graph.columns}
    found = ((columns[link.target].column, columns[link.source]) for link in graph.links)
    return {(to, source.version.name, source.version.version, source.column) for to, source in found}


@pytest.mark.parametrize("way", ["definition", "output", "context"])
def test_what_an_asset_states_of_its_columns_is_lineage_at_exact_versions(lake: Lake, way: str) -> None:
    stated = {"dagster/column_lineage": TOTAL}

    def body(context: dg.AssetExecutionContext, orders: pd.DataFrame) -> Any:
        total = pd.DataFrame({"total": [orders["amount"].sum()]})
        if way == "context":
            context.add_asset_metadata(stated, asset_key="totals")
        return dg.Output(total, metadata=stated) if way == "output" else total

    del body.__annotations__["return"]
    totals = dg.asset(name="totals", metadata=stated if way == "definition" else {})(body)
    result = lake.materialize([orders, totals])
    read = lake.repository.catalog.objects.get_dataset("shop", "main", "orders").snapshot
    assert {("total", "orders", read, "amount")} == traced(lake, "totals")
    (said,) = metadata(result, "totals")
    assert TOTAL == said["dagster/column_lineage"]


@pytest.mark.parametrize("way", ["decorator", "verb", "result"])
def test_what_a_body_states_of_its_columns_is_lineage_and_on_its_page(lake: Lake, way: str) -> None:
    columns = {"total": "orders.amount"}

    def body(lineageflow: LineageFlowResource) -> Any:
        frame = lineageflow.read("orders", pd.DataFrame)
        total = pd.DataFrame({"total": [frame["amount"].sum()]})
        lineageflow.write("totals", total, columns=columns if way == "verb" else None)
        if way == "result":
            return dg.MaterializeResult(metadata={"dagster/column_lineage": TOTAL})
        return None

    versioned_body = versioned(columns=columns)(body) if way == "decorator" else versioned(body)
    totals = dg.asset(name="totals", deps=[orders], output_required=True)(versioned_body)
    result = lake.materialize([orders, totals])
    assert {("total", "orders", "amount")} == {
        (to, name, column) for to, name, _, column in traced(lake, "totals")
    }
    (said,) = metadata(result, "totals")
    assert TOTAL == said["dagster/column_lineage"]


def test_a_value_of_a_versioned_body_has_its_columns_too(lake: Lake) -> None:
    @dg.asset
    @versioned(columns={"total": ["orders.amount"]})
    def totals(orders: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"total": [orders["amount"].sum()]})

    (said,) = metadata(lake.materialize([orders, totals]), "totals")
    assert TOTAL == said["dagster/column_lineage"]
    assert {"orders"} == {name for _, name, _, _ in traced(lake, "totals")}


def test_lineage_of_columns_survives_publication(shop: Shop) -> None:
    assert shop.run(inspected_job).success
    there = shop.datasets("main")
    assert {("total", "orders", there["orders"], "amount")} == traced(shop, "totals")
    assert {("greatest", "orders", there["orders"], "amount")} == traced(shop, "extremes")


def test_a_source_is_a_column_of_an_asset() -> None:
    lineage = as_column_lineage({"a": ["shop/orders.amount", "rates.rate"]})
    assert {
        dg.TableColumnDep(asset_key=dg.AssetKey(["shop", "orders"]), column_name="amount"),
        dg.TableColumnDep(asset_key=dg.AssetKey("rates"), column_name="rate"),
    } == set(lineage.deps_by_column["a"])
    with pytest.raises(InvalidInputError, match="'orders' names no column"):
        as_column_lineage({"a": "orders"})
