"""What people read and write tables with takes `lf://` addresses as they are."""

import duckdb
import fsspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from upath import UPath

from tests.core.filesystem.conftest import Reached

ROWS = {"day": ["mon", "mon", "tue"], "amount": [10, 20, 30]}


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS)


def datasets(lake: Reached) -> list[str]:
    return [each.path for each in lake.repo.catalog.objects.list_datasets("sales", "main").items]


def test_pandas_reads_and_writes_csv(any_lake: Reached, frame: pd.DataFrame) -> None:
    frame.to_csv("lf://sales/orders.csv", index=False, storage_options=any_lake.options)
    assert frame.equals(pd.read_csv("lf://sales/orders.csv", storage_options=any_lake.options))
    assert b"day,amount\n" == any_lake.repo.read_bytes("orders.csv")[:11]


def test_pandas_reads_and_writes_parquet(any_lake: Reached, frame: pd.DataFrame) -> None:
    frame.to_parquet("lf://sales/orders.parquet", storage_options=any_lake.options)
    read = pd.read_parquet(
        "lf://sales/@main/orders.parquet", columns=["amount"], storage_options=any_lake.options
    )
    assert [10, 20, 30] == read["amount"].tolist()


def test_pandas_writes_partitions_as_one_dataset(any_lake: Reached, frame: pd.DataFrame) -> None:
    frame.to_parquet("lf://sales/raw/orders", partition_cols=["day"], storage_options=any_lake.options)
    assert ["raw/orders"] == datasets(any_lake)
    read = pd.read_parquet(
        "lf://sales/raw/orders", filters=[("day", "==", "mon")], storage_options=any_lake.options
    )
    assert [10, 20] == sorted(read["amount"])


def test_polars_reads_scans_and_writes_open_files(any_lake: Reached) -> None:
    frame = pl.DataFrame(ROWS)
    with any_lake.fs.open("lf://sales/orders.parquet", "wb") as file:
        frame.write_parquet(file)
    with any_lake.fs.open("lf://sales/orders.parquet") as file:
        assert frame.equals(pl.read_parquet(file))
    scanned = pl.scan_pyarrow_dataset(ds.dataset("sales/orders.parquet", filesystem=any_lake.fs))
    assert 50 == scanned.filter(pl.col("amount") > 10).select(pl.col("amount").sum()).collect().item()
    with any_lake.fs.open("lf://sales/orders.csv", "wb") as file:
        frame.write_csv(file)
    with any_lake.fs.open("lf://sales/orders.csv") as file:
        assert frame.equals(pl.read_csv(file))


def test_duckdb_reads_and_writes(any_lake: Reached) -> None:
    connection = duckdb.connect()
    connection.register_filesystem(any_lake.fs)
    connection.sql("select 'mon' as day, 10 as amount").write_parquet("lf://sales/orders/1.parquet")
    connection.sql("copy (select 'tue' as day, 5 as amount) to 'lf://sales/orders/2.parquet'")
    total = connection.sql("select sum(amount) from 'lf://sales/orders/*.parquet'").fetchall()
    assert [(15,)] == total
    connection.sql(
        "copy (select 'tue' as day, 5 as amount) to 'lf://sales/days' (format parquet, partition_by (day))"
    )
    assert "days" in datasets(any_lake)


def test_arrow_reads_and_writes_partitioned_datasets(any_lake: Reached) -> None:
    table = pa.table(ROWS)
    partitioning = ds.partitioning(pa.schema([("day", pa.string())]), flavor="hive")
    ds.write_dataset(
        table, "sales/orders", format="parquet", partitioning=partitioning, filesystem=any_lake.fs
    )
    found = ds.dataset("sales/orders", partitioning="hive", filesystem=any_lake.fs)
    assert 2 == len(found.files)
    assert [30] == found.to_table(filter=ds.field("day") == "tue")["amount"].to_pylist()
    assert ["orders"] == datasets(any_lake)
    assert table.num_rows == pq.read_table("sales/orders", filesystem=any_lake.fs).num_rows


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # Dask's own
def test_dask_reads_and_writes(any_lake: Reached, frame: pd.DataFrame) -> None:
    import dask.dataframe as dd

    parts = dd.from_pandas(frame, npartitions=2)  # type: ignore[no-untyped-call]
    parts.to_parquet("lf://sales/orders", storage_options=any_lake.options)
    assert ["orders"] == datasets(any_lake)
    read = dd.read_parquet("lf://sales/orders", storage_options=any_lake.options)
    assert 60 == read["amount"].sum().compute()


def test_universal_pathlib_reads_and_writes(any_lake: Reached) -> None:
    folder = UPath("lf://sales/reports", **any_lake.options)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "may.txt").write_text("fine")
    assert ["may.txt"] == [each.name for each in folder.iterdir()]
    assert "fine" == (folder / "may.txt").read_text()
    assert 4 == (folder / "may.txt").stat().st_size
    (folder / "may.txt").rename(folder / "june.txt")
    assert [folder / "june.txt"] == list(folder.glob("*.txt"))
    (folder / "june.txt").unlink()
    assert not (folder / "june.txt").exists()


def test_fsspecs_own_caches_take_the_contents_digest(lake: Reached, tmp_path: object) -> None:
    lake.repo.put("x.txt", b"1")
    options = {"lf": lake.options, "filecache": {"cache_storage": str(tmp_path) + "/c", "check_files": True}}
    with fsspec.open("filecache::lf://sales/x.txt", **options) as file:
        assert b"1" == file.read()
    lake.repo.put("x.txt", b"2")
    with fsspec.open("filecache::lf://sales/x.txt", **options) as file:
        assert b"2" == file.read()
