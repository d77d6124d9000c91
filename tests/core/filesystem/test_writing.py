"""Writing through `lf://`: what becomes a commit, where it goes, and which dataset it begins."""

import gc
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from lineageflow_core import Repository, connect
from lineageflow_core.filesystem import LineageFlowFileSystem
from lineageflow_core.filesystem.streams import IN_MEMORY
from lineageflow_core.testing.catalog.scene import files, first_parents
from tests.core.filesystem.conftest import Reached


@pytest.fixture
def lake() -> Reached:
    catalog = connect("memory:")
    return Reached({"author": "grace"}, Repository(catalog, "sales", author="ada").create())


@pytest.fixture
def fs(lake: Reached) -> LineageFlowFileSystem:
    return lake.fs


class Unprintable:
    def __str__(self) -> str:
        raise KeyError("no words")


def commits(lake: Reached) -> int:
    return len(first_parents(lake.repo)) - 1


def datasets(lake: Reached) -> list[str]:
    return [each.path for each in lake.repo.catalog.objects.list_datasets("sales", "main").items]


def test_a_closed_file_is_a_commit(lake: Reached) -> None:
    with lake.fs.open("lf://sales/x.txt", "wb") as file:
        file.write(b"hel")
        assert 0 == commits(lake)
        file.write(b"lo")
    assert {"x.txt": b"hello"} == files(lake.repo)
    assert ("grace", "write sales/x.txt") == (lake.repo.head().author, lake.repo.head().message)


def test_a_block_that_raises_leaves_nothing(lake: Reached) -> None:
    def fail() -> None:
        with lake.fs.open("lf://sales/x.txt", "wb") as file:
            file.write(b"half")
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    file = lake.fs.open("lf://sales/y.txt", "wb")
    file.write(b"forgotten")
    del file
    assert {} == files(lake.repo)


@pytest.mark.parametrize(
    "mode,options", [("wt", {}), ("wt", {"compression": "gzip"}), ("wb", {"compression": "gzip"})]
)
@pytest.mark.filterwarnings("ignore:.* was not written")
def test_an_error_on_its_way_through_other_wrappers_leaves_nothing_either(
    lake: Reached, mode: str, options: dict[str, str]
) -> None:
    def fail() -> None:
        with lake.fs.open("lf://sales/x.txt", mode, **options) as file:
            file.write("half" if mode == "wt" else b"half")
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    gc.collect()
    assert {} == files(lake.repo)


def test_a_file_written_while_an_older_error_is_handled_is_written(lake: Reached) -> None:
    try:
        str(Unprintable())
    except KeyError as error:
        with lake.fs.open("sales/error.txt", "w") as file:
            file.write(repr(error))
    assert {"error.txt": b"KeyError('no words')"} == files(lake.repo)


def test_what_a_library_closes_while_it_fails_is_not_written(tmp_path: Path) -> None:
    repo = connect(str(tmp_path / "lake")).repository("sales").create()
    frame = pd.DataFrame({"x": ["a"], "y": [Unprintable()]})
    with pytest.raises(KeyError), pytest.warns(UserWarning, match=r"'sales/x.csv' was not written"):
        frame.to_csv("lf://sales/x.csv", storage_options={"lake": str(tmp_path / "lake")})
    assert {} == files(repo)


def test_a_mapping_is_a_folder(lake: Reached) -> None:
    mapping = lake.fs.get_mapper("lf://sales/store")
    mapping.setitems({"a": b"1", "b/c": b"2"})
    mapping["d"] = b"3"
    del mapping["a"]
    assert {"b/c": b"2", "d": b"3"} == dict(mapping)
    assert 3 == commits(lake)


