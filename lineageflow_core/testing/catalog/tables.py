"""What every catalog promises about tables."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from lineageflow_core.errors import (
    InvalidInputError,
    NotATableError,
    ObjectNotFoundError,
    UnreadableTableError,
)
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.table import Column, Coverage, TableFormat
from lineageflow_core.model.table_diff import ColumnDiff, RowChange, SchemaDiff
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

    def test_the_first_rows_are_as_the_files_have_them(self, repo: Repository) -> None:
        repo.put("orders.csv", ORDERS)
        head = repo.catalog.tables.head
        assert ((1, "Oslo", 2.5), (2, None, 4.0)) == head(repo.name, "main", "orders.csv").rows
        one = head(repo.name, "main", "orders.csv", limit=1)
        assert ((1, "Oslo", 2.5),) == one.rows
        assert one.table == repo.catalog.tables.schema(repo.name, "main", "orders.csv")
        with pytest.raises(InvalidInputError):
            head(repo.name, "main", "orders.csv", limit=0)

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

    def test_the_tables_of_a_commit_are_profiled_where_they_can_be(self, repo: Repository) -> None:
        first = repo.put("orders.csv", ORDERS)
        repo.replace("data", {"a.jsonl": b'{"id": 1}\n', "b.md": b"#"})
        files = {"text.md": b"#", "bad.parquet": b"PAR1", "new.csv": ORDERS + b"3,Bonn,1\n"}
        for path, content in files.items():
            repo.put(path, content)
        profiled = repo.catalog.tables.profile_changes
        assert [1, 0, 0, 1, 1] == [profiled(repo.name, f"main~{back}") for back in range(5)]
        assert 0 == profiled(repo.name, f"{first.id}~1")


class TableDiffContract(CatalogContract):
    """`Tables.diff_*`. Needs the fixture `catalog`."""

    @pytest.fixture
    def changed(self, repo: Repository) -> Repository:
        """Returns a repository with two versions of a table of three files, one of which changed."""
        files = {"a.csv": b"id,x\n1,1\n2,2\n", "b.csv": b"id,x\n3,3\n4,4\n", "c.csv": b"id,x\n5,5\n"}
        repo.replace("orders", files)
        repo.put("orders/b.csv", b"id,x,y\n3,9,true\n6,6,false\n")
        return repo

    def test_the_schemas_of_two_versions_are_compared(self, changed: Repository) -> None:
        found = changed.catalog.tables.diff_schema(changed.name, "main~1", "main", "orders")
        added = ColumnDiff(name="y", kind=DiffKind.ADDED, left=None, right=Column(name="y", type="boolean"))
        assert SchemaDiff(left_rows=5, right_rows=5, columns=(added,)) == found
        back = changed.catalog.tables.diff_schema(changed.name, "main", "main~1", "orders")
        assert [("y", DiffKind.REMOVED)] == [(column.name, column.kind) for column in back.columns]

    def test_rows_are_compared_by_key(self, changed: Repository) -> None:
        found = changed.catalog.tables.diff_rows(changed.name, "main~1", "main", "orders", key_columns=["id"])
        assert (("id",), 1, 1, 1, 3) == (
            found.key, found.added, found.removed, found.changed, found.unchanged
        )  # fmt: skip
        assert [
            (DiffKind.CHANGED, (3, 3), (3, 9), ("x",)),
            (DiffKind.REMOVED, (4, 4), None, ()),
            (DiffKind.ADDED, None, (6, 6), ()),
        ] == [(row.kind, row.left, row.right, row.changed) for row in found.rows]

    def test_whole_rows_are_compared_without_a_key(self, changed: Repository) -> None:
        found = changed.catalog.tables.diff_rows(changed.name, "main~1", "main", "orders")
        assert ((), 2, 2, 0, 3) == (
            found.key, found.added, found.removed, found.changed, found.unchanged
        )  # fmt: skip

    def test_rows_come_in_pages(self, changed: Repository) -> None:
        whole = changed.catalog.tables.diff_rows(changed.name, "main~1", "main", "orders", key_columns=["id"])
        seen: list[RowChange] = []
        after: str | None = None
        for _ in whole.rows:
            page = changed.catalog.tables.diff_rows(
                changed.name, "main~1", "main", "orders", key_columns=["id"], after=after, limit=1
            )
            assert replace(page, rows=(), next=None) == replace(whole, rows=(), next=None)
            seen += page.rows
            after = page.next
        assert (list(whole.rows), None) == (seen, after)

    def test_a_page_continues_only_a_list_of_its_own(self, changed: Repository) -> None:
        tables = changed.catalog.tables
        for after, limit in (("x", 10), ("-1", 10), (None, 0), (None, 1001)):
            with pytest.raises(InvalidInputError):
                tables.diff_rows(changed.name, "main~1", "main", "orders", after=after, limit=limit)

    def test_a_version_does_not_differ_from_itself_or_from_its_rows_in_other_files(
        self, repo: Repository
    ) -> None:
        repo.replace("orders", {"a.csv": b"id\n1\n2\n"})
        repo.replace("orders", {"b.csv": b"id\n2\n", "c.csv": b"id\n1\n"})
        for left in ("main", "main~1"):
            found = repo.catalog.tables.diff_rows(repo.name, left, "main", "orders")
            assert (0, 0, 0, 2, ()) == (
                found.added, found.removed, found.changed, found.unchanged, found.rows
            )  # fmt: skip
            assert () == repo.catalog.tables.diff_schema(repo.name, left, "main", "orders").columns
            assert () == repo.catalog.tables.diff_statistics(repo.name, left, "main", "orders").columns

    def test_a_table_that_one_side_lacks_was_added_or_removed(self, changed: Repository) -> None:
        tables = changed.catalog.tables
        assert 5 == tables.diff_rows(changed.name, "main~2", "main", "orders").added
        assert 5 == tables.diff_rows(changed.name, "main", "main~2", "orders").removed
        assert (0, 5, 3) == (
            (found := tables.diff_schema(changed.name, "main~2", "main", "orders")).left_rows,
            found.right_rows,
            len(found.columns),
        )
        for compare in (tables.diff_rows, tables.diff_schema, tables.diff_text):
            with pytest.raises(ObjectNotFoundError, match="nothing"):
                compare(changed.name, "main~1", "main", "nothing")

    def test_a_key_has_to_identify_rows(self, changed: Repository) -> None:
        tables = changed.catalog.tables
        with pytest.raises(InvalidInputError, match="y"):
            tables.diff_rows(changed.name, "main~1", "main", "orders", key_columns=["y"])
        changed.put("orders/b.csv", b"id,x\n3,9\n3,6\n")
        with pytest.raises(InvalidInputError, match="id does not identify a row"):
            tables.diff_rows(changed.name, "main~1", "main", "orders", key_columns=["id"])

    def test_a_key_has_to_be_there_even_if_nothing_differs(self, changed: Repository) -> None:
        with pytest.raises(InvalidInputError, match="'no' is not in both versions; in both are: id, x, y"):
            changed.catalog.tables.diff_rows(changed.name, "main", "main", "orders", key_columns=["id", "no"])

    def test_drift_is_listed_by_its_effect(self, repo: Repository) -> None:
        rows = [(i, i % 7, i % 3) for i in range(100)]
        repo.put("t.csv", _csv("id,much,little", rows))
        repo.put(
            "t.csv",
            _csv("id,much,little", [(i, "" if a < 4 else a + 10, (b + (i == 0)) % 3) for i, a, b in rows]),
        )
        found = repo.catalog.tables.diff_statistics(repo.name, "main~1", "main", "t.csv")
        much, little = found.columns
        assert (("much", "little"), 58, 3.0, False) == (
            (much.name, little.name), much.right.nulls, much.left.quantiles[10], found.is_sampled
        )  # fmt: skip
        assert 0.25 < much.effect
        assert 0 < little.effect < 0.01

    def test_text_is_compared_by_line(self, repo: Repository) -> None:
        repo.put("notes.md", b"one\ntwo\nthree\n")
        repo.put("notes.md", "one\nzwölf\nthree\nfour\n".encode())
        found = repo.catalog.tables.diff_text(repo.name, "main~1", "main", "notes.md")
        assert (2, 1, False) == (found.added, found.removed, found.is_cut)
        assert (
            "--- a/notes.md\n+++ b/notes.md\n@@ -1,3 +1,4 @@\n one\n-two\n+zwölf\n three\n+four\n"
            == found.unified
        )

    def test_json_is_laid_out_before(self, repo: Repository) -> None:
        repo.put("conf.json", b'{"a":1,"b":[1,2]}')
        repo.put("conf.json", b'{"a": 1, "b": [1, 3]}')
        found = repo.catalog.tables.diff_text(repo.name, "main~1", "main", "conf.json")
        assert (1, 1) == (found.added, found.removed)

    def test_what_is_no_text_is_not_compared(self, repo: Repository) -> None:
        repo.put("blob", b"\xff\x00")
        with pytest.raises(InvalidInputError, match="neither a table nor text"):
            repo.catalog.tables.diff_text(repo.name, "main~1", "main", "blob")


class TableBlameContract(CatalogContract):
    """`Tables.blame_row` and `blame_column`. Needs the fixture `catalog`."""

    @pytest.fixture
    def story(self, repo: Repository) -> Repository:
        """Returns a repository whose table has changed again and again; `main~5` made it."""
        repo.replace("t", {"a.csv": b"id,x,y\n1,1,1\n2,2,2\n", "b.csv": b"id,x,y\n3,3,3\n"})
        repo.put("t/b.csv", b"id,x,y\n3,3,4\n4,4,4\n")  # ~4: changes y of 3, adds 4
        repo.put("t/a.csv", b"id,x,y\n2,2,2\n1,1,1\n")  # ~3: moves rows
        repo.put("other", b"1")  # ~2
        repo.put("t/a.csv", b"id,x,y\n1,9,1\n2,2,2\n")  # ~1: changes x of 1
        repo.replace("t", {"all.csv": b"id,x,y\n1,9,1\n2,2,2\n3,3,4\n4,4,4\n"})  # moves rows
        return repo

    @pytest.mark.parametrize(
        "key,column,back,before",
        [
            ("1", None, 1, (1, 1, 1)),
            ("2", None, 5, None),
            ("3", None, 4, (3, 3, 3)),
            ("4", None, 4, None),
            ("1", "x", 1, (1, 1)),
            ("1", "y", 5, None),
            ("3", "x", 5, None),
        ],
    )
    def test_a_row_is_blamed_on_the_version_that_brought_it(
        self, story: Repository, key: str, column: str | None, back: int, before: tuple[int, ...] | None
    ) -> None:
        found = story.catalog.tables.blame_row(story.name, "main", "t", {"id": key}, column=column)
        assert (story.head(f"main~{back}").id, "ada", before, True) == (
            found.blame.commit, found.blame.author, found.before, found.is_whole
        )  # fmt: skip
        assert found.values is not None
        assert int(key) == found.values[0]

    def test_a_row_is_blamed_as_it_was_at_a_ref(self, story: Repository) -> None:
        found = story.catalog.tables.blame_row(story.name, "main~2", "t", {"id": "1"})
        assert (story.head("main~5").id, (1, 1, 1)) == (found.blame.commit, found.values)

    def test_a_row_that_was_merged_is_blamed_on_where_it_came_from(self, story: Repository) -> None:
        story.catalog.refs.create_branch(story.name, "side", source="main~1", author="ada")
        made = story.put("t/b.csv", b"id,x,y\n3,3,4\n4,4,5\n", branch="side")
        story.catalog.refs.create_branch(story.name, "here", source="main~1", author="ada")
        story.put("t/c.csv", b"id,x,y\n7,7,7\n", branch="here")
        story.merge("side", into="here")
        found = story.catalog.tables.blame_row(story.name, "here", "t", {"id": "4"})
        assert (made.id, (4, 4, 4)) == (found.blame.commit, found.before)
        old = story.catalog.tables.blame_row(story.name, "here", "t", {"id": "2"})
        assert story.head("main~5").id == old.blame.commit

    @pytest.mark.parametrize("column,back", [("x", 1), ("y", 4), ("id", 4)])
    def test_a_column_is_blamed_on_the_version_that_changed_it(
        self, story: Repository, column: str, back: int
    ) -> None:
        found = story.catalog.tables.blame_column(story.name, "main", "t", column)
        assert (story.head(f"main~{back}").id, (column,), None) == (
            found.blame.commit, found.columns, found.values
        )  # fmt: skip

    def test_a_column_that_only_changed_its_type_has_changed(self, repo: Repository) -> None:
        repo.put("t.csv", b"id,x,y\n1,1,1\n")
        changed = repo.put("t.csv", b"id,x,y\n1,1.0,1\n")
        repo.put("t.csv", b"id,x,y\n1,1.0,2\n")
        assert changed.id == repo.catalog.tables.blame_column(repo.name, "main", "t.csv", "x").blame.commit

    def test_what_is_not_there_is_not_blamed(self, story: Repository) -> None:
        tables, name = story.catalog.tables, story.name
        with pytest.raises(ObjectNotFoundError, match="id=7"):
            tables.blame_row(name, "main", "t", {"id": "7"})
        with pytest.raises(ObjectNotFoundError, match="id=x"):
            tables.blame_row(name, "main", "t", {"id": "x"})
        for wrong in ({}, {"no": "1"}):
            with pytest.raises(InvalidInputError):
                tables.blame_row(name, "main", "t", wrong)
        with pytest.raises(InvalidInputError, match="no column 'no'; it has: id, x, y"):
            tables.blame_column(name, "main", "t", "no")
        with pytest.raises(InvalidInputError, match="several rows"):
            tables.blame_row(name, "main", "t", {"y": "4"})


def _csv(head: str, rows: Iterable[tuple[object, ...]]) -> bytes:
    return "\n".join([head, *(",".join(map(str, row)) for row in rows), ""]).encode()


class TablesContract(ProfileContract, TableDiffContract, TableBlameContract):
    """All of `Tables`."""
