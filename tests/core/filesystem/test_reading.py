"""Looking and reading through `lf://`."""

from datetime import timedelta
from pathlib import Path

import pytest

from lineageflow_core import Repository, connect
from lineageflow_core.errors import ChangedUnderneathError
from lineageflow_core.filesystem import LineageFlowFileSystem
from tests.core.filesystem.conftest import Reached


@pytest.fixture
def lake() -> Reached:
    catalog = connect("memory:")
    repo = Repository(catalog, "sales", author="ada").create()
    repo.put("raw/orders", {"a.csv": b"1", "b/c.csv": b"12"})
    repo.put("raw/readme.txt", b"hello")
    return Reached({}, repo)


@pytest.fixture
def fs(lake: Reached) -> LineageFlowFileSystem:
    return lake.fs


def test_repositories_are_the_top_folders(fs: LineageFlowFileSystem) -> None:
    assert ["sales"] == fs.ls("lf://", detail=False)
    assert fs.isdir("lf://sales")
    assert not fs.exists("lf://nothing")


def test_a_folder_lists_what_is_directly_in_it(fs: LineageFlowFileSystem) -> None:
    assert ["sales/raw/orders", "sales/raw/readme.txt"] == fs.ls("lf://sales/raw/", detail=False)
    assert ["sales/raw/orders/a.csv", "sales/raw/orders/b"] == fs.ls("sales/raw/orders", detail=False)
    assert ["sales/raw/readme.txt"] == fs.ls("sales/raw/readme.txt", detail=False)
    with pytest.raises(FileNotFoundError, match="nothing is there"):
        fs.ls("sales/nothing")


def test_what_is_listed_is_what_info_says(fs: LineageFlowFileSystem) -> None:
    for folder in ("sales/raw", "sales/raw/orders", "sales/raw/orders/b"):
        assert [fs.info(each["name"]) for each in fs.ls(folder)] == fs.ls(folder)


def test_info_names_the_exact_content(lake: Reached) -> None:
    objects = lake.repo.catalog.objects
    entry = objects.get_object("sales", "main", "raw/readme.txt")
    dataset = objects.get_dataset("sales", "main", "raw/readme.txt")
    assert {
        "name": "sales/raw/readme.txt",
        "size": 5,
        "type": "file",
        "object_id": entry.object_id,
        "dataset": "raw/readme.txt",
        "snapshot": dataset.snapshot,
    } == lake.fs.info("lf://sales/raw/readme.txt")


def test_walking_finding_and_globbing_see_the_tree(fs: LineageFlowFileSystem) -> None:
    files = ["sales/raw/orders/a.csv", "sales/raw/orders/b/c.csv", "sales/raw/readme.txt"]
    assert files == fs.find("lf://sales")
    assert [files[0], files[2]] == fs.find("sales", maxdepth=3)[0:2]
    assert files[:2] == fs.glob("lf://sales/**/*.csv")
    assert ["sales/raw/orders", "sales/raw/readme.txt"] == fs.glob("sales/raw/*")
    assert 8 == fs.du("sales/raw")
    assert [("sales/raw", ["orders"], ["readme.txt"])] == list(fs.walk("sales/raw", maxdepth=1))
    with_folders = fs.find("sales/raw", withdirs=True, detail=True)
    assert ["sales/raw", "sales/raw/orders", "sales/raw/orders/a.csv"] == list(with_folders)[:3]


def test_a_ref_is_the_first_segment(lake: Reached) -> None:
    lake.repo.tag("v1")
    before = lake.repo.head().id
    lake.repo.put("raw/readme.txt", b"changed")
    for ref in ("v1", "main~1", before, "main@{2999-01-01}~1"):
        name = f"sales/@{ref}/raw/readme.txt"
        assert b"hello" == lake.fs.cat_file(f"lf://{name}")
        assert name == lake.fs.info(name)["name"]
        assert [name] == lake.fs.glob(f"lf://sales/@{ref}/raw/*.txt")
    assert b"changed" == lake.fs.cat_file("sales/raw/readme.txt")


def test_a_connection_may_stand_in_front(fs: LineageFlowFileSystem) -> None:
    assert b"hello" == fs.cat_file("lf://conn@sales/raw/readme.txt")
    assert "sales/@v1/x" == fs._strip_protocol("lf://conn@sales/@v1/x/")


