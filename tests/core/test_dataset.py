"""A dataset as people use it in a notebook."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineageflow_core import Dataset, Job, Repository, RunSession, connect, run_transaction
from lineageflow_core.catalog import Catalog, Objects
from lineageflow_core.errors import (
    InvalidInputError,
    LineageFlowError,
    NotATableError,
    ObjectNotFoundError,
    UnreadableTableError,
)
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.page import Page
from lineageflow_core.testing.catalog.scene import files
from tests.server.serving import TOKEN, served

ROWS: dict[str, list[Any]] = {"id": [1, 2, 3], "day": ["mon", "mon", "tue"], "amount": [10.0, 20.0, None]}


@pytest.fixture
def repo() -> Repository:
    return connect("memory:").repository("sales", author="ada").create()


MAKERS: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(ROWS),
    "polars": lambda: pl.DataFrame(ROWS),
    "polars lazily": lambda: pl.LazyFrame(ROWS),
    "arrow": lambda: pa.table(ROWS),
    "arrow in batches": lambda: pa.table(ROWS).to_reader(max_chunksize=1),
    "duckdb": lambda: duckdb.connect().from_arrow(pa.table(ROWS)),
    "pandas one by one": lambda: (pd.DataFrame(ROWS)[at : at + 1] for at in range(3)),
    "arrow one by one": lambda: iter(pa.table(ROWS).to_batches(max_chunksize=2)),
}


@pytest.mark.parametrize("ending", ["", ".parquet", ".csv", ".arrow"])
@pytest.mark.parametrize("kind", MAKERS)
def test_tables_go_in_and_come_out(repo: Repository, kind: str, ending: str) -> None:
    repo.write(f"orders{ending}", MAKERS[kind]())
    dataset = repo.dataset(f"orders{ending}")
    assert ROWS == dataset.arrow().to_pydict()
    assert ROWS["id"] == dataset.pandas()["id"].tolist()
    assert pl.DataFrame(ROWS).equals(dataset.polars())
    assert [("mon", 30.0), ("tue", None)] == sorted(
        dataset.duckdb("select day, sum(amount) from data group by day").fetchall()
    )
    assert [f"orders{ending}" if ending else "orders/data.parquet"] == list(files(repo))


def test_equal_tables_are_one_version_however_they_are_cut(repo: Repository) -> None:
    first = repo.write("orders", pa.table(ROWS))
    again = repo.write("orders", pa.table(ROWS).to_reader(max_chunksize=1))
    assert first.id == again.id


def test_so_are_large_ones(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineageflow_core.table_writing._GROUP_ROWS", 2)
    table = pa.table({"x": list(range(7))})
    cuts = [table.to_reader(max_chunksize=size) for size in (1, 3, 100)]
    assert 1 == len({repo.write("numbers", cut).id for cut in cuts})
    assert list(range(7)) == repo.dataset("numbers").arrow()["x"].to_pylist()
    with repo.dataset("numbers").open("data.parquet") as file:
        assert [2, 2, 2, 1] == [
            pq.ParquetFile(file).metadata.row_group(number).num_rows for number in range(4)
        ]


def test_columns_and_rows_can_be_chosen(repo: Repository) -> None:
    repo.write("orders", pa.table(ROWS))
    orders = repo.dataset("orders")
    assert {"id": [2]} == orders.arrow(columns=["id"], where="amount > 10").to_pydict()
    assert ["day"] == orders.pandas(columns=["day"]).columns.tolist()
    assert 1 == orders.head(1).num_rows
    assert 3 == orders.duckdb().count("*").fetchall()[0][0]


def test_partitions_are_written_and_read_by_name(repo: Repository) -> None:
    for month in ("2026-05", "2026-06"):
        repo.write("orders", pa.table({"month": [month]}), partition=month)
    repo.write("orders", pa.table({"month": ["again"]}), partition="2026-05")
    orders = repo.dataset("orders")
    assert ["again", "2026-06"] == orders.arrow()["month"].to_pylist()
    assert ["2026-06"] == orders.arrow(partitions=["2026-06"])["month"].to_pylist()
    assert 1 == orders.version.partition_depth


@pytest.mark.parametrize(
    "read, message",
    [
        (lambda data: data.pandas(columns=["nope"]), "there is no column 'nope'; there are "),
        (lambda data: data.arrow(columns=["nope"], where="id > 1"), "there is no column 'nope'; there are "),
        (lambda data: data.arrow(where="id >"), "'id >' cannot be answered: "),
        (lambda data: data.arrow(where="nope > 1"), "'nope > 1' cannot be answered: "),
        (lambda data: data.duckdb("select * from nope"), "cannot be answered: "),
    ],
    ids=["columns", "columns and rows", "no SQL", "no such column in SQL", "no such table"],
)
def test_a_question_that_does_not_fit_the_table_is_refused_in_words(
    repo: Repository, read: Callable[[Dataset], object], message: str
) -> None:
    repo.write("orders", pd.DataFrame({"id": [1, 2]}))
    with pytest.raises(InvalidInputError) as refused:
        read(repo.dataset("orders"))
    assert message in str(refused.value)


def test_partitions_named_as_in_hive_are_columns(repo: Repository) -> None:
    repo.write("orders", pa.table({"x": [1]}), partition="day=mon")
    repo.write("orders", pa.table({"x": [2]}), partition="day=tue")
    assert [("tue", 2)] == repo.dataset("orders").duckdb(
        "select day, x from data where day = 'tue'"
    ).fetchall()


TEXTS: dict[str, bytes] = {
    "a.tsv": b"id\tday\n1\tmon\n",
    "a.csv": b"id;day\n1;mon\n",
    "a.csv.gz": gzip.compress(b"id|day\n1|mon\n"),
    "a.jsonl": b'{"id":1,"day":"mon"}\n',
    "a.jsonl.gz": gzip.compress(b'{"id":1,"day":"mon"}\n'),
    "a.json": b'{"id":1,"day":"mon"}\n',
    "A.CSV": "id,day\n1,mon\n".encode("utf-16"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_read_as_its_tables_are_told(repo: Repository, name: str) -> None:
    repo.put(name, TEXTS[name])
    assert {"id": [1], "day": ["mon"]} == repo.dataset(name).arrow().to_pydict()


def test_what_spreadsheets_write_is_text(repo: Repository) -> None:
    repo.put("a.csv", "name;n\nZoë;1\n".encode("cp1252"))
    assert ["Zoë"] == repo.dataset("a.csv").pandas()["name"].tolist()


WRITTEN = {
    "codes": ["00123", "7"],
    "mixed": ["1", "x"],
    "whole": ["1", "-2"],
    "numbers": ["1", "+2.5"],
    "flags": ["tRue", "false"],
    "days": ["2026-05-01", "2026-05-02"],
    "times": ["2026-05-01 10:00", "2026-05-01T10:00:00.5"],
    "gaps": ["", "3"],
    "words": ["NA", ""],
}
"""Texts by column, in the order of rows."""
ARROW_TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


@pytest.mark.parametrize("ending, between", [("csv", ","), ("tsv", "\t")])
def test_the_columns_of_a_text_have_the_types_that_its_schema_tells(
    repo: Repository, ending: str, between: str
) -> None:
    rows = [between.join(row) for row in [WRITTEN.keys(), *zip(*WRITTEN.values(), strict=True)]]
    repo.write("loose", {f"day=1/{n}.{ending}": f"{rows[0]}\n{row}\n" for n, row in enumerate(rows[1:])})
    told = repo.catalog.tables.schema(repo.name, "main", "loose").columns
    table = repo.dataset("loose").arrow()
    assert {column.name: ARROW_TYPES[column.type] for column in told} == dict(
        zip(table.schema.names, table.schema.types, strict=True)
    )
    assert ["00123", "7"] == table["codes"].to_pylist()
    assert [True, False] == table["flags"].to_pylist()
    assert [None, 3] == table["gaps"].to_pylist()
    assert ["NA", None] == table["words"].to_pylist()


def test_a_type_is_that_of_all_values_and_not_only_of_the_first(repo: Repository) -> None:
    repo.put("codes.csv", b"id,code\n" + b"1,2\n" * 400_000 + b"1,00123\n")
    codes = repo.dataset("codes.csv")
    assert "00123" == codes.pandas()["code"].iloc[-1]
    assert pa.int64() == codes.arrow(columns=["id"])["id"].type
    assert [("00123",)] == codes.duckdb("select code from data where code > '2' or code < '1'").fetchall()
    assert [2, 2] == codes.head(2)["code"].to_pylist()


def test_columns_of_all_files_are_one_table(repo: Repository) -> None:
    repo.write("orders", pa.table({"id": [1]}), partition="day=mon")
    repo.write("orders", pa.table({"id": [2.5], "rate": [0.5]}), partition="day=tue")
    expected = [{"id": 1.0, "day": "mon", "rate": None}, {"id": 2.5, "day": "tue", "rate": 0.5}]
    assert expected == repo.dataset("orders").arrow().to_pylist()
    assert [(0.5,)] == repo.dataset("orders").duckdb("select rate from data where id > 2").fetchall()
    assert {"id", "day", "rate"} == {*repo.dataset("orders").head(1).column_names}
    repo.write("loose", {"a.csv": "id\n1\n", "b.csv": "id\nx\n"})
    assert ["1", "x"] == repo.dataset("loose").arrow()["id"].to_pylist()


@pytest.mark.parametrize("ending, content", [("csv", b"id\n1\n"), ("jsonl", b'{"id":1}\n')])
def test_a_part_without_a_byte_says_nothing(repo: Repository, ending: str, content: bytes) -> None:
    repo.write("parts", {f"a.{ending}": b"", f"b.{ending}": content})
    assert {"id": [1]} == repo.dataset("parts").arrow().to_pydict()
    assert ["id"] == [column.name for column in repo.dataset("parts").schema.columns]
    repo.write("nothing", {f"a.{ending}": b""})
    with pytest.raises(
        InvalidInputError, match="'nothing' cannot be read as a table: it has no files with rows"
    ):
        repo.dataset("nothing").arrow()
    with pytest.raises(NotATableError, match="'nothing' is not a table"):
        print(repo.dataset("nothing").schema)


@pytest.mark.parametrize(
    "name, content", [("a.csv", b"id\n1,2\n"), ("a.parquet", b"PAR1"), ("a.arrow", b"x"), ("a.jsonl", b"{")]
)
def test_a_file_that_is_no_table_is_told_in_words(repo: Repository, name: str, content: bytes) -> None:
    repo.put(name, content)
    for read in (Dataset.arrow, Dataset.head):
        with pytest.raises(UnreadableTableError, match=rf"'{name}' cannot be read as a table: .*{name}"):
            read(repo.dataset(name))


@pytest.mark.parametrize(
    "table",
    [
        pd.Series([1]),
        pl.Series([1]),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame({"a": [1, "x"]}),
    ],
    ids=["a column", "a column of polars", "two columns of one name", "two types in one column"],
)
def test_a_table_that_cannot_be_written_is_told_in_words(repo: Repository, table: Any) -> None:
    with pytest.raises(InvalidInputError, match="cannot be written as a table: "):
        repo.write("x", table)


def test_files_go_in_and_come_out(repo: Repository, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text("a")
    (tmp_path / "in" / "deep" / "b.txt").write_text("b")
    repo.write("folder", tmp_path / "in")
    repo.write("readme.txt", "hello")
    repo.write("blob", b"123")
    repo.write("copy.txt", tmp_path / "in" / "a.txt")
    repo.write("pair", {"x": b"1", "y": tmp_path / "in" / "a.txt", "z": "text"})
    assert b"text" == repo.dataset("pair").bytes("z")
    assert b"hello" == repo.dataset("readme.txt").bytes()
    assert b"b" == repo.dataset("folder").bytes("deep/b.txt")
    done: list[tuple[int, int]] = []
    written = repo.dataset("folder").download(
        tmp_path / "out", progress=lambda size, number: done.append((size, number))
    )
    assert [(1, 1), (1, 1)] == done
    assert ["a.txt", "deep/b.txt"] == [each.relative_to(tmp_path / "out").as_posix() for each in written]
    assert [tmp_path / "one" / "blob"] == repo.dataset("blob").download(tmp_path / "one")
    with pytest.raises(ObjectNotFoundError, match=r"no file 'c'; among its 2 are a.txt, deep/b.txt"):
        repo.dataset("folder").open("c")


class Hostile:
    """A lake's objects, among which one has a path that a lake would not take."""

    def __init__(self, objects: Objects, path: str) -> None:
        self._objects = objects
        self._path = path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def list_objects(self, *args: Any, **options: Any) -> Page[ObjectEntry]:
        page = self._objects.list_objects(*args, **options)
        return Page(items=tuple(replace(entry, path=self._path) for entry in page.items))


