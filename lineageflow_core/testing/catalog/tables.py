"""What every catalog promises about tables."""

import pytest

from lineageflow_core.errors import NotATableError, ObjectNotFoundError, UnreadableTableError
from lineageflow_core.model.table import Column, Coverage, TableFormat
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract

ORDERS = b"id,city,amount\n1,Oslo,2.5\n2,,4\n"


class ProfileContract(CatalogContract):
    """`Tables.schema` and `profile`. Needs the fixture `catalog`."""

    def test_a_file_has_a_schema(self, repo: Repository) -> None:
        repo.put("orders.csv", ORDERS)
        schema = repo.catalog.tables.schema(repo.name, "main", "orders.csv")
        assert (2, 1, len(ORDERS), (TableFormat.CSV,)) == (
            schema.rows, schema.files, schema.size, schema.formats
        )  # fmt: skip
        assert (
            Column(name="id", type="bigint"),
            Column(name="city", type="varchar"),
            Column(name="amount", type="double"),
        ) == schema.columns

    def test_a_dataset_is_one_table(self, repo: Repository) -> None:
        files = {
            "month=1/a.csv": b"id\n1\n",
            "month=2/a.csv": b"id\n2\n3\n",
            "_SUCCESS": b"",
            "ReadMe.md": b"#",
        }
        repo.replace("orders", files)
        whole = repo.catalog.tables.profile(repo.name, "main", "orders")
        assert (3, 2, [("id", 1, 3), ("month", "1", "2")]) == (
            whole.table.rows,
            whole.table.files,
            [(column.name, column.minimum, column.maximum) for column in whole.columns],
        )
        part = repo.catalog.tables.profile(repo.name, "main", "orders/month=2")
        assert (2, "2") == (part.table.rows, part.columns[1].minimum)

    def test_a_profile_has_statistics_of_each_column(self, repo: Repository) -> None:
        repo.put("orders.csv", ORDERS)
        profile = repo.catalog.tables.profile(repo.name, "main", "orders.csv")
        assert [("id", 0, 1.5), ("city", 1, None), ("amount", 0, 3.25)] == [
            (column.name, column.nulls, column.mean) for column in profile.columns
        ]
        assert profile.sampled_rows is None
        assert profile == repo.catalog.tables.profile(repo.name, "main", "orders.csv", coverage=Coverage.FULL)
        assert profile.table == repo.catalog.tables.schema(repo.name, "main", "orders.csv")

    def test_equal_content_has_an_equal_profile_under_any_name(self, repo: Repository) -> None:
        repo.put("a.csv", ORDERS)
        repo.replace("data", {"x/b.csv": ORDERS})
        profile = repo.catalog.tables.profile
        assert profile(repo.name, "main", "a.csv") == profile(repo.name, "main", "data")

    def test_equal_content_of_another_format_is_another_table(self, repo: Repository) -> None:
        repo.put("a.csv", ORDERS)
        repo.put("a.tsv", ORDERS)
        assert ["id,city,amount"] == [
            column.name for column in repo.catalog.tables.profile(repo.name, "main", "a.tsv").columns
        ]
        assert 3 == len(repo.catalog.tables.profile(repo.name, "main", "a.csv").columns)

    def test_a_version_is_asked_for_by_its_ref(self, repo: Repository) -> None:
        repo.put("orders.csv", ORDERS)
        repo.put("orders.csv", ORDERS + b"3,Rome,1\n")
        schema = repo.catalog.tables.schema
        assert [2, 3] == [schema(repo.name, ref, "orders.csv").rows for ref in ("main~1", "main")]

    def test_what_is_no_table_is_said_to_be_none(self, repo: Repository) -> None:
        repo.put("notes.txt", b"1,2\n")
        tables = repo.catalog.tables
        for ask in (tables.schema, tables.profile):
            with pytest.raises(NotATableError, match=r"notes\.txt"):
                ask(repo.name, "main", "notes.txt")
            with pytest.raises(ObjectNotFoundError, match="nothing"):
                ask(repo.name, "main", "nothing")

    def test_a_damaged_file_is_named(self, repo: Repository) -> None:
        repo.put("orders.parquet", b"PAR1 no Parquet at all PAR1")
        for ask in (repo.catalog.tables.schema, repo.catalog.tables.profile):
            with pytest.raises(UnreadableTableError, match=r"orders\.parquet"):
                ask(repo.name, "main", "orders.parquet")


class TablesContract(ProfileContract):
    """All of `Tables`."""