def test_ranges_are_as_in_slices(fs: LineageFlowFileSystem) -> None:
    assert b"el" == fs.cat_file("sales/raw/readme.txt", start=1, end=3)
    assert b"llo" == fs.cat_file("sales/raw/readme.txt", start=-3)
    assert b"hell" == fs.cat_file("sales/raw/readme.txt", end=-1)
    assert [b"h", b"ello"] == fs.cat_ranges(["sales/raw/readme.txt"] * 2, [0, 1], [1, None])


def test_an_open_file_keeps_the_content_it_was_opened_with(lake: Reached) -> None:
    with lake.fs.open("sales/raw/readme.txt") as file:
        lake.repo.put("raw/readme.txt", b"changed")
        assert (5, b"he", 2, b"llo") == (file.size, file.read(2), file.tell(), file.read())
        assert 1 == file.seek(1)
        assert [b"ello"] == list(file)
    with lake.fs.open("sales/raw/readme.txt", "r") as text:
        assert "changed" == text.read()


def test_what_is_not_there_is_told_as_python_does(fs: LineageFlowFileSystem) -> None:
    with pytest.raises(FileNotFoundError, match="there is no repository 'nothing'"):
        fs.cat_file("nothing/x")
    with pytest.raises(FileNotFoundError, match="has no ref 'v9'"):
        fs.cat_file("sales/@v9/raw/readme.txt")
    with pytest.raises(IsADirectoryError):
        fs.cat_file("sales/raw/orders")
    assert not fs.exists("sales/raw/../x")


def test_a_key_is_another_one_exactly_for_another_content(lake: Reached) -> None:
    fs = lake.fs
    before = [fs.ukey("sales/raw/readme.txt"), fs.ukey("sales/raw/orders")]
    lake.repo.put("other", b"x")
    assert before == [fs.ukey("sales/raw/readme.txt"), fs.ukey("sales/raw/orders")]
    assert int(before[0], 16) == fs.checksum("sales/raw/readme.txt")
    lake.repo.put("raw/orders/a.csv", b"2")
    assert before[0] == fs.ukey("sales/raw/readme.txt")
    assert before[1] != fs.ukey("sales/raw/orders")


def test_what_was_read_is_kept_by_its_digest_where_a_cache_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    repo = connect(str(folder)).repository("sales").create()
    repo.put("x", b"1")
    fs = LineageFlowFileSystem(lake=str(folder), cache=str(tmp_path / "cache"))
    assert b"1" == fs.cat_file("sales/x")
    for stored in (folder / "repositories").rglob("objects/*/*"):
        stored.unlink()
    assert b"1" == fs.cat_file("sales/x")
    repo.put("x", b"2")
    assert b"2" == fs.cat_file("sales/x")
    with pytest.raises(OSError, match="is not in the storage"):
        LineageFlowFileSystem(lake=str(folder)).cat_file("sales/@main~1/x")


def test_times_come_from_the_history_of_the_path(lake: Reached) -> None:
    made = lake.repo.head().created_at
    last = lake.repo.put("raw/readme.txt", b"changed").created_at
    lake.repo.put("other", b"x")
    assert (made, last) == (lake.fs.created("sales/raw/readme.txt"), lake.fs.modified("sales/raw/readme.txt"))
    assert timedelta() < last - made


def test_imported_objects_are_read_from_where_they_are(lake: Reached, tmp_path: Path) -> None:
    (tmp_path / "day=1").mkdir()
    (tmp_path / "day=1" / "a").write_bytes(b"0123456789" * 1000)
    lake.repo.import_from(tmp_path, "raw/imported")
    fs = lake.fs
    assert ["sales/raw/imported/day=1/a"] == fs.find("lf://sales/raw/imported")
    assert b"789" == fs.cat_file("lf://sales/raw/imported/day=1/a", start=9_997)
    with fs.open("lf://sales/raw/imported/day=1/a") as file:
        file.seek(5_005)
        assert b"567" == file.read(3)
    (tmp_path / "day=1" / "a").write_bytes(b"other")
    fs.invalidate_cache()
    with pytest.raises(ChangedUnderneathError):
        fs.cat_file("lf://sales/raw/imported/day=1/a")