@pytest.mark.parametrize("path", ["folder/../../out.txt", "another/out.txt", "folders/out.txt"])
def test_a_download_writes_nowhere_else_whatever_a_server_says(
    repo: Repository, tmp_path: Path, path: str
) -> None:
    repo.write("folder", {"a.txt": b"a"})
    lake = Catalog(**{**vars(repo.catalog), "objects": Hostile(repo.catalog.objects, path)})
    with pytest.raises(LineageFlowError, match=r"has the segment '\.\.'|where it cannot be"):
        Repository(lake, repo.name).dataset("folder").download(tmp_path / "in")
    assert [] == [each for each in tmp_path.rglob("*") if each.is_file()]


def test_what_is_no_data_is_refused(repo: Repository, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"builtins.list cannot be written; give a table"):
        repo.write("x", [1])
    with pytest.raises(InvalidInputError, match="there is no file or folder"):
        repo.write("x", tmp_path / "nothing")
    repo.write("model.pickle", b"x")
    with pytest.raises(InvalidInputError, match=r"cannot be read as a table: its files end in \.pickle"):
        repo.dataset("model.pickle").pandas()
    with pytest.raises(ObjectNotFoundError, match="no dataset at 'nothing'"):
        repo.dataset("nothing").pandas()


def test_nothing_to_write_removes_nothing(repo: Repository, tmp_path: Path) -> None:
    repo.write("orders", b"1")
    repo.write("visits", {"x": b"1"}, partition="may")
    writes: list[Callable[[], object]] = [
        lambda: repo.write("orders", tmp_path),
        lambda: repo.write("orders", {}),
        lambda: repo.replace("orders", {}),
        lambda: repo.write("visits", {}, partition="may"),
    ]
    for write in writes:
        with pytest.raises(InvalidInputError, match=r"no files to write to .*; `delete` removes"):
            write()
    assert ["orders", "visits/may/x"] == list(files(repo))


