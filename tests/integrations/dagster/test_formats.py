"""Values as files, and files as values."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from lineageflow_dagster.formats import FORMATS, Trust, choose_format, find_format, read_value
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
from upath import UPath

from lineageflow_core import Repository, connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.run import Reading

ROWS: dict[str, list[Any]] = {"carrier": ["AA", "UA"], "delay": [1.5, None]}
FRAME = pd.DataFrame(ROWS)
TABLE = pa.table(ROWS)
TRUSTED = Trust()


def relation() -> duckdb.DuckDBPyRelation:
    return duckdb.connect().from_arrow(TABLE)


class Place:
    """A lake, and a folder for copies."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(connect(str(folder / "lake")), "shop").create()
        self.copies = folder / "copies"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def write(
        self, value: object, format_: str = "auto", *, partition: str = "", trust: Trust = TRUSTED
    ) -> None:
        made = find_format(choose_format(format_, value, trust=trust)).write(value, self.scratch, trust=trust)
        self.repository.write("x", made.files, partition=partition or None)

    def read(self, python_type: object = Any, *, trust: Trust = TRUSTED) -> Any:
        return read_value(self.reading(), python_type, trust=trust, copies=self.copies)

    def reading(self) -> Reading:
        return self.repository.dataset("x").read()

    def file(self) -> str:
        (entry,) = self.reading().objects
        return entry.path.removeprefix("x/")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


TABLES: Mapping[str, Any] = {
    "pandas": lambda: FRAME,
    "polars": lambda: pl.DataFrame(ROWS),
    "polars lazily": lambda: pl.LazyFrame(ROWS),
    "arrow": lambda: TABLE,
    "arrow in batches": lambda: TABLE.to_reader(max_chunksize=1),
    "duckdb": relation,
    "frames one by one": lambda: (FRAME[at : at + 1] for at in range(2)),
}
READERS: Mapping[Any, Any] = {
    pd.DataFrame: lambda frame: frame,
    pl.DataFrame: lambda frame: frame.to_pandas(),
    pl.LazyFrame: lambda frame: frame.collect().to_pandas(),
    pa.Table: lambda table: table.to_pandas(),
    ds.Dataset: lambda dataset: dataset.to_table().to_pandas(),
    pa.RecordBatchReader: lambda reader: reader.read_all().to_pandas(),
    Iterator: lambda batches: pa.Table.from_batches(batches).to_pandas(),
    Iterable: lambda batches: pa.Table.from_batches(batches).to_pandas(),
    duckdb.DuckDBPyRelation: lambda relation: relation.df(),
    pd.DataFrame | None: lambda frame: frame,
}


@pytest.mark.parametrize("asked", READERS, ids=str)
@pytest.mark.parametrize("kind", TABLES)
def test_what_the_reader_asks_for_decides_whatever_was_written(place: Place, kind: str, asked: Any) -> None:
    place.write(TABLES[kind]())
    value = place.read(asked)
    if isinstance(asked, type):
        assert isinstance(value, asked)
    pd.testing.assert_frame_equal(FRAME, READERS[asked](value), check_dtype=False)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
@pytest.mark.parametrize("kind", TABLES)
def test_each_format_of_tables_takes_each_kind(place: Place, kind: str, ending: str) -> None:
    place.write(TABLES[kind](), ending)
    assert f"data.{ending}" == place.file()
    assert place.read(pa.Table).to_pydict() == ROWS


@pytest.mark.parametrize(
    "kind,expected",
    [
        ("pandas", pd.DataFrame),
        ("polars", pl.DataFrame),
        ("polars lazily", pl.DataFrame),
        ("duckdb", duckdb.DuckDBPyRelation),
        ("arrow", pa.Table),
    ],
)
def test_a_reader_that_asks_for_no_type_gets_what_was_written(
    place: Place, kind: str, expected: type[Any]
) -> None:
    place.write(TABLES[kind]())
    assert isinstance(place.read(), expected)


