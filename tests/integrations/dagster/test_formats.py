"""Values as files."""

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from lineageflow_dagster.formats import FORMATS, choose_format, find_format
from sklearn.linear_model import LinearRegression

from lineageflow_core.errors import InvalidInputError

FRAME = pd.DataFrame({"carrier": ["AA", "UA"], "delay": [1.5, None]})
TABLE = pa.table({"carrier": ["AA", "UA"], "delay": [1.5, None]})


def written(ending: str, value: object, folder: Path) -> bytes:
    file = folder / f"data.{ending}"
    find_format(ending).write(value, file)
    return file.read_bytes()


def read_back(ending: str, value: object, python_type: Any, folder: Path) -> Any:
    return find_format(ending).read(io.BytesIO(written(ending, value, folder)), python_type)


@pytest.mark.parametrize(
    "value,ending",
    [
        (FRAME, "parquet"),
        (TABLE, "parquet"),
        ("text", "txt"),
        (b"bytes", "bin"),
        ({"any": "object"}, "pickle"),
    ],
    ids=["pandas", "arrow", "text", "bytes", "object"],
)
def test_the_automatic_format_fits_the_value(value: object, ending: str) -> None:
    assert choose_format("auto", value) == ending


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_a_data_frame_comes_back_as_it_was(ending: str, tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(FRAME, read_back(ending, FRAME, pd.DataFrame, tmp_path))


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_an_arrow_table_comes_back_as_it_was(ending: str, tmp_path: Path) -> None:
    assert read_back(ending, TABLE, pa.Table, tmp_path).equals(TABLE)


def test_a_table_is_read_as_what_the_consumer_asks_for(tmp_path: Path) -> None:
    assert isinstance(read_back("parquet", TABLE, pd.DataFrame, tmp_path), pd.DataFrame)
    assert isinstance(read_back("parquet", FRAME, pa.Table, tmp_path), pa.Table)


def test_a_table_that_nobody_asks_for_by_type_is_read_as_what_was_written(tmp_path: Path) -> None:
    assert isinstance(read_back("parquet", FRAME, Any, tmp_path), pd.DataFrame)
    assert isinstance(read_back("parquet", TABLE, Any, tmp_path), pa.Table)


def test_an_index_survives_parquet(tmp_path: Path) -> None:
    frame = FRAME.set_index("carrier")
    pd.testing.assert_frame_equal(frame, read_back("parquet", frame, pd.DataFrame, tmp_path))


@pytest.mark.parametrize("ending", ["txt", "html", "md", "json"])
def test_text_comes_back_with_its_line_ends(ending: str, tmp_path: Path) -> None:
    assert read_back(ending, "é\r\n\n", str, tmp_path) == "é\r\n\n"


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    assert written("parquet", FRAME, tmp_path) == written("parquet", FRAME.copy(), tmp_path)


def test_a_table_is_described_by_rows_and_columns() -> None:
    described = find_format("parquet").describe(TABLE)
    assert described.rows == 2
    assert described.columns == (("carrier", "string"), ("delay", "double"))
    assert described.dataset_type == "TABLE"


def test_an_object_that_predicts_is_a_model() -> None:
    assert find_format("pickle").describe(LinearRegression()).dataset_type == "MODEL"
    assert find_format("pickle").describe({"a": 1}).dataset_type == "FILE"


def test_tables_of_many_partitions_are_put_together() -> None:
    both = find_format("parquet").join({"1": FRAME, "2": FRAME})
    assert isinstance(both, pd.DataFrame)
    assert list(both.index) == [0, 1, 2, 3]
    assert find_format("parquet").join({"1": TABLE, "2": TABLE}).num_rows == 4  # type: ignore[attr-defined]


def test_objects_of_many_partitions_are_not_put_together() -> None:
    with pytest.raises(InvalidInputError, match=r"annotate the input as dict\[str"):
        find_format("pickle").join({"1": 1, "2": 2})


@pytest.mark.parametrize("ending", [ending for ending in FORMATS if ending != "pickle"])
def test_a_value_of_the_wrong_kind_is_refused(ending: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="object"):
        written(ending, object(), tmp_path)


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match="parquet"):
        choose_format("xlsx", FRAME)