@pytest.mark.parametrize("target", ["folder", "nowhere"])
def test_of_a_local_folder_nothing_is_left_out_in_silence(
    repo: Repository, tmp_path: Path, target: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("a")
    (tmp_path / "in" / "link").symlink_to(tmp_path / target)
    with pytest.raises(LineageFlowError, match=r"link' (is a link to a folder|leads nowhere)"):
        repo.write("data", tmp_path / "in")


def test_a_ref_or_a_time_names_an_older_state(repo: Repository) -> None:
    repo.write("orders", pa.table({"x": [1]}))
    between = datetime.now(UTC)
    repo.write("orders", pa.table({"x": [2]}))
    assert [1] == repo.dataset("orders", ref="main~1").arrow()["x"].to_pylist()
    assert [2] == repo.dataset("orders").at("2999-01-01").arrow()["x"].to_pylist()
    assert [1] == repo.dataset("orders").at(between).arrow()["x"].to_pylist()
    with pytest.raises(InvalidInputError, match="is not a time"):
        repo.dataset("orders").at("yesterday")


def test_its_past_can_be_seen_compared_and_restored(repo: Repository) -> None:
    first = repo.write("orders", b"1", message="first")
    repo.write("other", b"1")
    second = repo.write("orders", b"2", message="second")
    orders = repo.dataset("orders")
    assert [second.id, first.id] == [commit.id for commit in orders.history()]
    assert [("orders", DiffKind.CHANGED)] == [(each.path, each.kind) for each in orders.diff(first.id)]
    orders.restore(first.id)
    assert b"1" == orders.bytes()
    orders.write(b"3")
    assert b"3" == orders.bytes()


def test_it_tells_its_columns_statistics_and_rows_that_differ(repo: Repository) -> None:
    repo.write("orders", pa.table(ROWS))
    repo.write("orders", pa.table(ROWS | {"amount": [10.0, 21.0, None]}))
    orders = repo.dataset("orders")
    assert (["id", "day", "amount"], 3) == (
        [column.name for column in orders.schema.columns],
        orders.schema.rows,
    )
    assert orders.schema == orders.profile().table
    found = orders.diff_rows("main~1", key=["id"])
    assert (0, 0, 1, 2) == (found.added, found.removed, found.changed, found.unchanged)


def test_showing_a_dataset_in_a_notebook_is_not_reading_it(repo: Repository) -> None:
    repo.write("raw", pa.table({"x": [1]}))
    with run_transaction(RunSession(repo.catalog, repo.name, Job(namespace="tests", name="x"))) as session:
        assert "int64" in repo.dataset("raw")._repr_html_()
    assert () == repo.catalog.lineage.get_run(session.run.id).reads


def test_through_a_server_all_is_the_same(repo: Repository) -> None:
    with served(repo.catalog) as address:
        remote = connect(address, token=TOKEN).repository(repo.name, author="grace")
        remote.write("orders", pa.table(ROWS))
        assert {"id": [2]} == remote.dataset("orders").arrow(columns=["id"], where="amount > 10").to_pydict()
        with remote.branch("more", merge="on_success") as b, b.transaction("two") as tx:
            tx.write("a", b"1")
            tx.write("b", b"2")
    assert b"2" == repo.read_bytes("b")
    assert "grace" == repo.head().author


def test_in_a_run_another_repository_is_read_as_it_is(repo: Repository) -> None:
    other = Repository(repo.catalog, "other").create()
    other.write("raw", b"1")
    with run_transaction(RunSession(repo.catalog, repo.name, Job(namespace="tests", name="x"))) as session:
        assert b"1" == other.dataset("raw").bytes()
        assert b"1" == other.read_bytes("raw")
    details = repo.catalog.lineage.get_run(session.run.id)
    assert ["lf://other"] == [io.version.namespace for io in details.reads]


def test_in_a_run_reads_and_writes_are_the_runs(repo: Repository) -> None:
    repo.write("raw", pa.table({"x": [1, 2]}))
    job = Job(namespace="tests", name="clean")
    with run_transaction(RunSession(repo.catalog, repo.name, job)) as session:
        repo.write("clean", repo.dataset("raw").pandas(where="x > 1"))
        assert [2] == repo.dataset("clean").arrow()["x"].to_pylist()
        assert "clean/data.parquet" not in files(repo)
    clean = repo.dataset("clean")
    made = clean.blame()
    assert made.run is not None
    assert (session.run.id, ["raw"]) == (made.run.id, [version.name for version in made.inputs])
    assert ["raw"] == [node.version.name for node in clean.upstream().nodes if node.version and node.depth]
    assert ["clean"] == [impact.version.name for impact in repo.dataset("raw").impact()]
    assert {"raw", "clean"} == {
        node.version.name for node in repo.dataset("raw").downstream().nodes if node.version
    }
