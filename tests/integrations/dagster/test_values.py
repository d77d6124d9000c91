"""Values of all kinds from asset to asset, in real runs."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression
from upath import UPath

from lineageflow_core.model.ids import RunId
from tests.integrations.dagster.lake import Lake, metadata


def test_pandas_is_written_and_polars_read_and_so_on(lake: Lake) -> None:
    @dg.asset
    def pandas() -> pd.DataFrame:
        return pd.DataFrame({"amount": [1, 2]})

    @dg.asset
    def polars(pandas: pl.DataFrame) -> pl.DataFrame:
        return pandas.with_columns(pl.col("amount") * 2)

    @dg.asset
    def lazily(polars: pl.LazyFrame) -> pl.LazyFrame:
        return polars.filter(pl.col("amount") > 2)

    @dg.asset
    def relation(polars: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        return polars.aggregate("sum(amount) as amount")

    @dg.asset
    def arrow(relation: pa.Table, lazily: pa.RecordBatchReader) -> pa.Table:
        return pa.concat_tables([relation.cast(lazily.schema), lazily.read_all()])

    @dg.asset
    def amounts(arrow: pd.DataFrame) -> list[int]:
        return [int(amount) for amount in arrow["amount"]]

    result = lake.materialize([pandas, polars, lazily, relation, arrow, amounts])
    assert result.output_for_node("amounts") == [6, 4]
    assert {path.rpartition("/")[2] for path in lake.paths()} == {"data.parquet", "data.json"}
    assert [metadata(result, "lazily")[0]["dagster/row_count"]] == [1]


def test_batches_are_written_as_they_come_and_read_so(lake: Lake) -> None:
    def frames() -> Iterator[pd.DataFrame]:
        for at in range(3):
            yield pd.DataFrame({"at": [at, at]})

    @dg.asset
    def numbers() -> dg.Output:
        return dg.Output(frames())

    @dg.asset
    def total(numbers: Iterator) -> int:
        return sum(sum(batch["at"].to_pylist()) for batch in numbers)

    result = lake.materialize([numbers, total])
    assert result.output_for_node("total") == 6
    assert metadata(result, "numbers")[0]["dagster/row_count"] == 6


def test_a_folder_is_a_dataset_and_is_read_as_a_folder_or_in_place(lake: Lake, tmp_path: Path) -> None:
    @dg.asset
    def pages() -> Path:
        folder = tmp_path / "pages"
        (folder / "deep").mkdir(parents=True)
        (folder / "index.html").write_text("<p>")
        (folder / "deep" / "a.html").write_text("<a>")
        return folder

    @dg.asset
    def size(pages: Path) -> int:
        return sum(file.stat().st_size for file in pages.rglob("*.html"))

    @dg.asset
    def first(pages: UPath) -> str:
        return (pages / "index.html").read_text()

    result = lake.materialize([pages, size, first])
    assert result.output_for_node("size") == 6
    assert result.output_for_node("first") == "<p>"
    assert lake.paths()[1:3] == ["pages/deep/a.html", "pages/index.html"]
    reads = lake.repository.catalog.lineage.get_run(RunId(result.run_id)).reads
    assert {io.version.name for io in reads} == {"pages"}


def test_a_model_is_a_model(lake: Lake) -> None:
    @dg.asset
    def model() -> LinearRegression:
        return LinearRegression().fit([[0], [1]], [0, 1])

    @dg.asset
    def predicted(model: LinearRegression) -> float:
        return round(float(model.predict([[2]])[0]), 6)

    assert lake.materialize([model, predicted]).output_for_node("predicted") == 2


@pytest.mark.parametrize("value", [None, pd.DataFrame({"a": [1]})], ids=["none", "a table"])
def test_what_may_be_none_comes_back_as_it_was(lake: Lake, value: pd.DataFrame | None) -> None:
    @dg.asset
    def orders() -> pd.DataFrame | None:
        return value

    @dg.asset
    def size(orders: pd.DataFrame | None) -> int:
        return -1 if orders is None else len(orders)

    assert lake.materialize([orders, size]).output_for_node("size") == (-1 if value is None else 1)
