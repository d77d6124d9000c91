"""The differing rows are those that a plain comparison finds; applied to the left, they give the right."""

from collections import Counter
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.table_diff import RowDiff
from lineageflow_core.tables.answering import answer
from lineageflow_core.tables.cells import CUT
from lineageflow_core.tables.files import LocalFile
from lineageflow_core.tables.jobs import CompareRows
from tests.core.tables.scene import Folder

MANY = 1000
some_rows = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
values = st.tuples(st.none() | st.sampled_from([0.0, 1.5, float("nan")]), st.none() | st.sampled_from("ab☃"))
keyed = st.dictionaries(st.none() | st.integers(0, 20), values, max_size=15)
bags = st.lists(values, max_size=15)


def diff(
    folder: Folder,
    left: list[LocalFile],
    right: list[LocalFile],
    *key: str,
    skip: int = 0,
    limit: int = MANY,
) -> RowDiff:
    job = CompareRows(left=left, right=right, key=list(key), skip=skip, limit=limit)
    found: RowDiff = answer(job, folder.scratch())
    return found


def table(folder: Folder, rows: list[tuple[Any, ...]], types: str) -> list[LocalFile]:
    """Returns a table with these rows as one file; `types` as in SQL: 'id BIGINT, x DOUBLE'."""
    columns = ", ".join(f"NULL::{each.split()[1]} AS {each.split()[0]}" for each in types.split(", "))
    selects = [f"SELECT {', '.join(map(_sql, row))}" for row in rows]
    query = " UNION ALL ".join([f"SELECT * FROM (SELECT {columns}) WHERE false", *selects])
    return [folder.sql(query)]


def _sql(value: Any) -> str:
    if isinstance(value, float):
        return f"'{value}'::DOUBLE"
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


def applied(rows: list[tuple[Any, ...]], found: RowDiff) -> Counter[tuple[Any, ...]]:
    """Returns the rows of the left with the differences applied, as cells."""
    bag = Counter(tuple("nan" if value != value else value for value in row) for row in rows)
    for change in found.rows:
        if change.left is not None:
            bag[change.left] -= change.count
        if change.right is not None:
            bag[change.right] += change.count
    assert all(count >= 0 for count in bag.values())
    return +bag


@some_rows
@given(keyed, keyed)
def test_the_differences_by_key_make_the_right_of_the_left(
    folder: Folder, left: dict[Any, Any], right: dict[Any, Any]
) -> None:
    one, other = ([(key, *value) for key, value in each.items()] for each in (left, right))
    types = "id BIGINT, x DOUBLE, s VARCHAR"
    found = diff(folder, table(folder, one, types), table(folder, other, types), "id")
    assert applied(other, _nothing()) == applied(one, found)
    both = left.keys() & right.keys()
    same = sum(applied([left[key]], _nothing()) == applied([right[key]], _nothing()) for key in both)
    assert (len(right.keys() - both), len(left.keys() - both), len(both) - same, same) == (
        found.added,
        found.removed,
        found.changed,
        found.unchanged,
    )


@some_rows
@given(bags, bags)
def test_the_differences_of_whole_rows_make_the_right_of_the_left(
    folder: Folder, left: list[Any], right: list[Any]
) -> None:
    types = "x DOUBLE, s VARCHAR"
    found = diff(folder, table(folder, left, types), table(folder, right, types))
    assert applied(right, _nothing()) == applied(left, found)
    one, other = applied(left, _nothing()), applied(right, _nothing())
    assert ((other - one).total(), (one - other).total(), 0, (one & other).total()) == (
        found.added,
        found.removed,
        found.changed,
        found.unchanged,
    )


@pytest.mark.parametrize("key", [(), ("id",)])
def test_the_other_way_round_what_was_added_is_removed(folder: Folder, key: tuple[str, ...]) -> None:
    one = [folder.file("a.csv", b"id,x\n1,1\n2,2\n3,3\n")]
    other = [folder.file("b.csv", b"id,x\n2,2\n3,4\n4,4\n")]
    forth, back = diff(folder, one, other, *key), diff(folder, other, one, *key)
    assert (forth.added, forth.removed, forth.changed) == (back.removed, back.added, back.changed)
    assert [(each.left, each.right, each.changed) for each in forth.rows] == [
        (each.right, each.left, each.changed) for each in back.rows
    ]


@pytest.mark.parametrize("key", [(), ("id",)])
def test_a_table_does_not_differ_from_itself_however_it_is_kept(folder: Folder, key: tuple[str, ...]) -> None:
    rows = """SELECT i AS id, [i, NULL] AS l, {'A': i} AS s, MAP {'k': i} AS m, 'nan'::DOUBLE AS x,
        'E'::ENUM('E', 'f') AS e FROM range(500) t(i)"""
    one = [folder.sql(rows)]
    other = [
        folder.sql(
            f"SELECT s, m, x, id, e, l FROM ({rows}) WHERE id % 2 = {part} ORDER BY id DESC",
            f"{part}.parquet",
        )
        for part in range(2)
    ]
    found = diff(folder, one, other, *key)
    assert (0, 0, 0, 500, ()) == (found.added, found.removed, found.changed, found.unchanged, found.rows)


def test_changed_cells_are_named_and_counted(folder: Folder) -> None:
    one = [folder.file("a.csv", b"id,x,y\n1,1,1\n2,2,2\n3,3,3\n")]
    other = [folder.file("b.csv", b"id,x,y\n1,1,9\n2,9,9\n3,3,3\n")]
    found = diff(folder, one, other, "id")
    assert [("y", 2), ("x", 1)] == [(cell.column, cell.rows) for cell in found.cells]
    assert [((1, 1, 1), (1, 1, 9), ("y",)), ((2, 2, 2), (2, 9, 9), ("x", "y"))] == [
        (row.left, row.right, row.changed) for row in found.rows
    ]


