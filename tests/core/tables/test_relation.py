"""Every format comes out as the same rows, and several files as one table."""

import gzip
import io
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pytest
import zstandard

from lineageflow_core.errors import UnreadableTableError
from tests.core.tables.scene import Folder

FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3],
        "name": ["ada", 'o\'neil "x"', None],
        "x": [1.5, None, -2.0],
        "at": pd.to_datetime(["2026-01-01 10:00", "2026-01-02 11:30", "2026-01-03 00:00"]),
        "ok": [True, False, True],
    }
)
ROWS = [
    (1, "ada", 1.5, pd.Timestamp(2026, 1, 1, 10).to_pydatetime(), True),
    (2, 'o\'neil "x"', None, pd.Timestamp(2026, 1, 2, 11, 30).to_pydatetime(), False),
    (3, None, -2.0, pd.Timestamp(2026, 1, 3).to_pydatetime(), True),
]
TYPES = {"id": "bigint", "name": "varchar", "x": "double", "at": "timestamp", "ok": "boolean"}


def _written(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def _stream(buffer: io.BytesIO) -> None:
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


_CSV = FRAME.to_csv(index=False).encode()
CONTENTS = {
    "t.parquet": _written(lambda buffer: FRAME.to_parquet(buffer, index=False)),
    "t.csv": _CSV,
    "t.csv.gz": gzip.compress(_CSV),
    "t.csv.zst": zstandard.compress(_CSV),
    "t.tsv": FRAME.to_csv(index=False, sep="\t").encode(),
    "t.jsonl": FRAME.to_json(orient="records", lines=True, date_format="iso", date_unit="s").encode(),
    "t.feather": _written(lambda buffer: feather.write_feather(FRAME, buffer)),
    "t.arrows": _written(_stream),
    "t.xlsx": _written(lambda buffer: FRAME.to_excel(buffer, index=False)),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_every_format_has_the_same_rows_and_types(folder: Folder, name: str) -> None:
    assert (TYPES, ROWS) == folder.read(folder.file(name, CONTENTS[name]))


def test_files_are_united_by_column_name(folder: Folder) -> None:
    one = folder.file("a.csv", b"id,x\n1,5\n")
    other = folder.file("b.jsonl", b'{"y": "new", "id": 2.5}\n')
    assert ({"id": "double", "x": "bigint", "y": "varchar"}, [(1.0, 5, None), (2.5, None, "new")]) == (
        folder.read(one, other)
    )


def test_folders_with_an_equals_sign_are_columns(folder: Folder) -> None:
    files = [
        folder.file("month=2026-01/day='1'/a.csv", b"id\n1\n"),
        folder.file("month=2026-02/a.parquet", CONTENTS["t.parquet"]),
    ]
    types, rows = folder.read(*files)
    assert {"day": "varchar", "month": "varchar"}.items() <= types.items()
    columns = list(types)
    assert {(1, "'1'", "2026-01"), (1, None, "2026-02"), (2, None, "2026-02"), (3, None, "2026-02")} == {
        tuple(row[columns.index(name)] for name in ("id", "day", "month")) for row in rows
    }


def test_a_column_of_the_file_counts_more_than_a_folder(folder: Folder) -> None:
    assert ({"ID": "bigint"}, [(1,)]) == folder.read(folder.file("id=7/a.csv", b"ID\n1\n"))


@pytest.mark.parametrize(
    "values,kind",
    [
        ("1 -2 0", "bigint"),
        ("007 1", "varchar"),
        ("1 2.5 -1e3 nan", "double"),
        ("1.50 2", "double"),
        ("99999999999999999999 1", "varchar"),
        ("true False", "boolean"),
        ("2026-01-01 2026-02-28", "date"),
        ("2026-01-01 2026-02-30", "varchar"),
        ("2026-01-01T10:00 2026-01-01T10:00:00.5", "timestamp"),
        ("1 x", "varchar"),
    ],
)
def test_text_has_the_narrowest_type_that_loses_nothing(folder: Folder, values: str, kind: str) -> None:
    content = "\n".join(["v", *values.split()]).encode()
    assert {"v": kind} == folder.read(folder.file("t.csv", content))[0]


def test_what_comes_late_decides_the_type_too(folder: Folder) -> None:
    content = b"v,w\n" + b"1,\n" * 30_000 + b"x,5\n"
    assert {"v": "varchar", "w": "bigint"} == folder.read(folder.file("t.csv", content))[0]


def test_all_text_files_of_a_table_decide_the_type_together(folder: Folder) -> None:
    types, rows = folder.read(folder.file("a.csv", b"v\n1\n"), folder.file("b.tsv", b"v\nx\n"))
    assert ({"v": "varchar"}, [("1",), ("x",)]) == (types, rows)


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_first_line_shows_the_delimiter(folder: Folder, delimiter: str) -> None:
    content = f"a{delimiter}b\n1{delimiter}x y\n".encode()
    assert ({"a": "bigint", "b": "varchar"}, [(1, "x y")]) == folder.read(folder.file("t.csv", content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_may_be_encoded_as_spreadsheets_do(folder: Folder, encoding: str) -> None:
    content = "städte\nKöln\n".encode(encoding)
    assert ({"städte": "varchar"}, [("Köln",)]) == folder.read(folder.file("t.csv", content))


def test_a_quoted_value_may_hold_anything(folder: Folder) -> None:
    content = b'a,b\n"x,\n""y""",1\n'
    assert [('x,\n"y"', 1)] == folder.read(folder.file("t.csv", content))[1]


def test_a_table_may_have_no_rows(folder: Folder) -> None:
    assert ({"a": "varchar", "b": "varchar"}, []) == folder.read(folder.file("t.csv", b"a,b\n"))


def test_hostile_column_names_are_only_names(folder: Folder) -> None:
    frame = pd.DataFrame({'"; DROP TABLE t; --': [1], "'": [2], "select": [3], "☃\n": [4]})
    types, rows = folder.read(folder.frame(frame, "k'=\"v'/t.parquet"))
    assert ([*frame.columns, "k'"], [(1, 2, 3, 4, "\"v'")]) == (list(types), rows)


@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "t.xlsx", "t.jsonl", "t.csv.gz"])
def test_a_damaged_file_is_said_to_be_one(folder: Folder, name: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the worker makes one kind of them)
        folder.read(folder.file(name, b"PAR1 this is not what its name says \xff\x00"))
    assert name in str(caught.value) or "file0" in str(caught.value)


def test_a_row_with_too_many_values_is_an_error(folder: Folder) -> None:
    with pytest.raises(UnreadableTableError, match=r"t\.csv") as refused:
        folder.read(folder.file("t.csv", b"a,b\n1,2\n3,4,5\n"))
    assert "Found: 3" in refused.value.message
    assert "strict_mode" not in refused.value.message
