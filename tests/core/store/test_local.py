import errno
import os
import resource
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError, StorageError, StorageFullError
from lineageflow_core.model.given_file import GivenFile
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.store.local import LocalContentStore
from lineageflow_core.testing.content_store import object_of

LIMIT = 1 << 20
"""Bytes that a file can have in a process of `write_with_limit`."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "content"


@pytest.fixture
def content(root: Path) -> LocalContentStore:
    return LocalContentStore(root)


def path_of(root: Path, content: bytes) -> Path:
    object_id = object_of(content).object_id
    return root / "objects" / object_id[:2] / object_id[2:]


def files_in(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_file()}


def write_with_limit(root: Path, sources: list[bytes]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
    LocalContentStore(root).write_objects(sources)


@pytest.mark.parametrize("asked_of_all", [1, 2, 3, 10])
def test_of_many_objects_in_a_folder_those_that_are_lost_are_told(
    root: Path, content: LocalContentStore, asked_of_all: int
) -> None:
    first = content.write_objects([b"first"])[0].object_id
    folder = root / "objects" / first[:2]
    ids = [ObjectId(first[:2] + f"{number:062x}") for number in range(100)]
    for each in ids:
        (folder / each[2:]).touch()
    asked, lost = ids[::asked_of_all], {ids[0], ids[asked_of_all * 5]}
    for each in lost:
        (folder / each[2:]).unlink()
    nowhere = ObjectId("0" * 64 if first[:2] != "00" else "1" * 64)
    assert {*lost, nowhere} == content.missing_objects([*asked, first, nowhere])


def test_objects_and_packs_lie_where_the_documentation_says(root: Path, content: LocalContentStore) -> None:
    content.write_objects([b"x"])
    content.write_pack("ab" * 32, b"pack")
    assert {path_of(root, b"x"), root / "packs" / "ab" / ("ab" * 32)} == files_in(root)


def test_nobody_may_write_to_an_object(root: Path, content: LocalContentStore) -> None:
    content.write_objects([b"x"])
    assert 0 == path_of(root, b"x").stat().st_mode & 0o222


@pytest.mark.parametrize("batch", [1, 20])
def test_an_object_that_is_there_is_not_written_again(
    root: Path, content: LocalContentStore, tmp_path: Path, batch: int
) -> None:
    large = os.urandom(5 << 20)
    (tmp_path / "large").write_bytes(large)
    sources: list[bytes | Path] = [b"x", tmp_path / "large"] * batch
    content.write_objects(sources)
    before = [path_of(root, each).stat().st_ino for each in (b"x", large)]
    content.write_objects(sources)
    assert before == [path_of(root, each).stat().st_ino for each in (b"x", large)]
    assert {path_of(root, b"x"), path_of(root, large)} == files_in(root)


def test_an_object_that_lost_bytes_is_mended_by_writing_it_again(
    root: Path, content: LocalContentStore
) -> None:
    [stored] = content.write_objects([b"whole"])
    os.truncate(path_of(root, b"whole"), 2)
    content.write_objects([b"whole"])
    assert b"whole" == content.open_object(stored.object_id).read()


def test_a_batch_with_a_bad_source_leaves_nothing(
    root: Path, content: LocalContentStore, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError):
        content.write_objects([b"x", tmp_path / "not there"])
    assert set() == files_in(root)


def test_a_large_file_that_changes_while_it_is_read_is_not_stored(
    root: Path, content: LocalContentStore, tmp_path: Path
) -> None:
    file = tmp_path / "growing"
    file.write_bytes(bytes(9 << 20))

    def grow(_: int) -> None:
        with file.open("ab") as more:
            more.write(b"!")

    with pytest.raises(InvalidInputError, match="changed while it was read"):
        content.write_objects([b"x", file], progress=grow)
    assert set() == files_in(root)


@pytest.mark.parametrize("batch", [1, 20])
def test_a_large_file_that_is_given_is_moved(
    root: Path, content: LocalContentStore, tmp_path: Path, batch: int
) -> None:
    file, large = tmp_path / "given", os.urandom(5 << 20)
    file.write_bytes(large)
    inode = file.stat().st_ino
    stored, *_ = content.write_objects([GivenFile(file), *[b"x"] * (batch - 1)])
    assert (object_of(large), False) == (stored, file.exists())
    kept = path_of(root, large).stat()
    assert (inode, 0o444) == (kept.st_ino, kept.st_mode & 0o777)
    assert large == content.open_object(stored.object_id).read()


def test_a_given_file_whose_content_is_there_already_is_not_moved(
    root: Path, content: LocalContentStore, tmp_path: Path
) -> None:
    file, large = tmp_path / "given", os.urandom(5 << 20)
    content.write_objects([large])
    before = path_of(root, large).stat().st_ino
    file.write_bytes(large)
    content.write_objects([GivenFile(file)])
    assert (before, {path_of(root, large)}) == (path_of(root, large).stat().st_ino, files_in(root))


@pytest.mark.parametrize("batch", [1, 20])
def test_a_given_file_in_another_mount_of_the_same_file_system_is_copied(
    root: Path, content: LocalContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    file, large = tmp_path / "given", os.urandom(5 << 20)
    file.write_bytes(large)
    rename = os.rename

    def within_a_mount(source: str | Path, target: str, **folders: Any) -> None:
        if Path(source) == file:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target, **folders)

    monkeypatch.setattr(os, "rename", within_a_mount)
    told: list[int] = []
    stored, *_ = content.write_objects([GivenFile(file), *[b"x"] * (batch - 1)], progress=told.append)
    assert (object_of(large), len(large) + batch - 1) == (stored, sum(told))
    assert large == path_of(root, large).read_bytes() == file.read_bytes()
    assert [] == list((root / "tmp").iterdir())


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_given_file_with_another_name_is_copied(
    root: Path, content: LocalContentStore, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    file, large = tmp_path / "kept", os.urandom(5 << 20)
    file.write_bytes(large)
    link(file, tmp_path / "given")
    content.write_objects([GivenFile(tmp_path / "given")])
    file.write_bytes(b"changed")
    assert large == path_of(root, large).read_bytes()


@pytest.mark.parametrize("batch", [1, 20])
def test_a_full_disk_is_told_and_leaves_nothing(root: Path, batch: int) -> None:
    sources = [b"small", *(bytes([number]) * (LIMIT + 1) for number in range(batch))]
    with get_context("spawn").Pool(1) as pool, pytest.raises(StorageFullError):
        pool.apply(write_with_limit, (root, sources))
    assert set() == files_in(root)


def test_what_fits_is_written_beside_what_did_not(root: Path) -> None:
    with get_context("spawn").Pool(1) as pool:
        pool.apply(write_with_limit, (root, [b"small"]))
    assert b"small" == LocalContentStore(root).open_object(object_of(b"small").object_id).read()


def test_a_place_that_is_no_folder_is_told(root: Path, content: LocalContentStore) -> None:
    root.write_bytes(b"a file")
    with pytest.raises(StorageError):
        content.write_objects([b"x"])


@pytest.mark.parametrize("pack_id", ["", "abc", "../" * 5 + "abcd", "AB" * 32, "a/b" * 20, "x" * 129])
def test_a_pack_has_a_name_that_is_safe_in_a_folder(content: LocalContentStore, pack_id: str) -> None:
    with pytest.raises(InvalidInputError):
        content.write_pack(pack_id, b"pack")