def test_several_columns_may_be_the_key(folder: Folder) -> None:
    one = [folder.file("a.csv", b"x,b,a\n1,1,1\n2,2,1\n")]
    other = [folder.file("b.csv", b"a,b,x\n1,1,1\n1,2,5\n")]
    found = diff(folder, one, other, "a", "b")
    assert (("a", "b", "x"), [((1, 2, 2), (1, 2, 5))]) == (
        found.columns,
        [(row.left, row.right) for row in found.rows],
    )


def test_rows_are_paged_in_the_order_of_the_key(folder: Folder) -> None:
    one = [folder.sql("SELECT i AS id, 0 AS x FROM range(25) t(i)")]
    other = [folder.sql("SELECT 24 - i AS id, 1 AS x FROM range(25) t(i)")]
    seen: list[Any] = []
    after: str | None = "0"
    while after is not None:
        page = diff(folder, one, other, "id", skip=int(after), limit=10)
        seen += [row.right[0] for row in page.rows if row.right]
        assert 25 == page.changed
        after = page.next
    assert list(range(25)) == seen


@pytest.mark.parametrize(
    "left,right",
    [
        ([1, 1, 2], [1, 2]),
        ([1, 2], [1, 2, 2]),
        ([1, 1], [1, 1]),
        ([1, 2, 2], [1, 1, 2]),
        ([1], [2, 2]),
        ([None, None], [1]),
    ],
)
def test_a_key_that_identifies_no_row_is_refused(
    folder: Folder, left: list[int | None], right: list[int | None]
) -> None:
    one, other = (table(folder, [(each,) for each in ids], "id BIGINT") for ids in (left, right))
    with pytest.raises(InvalidInputError, match=r"id does not identify a row: on the (left|right), 2 rows"):
        diff(folder, one, other, "id")


def test_a_key_column_must_be_in_both(folder: Folder) -> None:
    one, other = [folder.file("a.csv", b"id,x\n1,1\n")], [folder.file("b.csv", b"no,x\n1,1\n")]
    with pytest.raises(InvalidInputError, match="'id' is not in both versions; in both are: x"):
        diff(folder, one, other, "id")


@pytest.mark.parametrize(
    "left,right,changed",
    [
        ("1::INTEGER", "1::BIGINT", 0),
        ("1::BIGINT", "1.0::DOUBLE", 0),
        ("1.50::DECIMAL(5,2)", "1.5::DECIMAL(9,1)", 0),
        ("1::BIGINT", "'1'::VARCHAR", 0),
        ("1::BIGINT", "'01'::VARCHAR", 1),
        ("DATE '2026-01-01'", "TIMESTAMP '2026-01-01 00:00'", 0),
        ("DATE '2026-01-01'", "TIMESTAMP '2026-01-01 00:01'", 1),
        ("TIMESTAMPTZ '2026-01-01 01:00+01'", "TIMESTAMPTZ '2026-01-01 00:00+00'", 0),
        ("'nan'::DOUBLE", "NULL::DOUBLE", 1),
        ("0.0::DOUBLE", "-0.0::DOUBLE", 0),
        ("{'a': NULL}", "{'a': NULL}", 0),
        ("[1, 2]", "[2, 1]", 1),
        ("'e\u0301'", "'\u00e9'", 1),
    ],
)
def test_values_are_compared_not_types(folder: Folder, left: str, right: str, changed: int) -> None:
    one, other = ([folder.sql(f"SELECT 1 AS id, {value} AS v")] for value in (left, right))
    assert changed == diff(folder, one, other, "id").changed
    assert changed == diff(folder, one, other).added


def test_columns_that_one_side_lacks_change_no_row(folder: Folder) -> None:
    one, other = [folder.file("a.csv", b"id,old\n1,1\n")], [folder.file("b.csv", b"id,new\n1,2\n")]
    assert (1, ("id",)) == ((found := diff(folder, one, other, "id")).unchanged, found.columns)


def test_what_was_not_there_was_added_whole(folder: Folder) -> None:
    here = [folder.file("a.csv", b"id\n1\n1\n")]
    found = diff(folder, [], here)
    assert (2, [(DiffKind.ADDED, (1,), 2)]) == (
        found.added,
        [(row.kind, row.right, row.count) for row in found.rows],
    )
    assert 2 == diff(folder, here, []).removed


def test_text_files_are_compared_at_a_type_that_fits_both(folder: Folder) -> None:
    one, other = [folder.file("a.csv", b"id,v\n1,1\n")], [folder.file("b.csv", b"id,v\n1,1.0\n2,2\n")]
    assert (1, 0) == ((found := diff(folder, one, other, "id")).added, found.changed)
    other = [folder.file("b.csv", b"id,v\n1,1.0\n2,x\n")]
    assert (1, 1) == ((found := diff(folder, one, other, "id")).added, found.changed)


def test_hostile_names_and_huge_cells_do_no_harm(folder: Folder) -> None:
    name = "'; DROP TABLE x; --\""
    one, other = ([folder.frame(pd.DataFrame({name: [1], "lefts": ["x" * 5_000_000 + end]}))] for end in "ab")
    [row] = diff(folder, one, other, name).rows
    assert row.right is not None
    assert (("lefts",), "x" * 1000 + CUT) == (row.changed, row.right[1])


def _nothing() -> RowDiff:
    return RowDiff(key=(), columns=(), added=0, removed=0, changed=0, unchanged=0, cells=(), rows=())
