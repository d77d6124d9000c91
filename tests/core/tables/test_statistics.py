"""Statistics are what pandas says of the same rows, and depend on nothing but the rows."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageflow_core.model.table import Coverage, TableProfile
from lineageflow_core.tables import statistics
from lineageflow_core.tables.answering import answer
from lineageflow_core.tables.files import LocalFile
from lineageflow_core.tables.jobs import ProfileTable
from lineageflow_core.tables.statistics import BINS, MOST_TOP
from tests.core.tables.scene import Folder

numbers = st.one_of(st.none(), st.floats(-1e300, 1e300), st.integers(-5, 5).map(float))
words = st.one_of(st.none(), st.text(max_size=3))


def profile(folder: Folder, *files: LocalFile, coverage: Coverage = Coverage.SAMPLE) -> TableProfile:
    found: TableProfile = answer(ProfileTable(files=list(files), coverage=coverage), folder.scratch())
    return found


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(numbers, words), min_size=1, max_size=60))
def test_statistics_equal_those_of_pandas(folder: Folder, rows: list[tuple[Any, Any]]) -> None:
    frame = pd.DataFrame(rows, columns=["x", "s"]).astype({"x": "float64", "s": "object"})
    x, s = profile(folder, folder.frame(frame)).columns
    assert (frame["x"].isna().sum(), frame["s"].isna().sum()) == (x.nulls, s.nulls)
    present = frame["x"].dropna()
    if not present.empty:
        assert (present.min(), present.max()) == (x.minimum, x.maximum)
        scale = max(present.abs().max(), 1e-300)
        assert x.mean is not None
        assert x.deviation is not None
        assert math.isclose((present / scale).mean(), x.mean / scale, rel_tol=1e-9, abs_tol=1e-9)
        assert math.isclose((present / scale).std(ddof=0), x.deviation / scale, rel_tol=1e-6, abs_tol=1e-6)
        expected = np.quantile(present / scale, np.linspace(0, 1, BINS + 1))
        assert np.allclose(expected, np.array(x.quantiles) / scale)
        assert len(present) == sum(x.histogram)
    counts = frame["s"].dropna().value_counts()
    assert {value.value: value.count for value in s.top}.items() <= counts.to_dict().items()
    assert sorted(counts, reverse=True)[: len(s.top)] == [value.count for value in s.top]


def test_a_histogram_has_ranges_of_equal_width(folder: Folder) -> None:
    [column] = profile(folder, folder.sql("SELECT i AS v FROM range(0, 101) t(i)")).columns
    assert (*[5] * (BINS - 1), 6) == column.histogram


def test_numbers_that_are_none_stand_in_no_mean(folder: Folder) -> None:
    values = "('nan'), ('inf'), ('-inf'), ('2'), ('4'), (NULL)"
    [column] = profile(folder, folder.sql(f"SELECT v::DOUBLE AS v FROM (VALUES {values}) t(v)")).columns
    assert (1, "-inf", "inf", 3.0, 1.0, 2) == (
        column.nulls, column.minimum, column.maximum, column.mean, column.deviation, sum(column.histogram)
    )  # fmt: skip


def test_each_type_has_the_statistics_that_make_sense(folder: Folder) -> None:
    query = """SELECT 12345678901234567890::DECIMAL(30,2) AS d, DATE '2026-01-02' AS day,
        TIMESTAMP '2026-01-02 03:04:05' AS at, TIMESTAMPTZ '2026-01-02 03:04:05+02' AS tz, TIME '03:04' AS t,
        true AS ok, {'a': 1} AS s, [1, 2] AS l, MAP {'k': 1} AS m, '\\xAA'::BLOB AS b, 'x' AS v,
        NULL::INTEGER AS nothing, 'e'::ENUM('e', 'f') AS e, INTERVAL 1 DAY AS i, uuid() AS u"""
    columns = {column.name: column for column in profile(folder, folder.sql(query)).columns}
    assert {
        "d": "12345678901234567890.00", "day": "2026-01-02", "at": "2026-01-02 03:04:05",
        "tz": "2026-01-02 01:04:05+00", "t": "03:04:00", "ok": True, "s": None, "l": None, "m": None,
        "b": "0xaa", "v": "x", "nothing": None, "e": "e",
    } == {name: column.minimum for name, column in columns.items() if name not in {"i", "u"}}  # fmt: skip
    assert {"d", "day", "at", "tz"} == {name for name, column in columns.items() if column.quantiles}
    assert 1 == columns["nothing"].nulls


def test_the_schema_says_what_the_files_promise(folder: Folder) -> None:
    schema = profile(folder, folder.frame(pd.DataFrame({"a": [1, 2], "b": ["x", None]}))).table
    assert (2, 1, [("a", "bigint", True), ("b", "varchar", True)]) == (
        schema.rows,
        schema.files,
        [(column.name, column.type, column.nullable) for column in schema.columns],
    )


def test_a_table_without_rows_or_with_one_has_statistics(folder: Folder) -> None:
    empty = profile(folder, folder.file("t.csv", b"a\n"))
    assert (0, 0, 0) == (empty.table.rows, empty.columns[0].nulls, empty.columns[0].distinct)
    one = profile(folder, folder.file("t.csv", b"a\n7\n"))
    assert ((7.0,) * (BINS + 1), 1) == (one.columns[0].quantiles, sum(one.columns[0].histogram))


def test_values_that_nearly_all_differ_are_not_listed(folder: Folder) -> None:
    few, many = (
        profile(folder, folder.sql(f"SELECT 'v' || i AS v FROM range({rows}) t(i)")).columns[0]
        for rows in (MOST_TOP, 5000)
    )
    assert (MOST_TOP, 0) == (len(few.top), len(many.top))


@pytest.mark.parametrize("coverage", Coverage)
def test_order_files_and_threads_change_nothing(folder: Folder, coverage: Coverage) -> None:
    rows = "SELECT i AS id, (hash(i) % 1000) / 7 AS x, 'v' || hash(i) % 50 AS s FROM range(30000) t(i)"
    whole = folder.sql(rows)
    parts = [
        folder.sql(f"SELECT * FROM ({rows}) WHERE id % 3 = {part} ORDER BY id DESC", f"{part}.parquet")
        for part in range(3)
    ]
    first = profile(folder, whole, coverage=coverage)
    assert first == profile(folder, whole, coverage=coverage)
    assert first.columns == profile(folder, *parts, coverage=coverage).columns


def test_a_large_table_is_sampled_and_says_so(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MOST_EXACT_ROWS", 50_000)
    monkeypatch.setattr(statistics, "SAMPLED_ROWS", 10_000)
    files = [
        folder.sql(
            f"SELECT i AS id FROM range({part * 60000}, {part * 60000 + 60000}) t(i)", f"{part}.parquet"
        )
        for part in range(2)
    ]
    sample = profile(folder, *files)
    assert sample.sampled_rows is not None
    assert 8_000 < sample.sampled_rows < 14_000
    assert sample == profile(folder, *files)
    assert 120_000 == sample.table.rows
    assert sample.columns[0].mean == pytest.approx(60_000, rel=0.1)
    full = profile(folder, *files, coverage=Coverage.FULL)
    assert (None, 59_999.5) == (full.sampled_rows, full.columns[0].mean)