def test_a_large_file_goes_through_the_disk(lake: Reached) -> None:
    piece = bytes(range(256)) * 4096
    with lake.fs.open("sales/big", "wb") as file:
        for _ in range(IN_MEMORY // len(piece) + 2):
            file.write(piece)
        file.seek(0)
        file.write(b"changed")
        folder = Path(file._folder.name)
        assert IN_MEMORY < (folder / "content").stat().st_size + len(piece)
    assert not folder.exists()
    assert IN_MEMORY + 2 * len(piece) == lake.fs.size("sales/big")
    assert b"changed" + piece[7:] == lake.fs.cat_file("sales/big", end=len(piece))


def test_files_can_be_appended_to_and_made_only_if_new(lake: Reached) -> None:
    with lake.fs.open("sales/log", "ab") as file:
        file.write(b"1")
    with lake.fs.open("sales/log", "at") as text:
        text.write("2")
    assert {"log": b"12"} == files(lake.repo)
    with pytest.raises(FileExistsError):
        lake.fs.open("sales/log", "xb")
    with pytest.raises(ValueError, match="not 'r\\+b'"):
        lake.fs.open("sales/log", "r+b")


def test_a_deferred_file_waits_for_its_commit(lake: Reached) -> None:
    file = lake.fs.open("sales/x", "wb", autocommit=False)
    file.write(b"1")
    file.close()
    assert {} == files(lake.repo)
    file.commit()
    assert {"x": b"1"} == files(lake.repo)


def test_each_verb_is_one_commit(lake: Reached, tmp_path: Path) -> None:
    fs = lake.fs
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a").write_bytes(b"1")
    (tmp_path / "in" / "deep" / "b").write_bytes(b"2")
    fs.put(str(tmp_path / "in"), "sales/raw", recursive=True)
    assert (1, {"raw/a": b"1", "raw/deep/b": b"2"}) == (commits(lake), files(lake.repo))
    fs.copy("sales/raw", "sales/clean", recursive=True)
    assert (2, 4) == (commits(lake), len(files(lake.repo)))
    fs.mv("sales/clean", "sales/done", recursive=True)
    assert (3, ["done", "raw"]) == (commits(lake), datasets(lake))
    fs.pipe({"sales/x": b"x", "sales/y": b"y"})
    fs.rm(["sales/x", "sales/y", "sales/done"], recursive=True)
    assert (5, {"raw/a": b"1", "raw/deep/b": b"2"}) == (commits(lake), files(lake.repo))
    fs.rm("sales/raw/?")
    assert {"raw/deep/b": b"2"} == files(lake.repo)
    with pytest.raises(IsADirectoryError):
        fs.rm("sales/raw")
    with pytest.raises(FileNotFoundError):
        fs.rm("sales/nothing")


def test_copying_moves_no_bytes_and_keeps_what_is_known_of_them(lake: Reached) -> None:
    lake.fs.pipe("sales/a", b"1")
    before = lake.repo.catalog.objects.get_object("sales", "main", "a")
    lake.fs.cp_file("sales/a", "sales/b")
    assert before.object_id == lake.repo.catalog.objects.get_object("sales", "main", "b").object_id
    Repository(lake.repo.catalog, "other").create()
    lake.fs.copy("sales/a", "other/a")
    assert b"1" == lake.fs.cat_file("other/a")


def test_writes_go_to_the_named_branch(lake: Reached) -> None:
    lake.repo.branch("dev")
    lake.fs.pipe("lf://sales/@dev/x", b"1")
    assert ({}, {"x": b"1"}) == (files(lake.repo), files(lake.repo, "dev"))


def test_writes_can_be_staged(lake: Reached) -> None:
    fs = LineageFlowFileSystem.of(lake.repo.catalog, author="grace", stage=True)
    lake.fs.pipe("sales/x", b"1")
    assert b"1" == fs.cat_file("sales/x")
    fs.pipe({"sales/x": b"2", "sales/@main/y": b"3"})
    fs.mkdir("sales/out")
    for name in ("a", "b"):
        fs.pipe(f"sales/out/{name}", b"4")
    assert (["sales/out/a", "sales/out/b", "sales/x", "sales/y"], b"2") == (
        fs.find("sales"),
        fs.cat_file("sales/x"),
    )
    assert (1, {"x": b"1"}) == (commits(lake), files(lake.repo))
    lake.repo.catalog.staging.commit_staged("sales", "main", author="grace", message="all")
    assert (["out", "x", "y"], b"2") == (datasets(lake), lake.fs.cat_file("sales/x"))


def test_history_is_read_only(lake: Reached) -> None:
    lake.fs.pipe("sales/x", b"1")
    lake.repo.tag("v1")
    for ref in ("v1", "main~1", lake.repo.head().id, "main@{2999-01-01}"):
        for write in (lambda name: lake.fs.open(name, "wb"), lake.fs.rm):
            with pytest.raises(OSError, match=r"is a point in history.*branch create"):
                write(f"sales/@{ref}/x")
    with pytest.raises(FileNotFoundError, match="has no ref 'nothing'"):
        lake.fs.pipe("sales/@nothing/x", b"1")
    assert 1 == commits(lake)


def test_repositories_are_made_by_mkdir_alone(lake: Reached) -> None:
    with pytest.raises(FileNotFoundError, match="there is no repository 'new'"):
        lake.fs.pipe("new/x", b"1")
    with pytest.raises(FileNotFoundError):
        lake.fs.makedirs("new/folder")
    lake.fs.mkdir("lf://new")
    lake.fs.pipe("new/x", b"1")
    assert b"1" == lake.fs.cat_file("new/x")
    with pytest.raises(FileExistsError):
        lake.fs.mkdir("lf://new")


def test_a_path_is_no_file_and_folder_at_once(lake: Reached) -> None:
    lake.fs.pipe("sales/a", b"1")
    with pytest.raises(FileExistsError, match="would be an object and a folder at once"):
        lake.fs.pipe("sales/a/b", b"1")
    with pytest.raises(IsADirectoryError):
        lake.fs.pipe("sales", b"1")


def test_a_made_folder_is_there_until_it_is_removed(fs: LineageFlowFileSystem) -> None:
    fs.makedirs("sales/a/b")
    assert fs.isdir("sales/a")
    assert ["sales/a"] == fs.ls("sales", detail=False)
    with pytest.raises(FileExistsError):
        fs.mkdir("sales/a/b")
    with pytest.raises(OSError, match="not empty"):
        fs.rmdir("sales/a")
    fs.rmdir("sales/a/b")
    assert not fs.exists("sales/a")
    with pytest.raises(FileNotFoundError):
        fs.mkdir("sales/x/y", create_parents=False)


def test_a_folder_that_was_made_first_is_one_dataset(lake: Reached) -> None:
    lake.fs.makedirs("sales/raw/orders")
    lake.fs.pipe("sales/raw/orders/a", b"1")
    lake.fs.pipe("sales/raw/orders/b/c", b"1")
    lake.fs.pipe("sales/raw/readme", b"1")
    assert ["raw/orders", "raw/readme"] == datasets(lake)


def test_a_folder_that_others_filled_meanwhile_is_no_dataset(lake: Reached) -> None:
    lake.fs.mkdir("sales/raw")
    lake.repo.put("raw/theirs", b"1")
    lake.fs.pipe("sales/raw/ours", b"1")
    assert ["raw/ours", "raw/theirs"] == datasets(lake)


def test_partitions_as_in_hive_are_of_the_dataset_above_them(lake: Reached) -> None:
    lake.fs.pipe({"sales/raw/orders/day=1/a": b"1", "sales/raw/orders/day=2/hour=1/b": b"1"})
    assert ["raw/orders"] == datasets(lake)


def test_a_dataset_stays_one_when_its_files_are_written_anew(lake: Reached) -> None:
    fs = lake.fs
    lake.repo.put("orders", {"a": b"1", "b": b"2"})
    fs.rm(["sales/orders/a", "sales/orders/b"])
    fs.pipe({"sales/orders/c": b"3", "sales/orders/d": b"4"})
    assert ["orders"] == datasets(lake)
    with fs.transaction:
        fs.rm("sales/orders", recursive=True)
        fs.pipe({"sales/orders/e": b"3", "sales/orders/f": b"4"})
    assert (["orders"], ["orders/e", "orders/f"]) == (datasets(lake), list(files(lake.repo)))


def test_files_without_such_a_word_are_datasets_of_their_own(lake: Reached) -> None:
    lake.fs.pipe({"sales/raw/a": b"1", "sales/raw/b": b"1"})
    lake.fs.makedirs("sales/raw/more", exist_ok=True)
    lake.fs.makedirs("sales/raw", exist_ok=True)
    lake.fs.pipe("sales/raw/c", b"1")
    assert ["raw/a", "raw/b", "raw/c"] == datasets(lake)


def test_archives_can_be_written_in_place(lake: Reached) -> None:
    with lake.fs.open("sales/all.zip", "wb") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", "hello")
    with lake.fs.open("sales/all.zip") as file, zipfile.ZipFile(file) as archive:
        assert b"hello" == archive.read("a")