@pytest.mark.parametrize(
    "value,file",
    [
        (FRAME, "data.parquet"),
        ("text", "data.txt"),
        (b"bytes", "data.bin"),
        ({"a": [1, 2.5, None, True, "é"]}, "data.json"),
        ([], "data.json"),
        (None, "data.json"),
        ({"a": (1, 2)}, "data.pickle"),
        ({1: "a"}, "data.pickle"),
        ([float("nan")], "data.pickle"),
        (np.int64(1), "data.pickle"),
        (["\ud800"], "data.pickle"),
    ],
    ids=repr,
)
def test_the_automatic_format_is_the_plainest_that_gives_the_value_back(
    place: Place, value: object, file: str
) -> None:
    place.write(value)
    assert file == place.file()
    if not isinstance(value, pd.DataFrame):
        assert repr(value) == repr(place.read())


def test_an_index_survives(place: Place) -> None:
    frame = FRAME.set_index("carrier")
    place.write(frame)
    pd.testing.assert_frame_equal(frame, place.read(pd.DataFrame))


def test_a_lazy_frame_reads_only_the_columns_that_are_asked_for(place: Place) -> None:
    place.write(FRAME)
    plan = place.read(pl.LazyFrame).select("carrier").filter(pl.col("carrier") == "UA")
    assert plan.collect().to_dict(as_series=False) == {"carrier": ["UA"]}
    assert "PROJECT 1/2 COLUMNS" in plan.explain()


@pytest.mark.parametrize("ending", ["txt", "html", "md", "json", "sql"])
def test_text_comes_back_with_its_line_ends(place: Place, ending: str) -> None:
    place.write("é\r\n\n", ending)
    assert place.read(str) == "é\r\n\n"
    assert place.read(bytes) == "é\r\n\n".encode()


def test_a_dictionary_is_read_as_text_by_who_asks_for_text(place: Place) -> None:
    place.write({"a": 1}, "json")
    assert json.loads(place.read(str)) == {"a": 1}


def test_text_that_is_no_json_is_told_so(place: Place) -> None:
    place.write("{", "json")
    with pytest.raises(InvalidInputError, match="the file is not JSON"):
        place.read(dict)


def test_none_is_none_also_where_a_table_might_have_been(place: Place) -> None:
    place.write(None)
    assert place.read(pd.DataFrame | None) is None


@pytest.mark.parametrize("value", TABLES.values(), ids=TABLES)
def test_equal_tables_are_one_version(place: Place, value: Any) -> None:
    place.write(value())
    first = place.reading().snapshots
    place.write(value())
    assert first == place.reading().snapshots


def test_a_table_is_described_by_rows_and_columns(tmp_path: Path) -> None:
    described = FORMATS["parquet"].write(TABLE, tmp_path, trust=Trust()).described
    assert described.rows == 2
    assert described.columns == (("carrier", "string"), ("delay", "double"))
    assert described.dataset_type == "TABLE"


@pytest.mark.parametrize("format_", ["pickle", "joblib"])
def test_a_model_comes_back_and_is_called_one(place: Place, tmp_path: Path, format_: str) -> None:
    model = LinearRegression().fit([[0], [1]], [0, 1])
    place.write(model, format_)
    assert place.read(LinearRegression).predict([[2]]).round(6).tolist() == [2]
    made = FORMATS[format_].write(StandardScaler(), tmp_path, trust=Trust())
    assert made.described.dataset_type == "MODEL"


def test_a_table_that_was_pickled_comes_back_as_the_table_that_its_reader_asks_for(place: Place) -> None:
    place.write(pd.DataFrame({"amount": [1, 2]}), "pickle")
    assert place.read(pd.DataFrame)["amount"].tolist() == [1, 2]


