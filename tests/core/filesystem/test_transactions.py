"""`with fs.transaction`: one commit, or nothing."""

from collections.abc import Callable

import pytest

from lineageflow_core import Repository, connect
from lineageflow_core.filesystem import LineageFlowFileSystem
from lineageflow_core.testing.catalog.scene import files, first_parents
from tests.core.filesystem.conftest import Reached


@pytest.fixture
def lake() -> Reached:
    catalog = connect("memory:")
    repo = Repository(catalog, "sales", author="ada").create()
    repo.put("raw", {"a": b"1", "b": b"2"})
    return Reached({}, repo)


def change(fs: LineageFlowFileSystem) -> None:
    fs.pipe("sales/new/x", b"x")
    fs.rm("sales/raw/a")
    fs.mv("sales/raw/b", "sales/raw/c")
    with fs.open("sales/raw/d", "wb") as file:
        file.write(b"d")


AFTER = {"new/x": b"x", "raw/c": b"2", "raw/d": b"d"}


def test_everything_is_one_commit(lake: Reached) -> None:
    with lake.fs.transaction as transaction:
        transaction.message = "tidy up"
        change(lake.fs)
        assert {"raw/a": b"1", "raw/b": b"2"} == files(lake.repo)
    assert AFTER == files(lake.repo)
    assert (3, "tidy up") == (len(first_parents(lake.repo)), lake.repo.head().message)


def test_what_was_written_inside_is_seen_inside(lake: Reached) -> None:
    fs = lake.fs
    with fs.transaction:
        change(fs)
        assert [f"sales/{path}" for path in AFTER] == fs.find("sales")
        assert ["sales/new", "sales/raw"] == fs.ls("sales", detail=False)
        assert ["sales/raw/c", "sales/raw/d"] == fs.glob("sales/raw/*")
        assert b"2" == fs.cat_file("sales/raw/c")
        assert not fs.exists("sales/raw/a")
        fs.rm("sales/new", recursive=True)
        assert not fs.exists("sales/new")
        fs.rm("sales/raw", recursive=True)
        assert [] == fs.ls("sales")
        fs.pipe("sales/raw/a", b"again")
    assert {"raw/a": b"again"} == files(lake.repo)


def test_an_error_leaves_nothing(lake: Reached) -> None:
    def fail() -> None:
        with lake.fs.transaction:
            change(lake.fs)
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    assert {"raw/a": b"1", "raw/b": b"2"} == files(lake.repo)
    lake.fs.pipe("sales/later", b"1")
    assert b"1" == lake.repo.read_bytes("later")


def test_branches_have_a_commit_each(lake: Reached) -> None:
    lake.repo.branch("dev")
    with lake.fs.transaction:
        lake.fs.pipe({"sales/x": b"1", "sales/y": b"1", "sales/@dev/z": b"1"})
        assert b"1" == lake.fs.cat_file("sales/@dev/z")
        assert not lake.fs.exists("sales/z")
    assert (3, 3) == (len(first_parents(lake.repo)), len(first_parents(lake.repo, "dev")))


def test_a_file_that_is_still_open_at_the_end_is_closed(lake: Reached) -> None:
    with lake.fs.transaction:
        file = lake.fs.open("sales/x", "wb")
        file.write(b"1")
    assert file.closed
    assert b"1" == lake.repo.read_bytes("x")


@pytest.mark.parametrize(
    "work", [lambda _: None, lambda fs: (fs.pipe("sales/t", b"1"), fs.rm("sales/t"))], ids=["none", "undone"]
)
def test_nothing_to_change_is_no_commit(lake: Reached, work: Callable[[LineageFlowFileSystem], None]) -> None:
    with lake.fs.transaction:
        work(lake.fs)
    assert 2 == len(first_parents(lake.repo))
