"""Data as tables: first rows, columns, statistics, differences, and who brought a value."""

from pathlib import Path

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.repository import Repository
from tests.core.cli.calling import Cli

BEFORE = b"id,city,income\n1,Oslo,10\n2,Rome,20\n3,Bonn,30\n"
AFTER = b"id,city,income,rate\n1,Oslo,10,0.5\n2,Rome,,0.5\n4,Kiel,40,0.5\n"


@pytest.fixture
def shop(tmp_path: Path) -> Cli:
    """The command on a lake with two versions of a table, and of a text."""
    repository = Repository(connect(str(tmp_path / "lake")), "shop", author="ada").create()
    repository.put("orders.csv", BEFORE)
    repository.put("notes.md", b"one\ntwo\n")
    repository.put("model.bin", b"\xff\x00")
    repository.put("orders.csv", AFTER)
    repository.put("notes.md", b"one\n2\n")
    repository.put("model.bin", b"\xff\x01")
    return Cli(tmp_path / "lake")


def test_the_first_rows_are_shown(shop: Cli) -> None:
    assert [["1", "Oslo", "10", "0.5"]] == shop.good("preview", "orders.csv", "-n", "1").rows
    assert [[1, "Oslo", 10], [2, "Rome", 20], [3, "Bonn", 30]] == (
        shop.good("preview", "@main~3/orders.csv", "--json").json["rows"]
    )


def test_the_columns_are_listed_and_the_rows_counted(shop: Cli) -> None:
    ran = shop.good("schema", "orders.csv")
    assert [["id", "bigint"], ["city", "varchar"], ["income", "bigint"], ["rate", "double"]] == [
        row[:2] for row in ran.rows
    ]
    assert "3 rows in 1 file (csv)" in ran.err
    assert 3 == shop.good("schema", "orders.csv", "--json").json["rows"]


def test_statistics_are_listed(shop: Cli) -> None:
    rows = {row[0]: row for row in shop.good("stats", "orders.csv").rows}
    assert ["income", "bigint", "1", "2", "10", "25.0", "40", "25.0", "10,40"] == rows["income"]
    assert (
        shop.good("stats", "orders.csv", "--json").json
        == shop.good("stats", "orders.csv", "--exact", "--json").json
    )


def test_data_is_compared_level_by_level(shop: Cli) -> None:
    rows = shop.good("diff", "main~3", "main", "orders.csv", "--key", "id").rows
    assert [
        ["schema", "orders.csv", "added", "rate", "", "double"],
        ["rows", "orders.csv", "1", "1", "1", "1"],
        ["changes", "orders.csv", "changed", "id=2", "income", "20", ""],
        ["changes", "orders.csv", "removed", "id=3 city=Bonn income=30", "", "", ""],
        ["changes", "orders.csv", "added", "id=4 city=Kiel income=40", "", "", ""],
    ] == rows[:5]
    assert {"drift"} == {row[0] for row in rows[5:]}
    income = next(row for row in rows[5:] if row[2] == "income")
    assert ["0", "1", "20.0", "25.0"] == income[3:7]


def test_one_level_may_be_asked_for(shop: Cli) -> None:
    schema = shop.good("diff", "main~3", "main", "orders.csv", "--schema").rows
    assert [["schema", "orders.csv", "added", "rate", "", "double"]] == schema
    rows = shop.good("diff", "main~3", "main", "orders.csv", "--rows", "1").rows
    assert ["rows", "changes"] == [row[0] for row in rows]
    every = shop.good("diff", "main~3", "main", "orders.csv", "--rows", "0", "--json").json[0]
    assert (4, None, None) == (len(every["rows"]["rows"]), every["schema"], every["statistics"])


def test_all_that_differs_is_compared_as_what_it_is(shop: Cli) -> None:
    ran = shop.good("diff", "main~3", "main", "--data")
    lines = ran.out.splitlines()
    assert "-two" in lines
    assert "+2" in lines
    assert any(line.startswith("differs\tmodel.bin\t") for line in lines)
    assert any(line.startswith("rows\torders.csv\t") for line in lines)


def test_the_exit_code_tells_of_differing_data(shop: Cli) -> None:
    assert 1 == shop("diff", "main~3", "main", "--data", "--exit-code").code
    assert 0 == shop("diff", "main~1", "main", "orders.csv", "--data", "--exit-code").code


def test_a_wrong_key_is_told(shop: Cli) -> None:
    ran = shop("diff", "main~3", "main", "orders.csv", "--key", "no")
    assert 2 == ran.code
    assert "the key column 'no' is not in both versions" in ran.err


def test_a_wrong_key_is_told_even_if_nothing_differs(shop: Cli) -> None:
    ran = shop("diff", "main", "main", "orders.csv", "--key", "no")
    assert (2, True) == (ran.code, "in both are: id, city, income, rate" in ran.err)


def test_a_problem_is_a_failure(shop: Cli) -> None:
    ran = shop("diff", "main~3", "main", "--key", "no")
    assert (1, True) == (ran.code, any(row[:2] == ["problem", "orders.csv"] for row in ran.rows))


@pytest.mark.parametrize("level", [("--schema",), ("--rows", "0")])
def test_what_is_no_table_differs_in_one_line_at_any_level(shop: Cli, level: tuple[str, ...]) -> None:
    ran = shop("diff", "main~3", "main", *level, "--exit-code")
    told = [row[1] for row in ran.rows if row[0] == "differs"]
    assert (1, True) == (ran.code, {"notes.md", "model.bin"} <= set(told))
    assert sorted(set(told)) == told


def test_any_difference_makes_the_exit_code(shop: Cli) -> None:
    shop.good("put", "-", "t.csv", input="id\n1\n")
    shop.good("put", "-", "t.csv", input="id\n2\n")
    ran = shop("diff", "main~1", "main", "--schema", "--exit-code")
    assert (1, [["differs", "t.csv", "has other files with the same columns"]]) == (ran.code, ran.rows)
    assert 0 == shop("diff", "main", "main", "--schema", "--exit-code").code


def test_a_row_is_blamed(shop: Cli) -> None:
    rows = dict(row[:2] for row in shop.good("blame", "orders.csv", "--key", "id=2").rows)
    assert ("put orders.csv", "ada", "2", "") == (
        rows["message"], rows["author"], rows["id"], rows.get("income", "")
    )  # fmt: skip
    found = shop.good("blame", "orders.csv", "--key", "id=1", "--column", "city", "--json").json
    assert (["id", "city"], [1, "Oslo"], None) == (found["columns"], found["values"], found["before"])


def test_a_column_is_blamed(shop: Cli) -> None:
    found = shop.good("blame", "orders.csv", "--column", "rate", "--json").json
    assert (["rate"], True) == (found["columns"], found["is_whole"])
    assert 2 == shop("blame", "orders.csv", "--column", "no").code


@pytest.mark.parametrize("key", ["id", "=1", ""])
def test_a_key_that_is_none_is_told(shop: Cli, key: str) -> None:
    ran = shop("blame", "orders.csv", "--key", key)
    assert 2 == ran.code
    assert "COLUMN=VALUE" in ran.err


def test_what_is_no_table_is_told(shop: Cli) -> None:
    for command in ("preview", "schema", "stats"):
        ran = shop(command, "notes.md")
        assert 2 == ran.code
        assert "'notes.md' is not a table" in ran.err