def test_where_pickles_are_not_trusted_none_is_written_or_read(place: Place) -> None:
    careful = Trust(pickles=False)
    model = LinearRegression().fit([[0], [1]], [0, 1])
    for format_, value in [("auto", {1, 2}), ("pickle", model), ("joblib", model)]:
        with pytest.raises(InvalidInputError, match="allow_pickle=False"):
            place.write(value, format_, trust=careful)
    assert choose_format("auto", model, trust=careful) == "skops"
    place.write(model)
    with pytest.raises(InvalidInputError, match="allow_pickle=False"):
        place.read(trust=careful)


def test_a_model_needs_no_pickle(place: Place) -> None:
    pytest.importorskip("skops")
    place.write(LinearRegression().fit([[0], [1]], [0, 1]), trust=Trust(pickles=False))
    assert place.file() == "data.skops"
    assert place.read(trust=Trust(pickles=False)).predict([[2]]).round(6).tolist() == [2]


def test_a_folder_comes_back_with_all_that_is_below_it(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b").write_bytes(b"b")
    place.write(folder)
    read = place.read(Path)
    assert (read / "a.txt").read_text() == "a"
    assert (read / "deep" / "b").read_bytes() == b"b"
    assert read == place.read(), "who asks for no type gets what was written"
    assert read != folder


def test_what_is_read_as_a_path_is_copied_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("text")
    first = place.read(Path)
    with monkeypatch.context() as patched:
        patched.setattr(Reading, "open", None)
        assert first == place.read(Path)
    assert (first / "data.txt").stat().st_mode & 0o222 == 0, "a copy is not for writing"
    place.write("other")
    assert (place.read(Path) / "data.txt").read_text() == "other"
    assert (first / "data.txt").read_text() == "text"


def test_a_file_keeps_its_name_in_a_folder(place: Place, tmp_path: Path) -> None:
    (tmp_path / "weights.onnx").write_bytes(b"1")
    place.write(tmp_path / "weights.onnx")
    assert [each.name for each in place.read(Path).iterdir()] == ["weights.onnx"]


def test_what_is_anywhere_else_is_fetched(place: Place) -> None:
    (UPath("memory://bucket/in") / "a.txt").write_text("a")
    (UPath("memory://bucket/in") / "deep" / "b.txt").write_text("b")
    place.write(UPath("memory://bucket/in"))
    assert (place.read(Path) / "deep" / "b.txt").read_text() == "b"
    place.write(UPath("memory://bucket/in/a.txt"))
    assert (place.read(Path) / "a.txt").read_text() == "a"


def test_a_place_in_the_lake_is_read_where_it_is(place: Place) -> None:
    place.write("text")
    there = place.read(UPath)
    place.write("later")
    assert (there / "data.txt").read_text() == "text", "it names the commit that was read"


def test_nothing_is_no_path(place: Place, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there is no file or folder"):
        place.write(tmp_path / "missing")


def test_partitions_are_one_table_or_one_folder_and_else_nothing(place: Place) -> None:
    for day in ("mon", "tue"):
        place.write(FRAME, partition=day)
    assert len(place.read(pd.DataFrame)) == 4
    assert list(place.read(pd.DataFrame).index) == [0, 1, 2, 3]
    assert sorted(path.name for path in place.read(Path).iterdir()) == ["mon", "tue"]
    with pytest.raises(InvalidInputError, match=r"2 partitions .* annotate the input as dict\[str"):
        place.read(bytes)


@pytest.mark.parametrize("ending", [name for name in FORMATS if name not in {"pickle", "joblib", "skops"}])
def test_a_value_of_the_wrong_kind_is_refused(ending: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="object"):
        FORMATS[ending].write(object(), tmp_path, trust=Trust())


def test_half_a_character_is_no_text(place: Place) -> None:
    with pytest.raises(InvalidInputError, match="text that UTF-8 has"):
        place.write("\ud800")


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match="parquet"):
        choose_format("xlsx", FRAME)
