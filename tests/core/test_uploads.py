"""Files that were uploaded are not read again; what was interrupted goes on where it was."""

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lineageflow_core import connect
from lineageflow_core.catalog import Catalog, Content
from lineageflow_core.errors import InvalidInputError, StorageError
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.repository import Repository
from lineageflow_core.uploads import upload_files, upload_sources


class Counting:
    """A lake's content that counts what it gets, and fails once it got enough."""

    def __init__(self, content: Content, *, most: int = 1 << 30) -> None:
        self._content = content
        self.most = most
        self.uploaded: list[str] = []

    def upload(
        self,
        repository: str,
        sources: Sequence[bytes | Path],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> list[ObjectEntry]:
        if len(self.uploaded) + len(sources) > self.most:
            raise StorageError("the network is gone")
        self.uploaded += [Path(str(source)).name for source in sources]
        return self._content.upload(repository, sources, progress=progress)


@pytest.fixture
def catalog() -> Catalog:
    catalog = connect("memory:")
    Repository(catalog, "data", author="ada").create()
    return catalog


def counted(catalog: Catalog, content: Counting) -> Catalog:
    return Catalog(**{**vars(catalog), "content": content})


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Four files that were written long ago; they are uploaded two at a time."""
    monkeypatch.setattr("lineageflow_core.uploads._BATCH_FILES", 2)
    monkeypatch.setattr("lineageflow_core.uploads._RACY_NS", 0)
    for name in "abcd":
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (1, 1))
    return [str(tmp_path / name) for name in "abcd"]


def test_an_interrupted_upload_goes_on_where_it_was(
    catalog: Catalog, files: list[str], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = Counting(catalog.content, most=2)
    with pytest.raises(StorageError):
        upload_files(counted(catalog, first), "data", files, cache=cache)
    again = Counting(catalog.content)
    entries = upload_files(counted(catalog, again), "data", files, cache=cache)
    assert (["a", "b"], ["c", "d"]) == (first.uploaded, again.uploaded)
    assert entries == upload_files(counted(catalog, again), "data", files, cache=cache)
    assert ["c", "d"] == again.uploaded


def test_a_damaged_cache_costs_time_only(catalog: Catalog, files: list[str], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(StorageError):
        upload_files(counted(catalog, Counting(catalog.content, most=2)), "data", files, cache=cache)
    with (tmp_path / "cache.journal").open("ab") as journal:
        journal.write(b'{"torn')
    again = Counting(catalog.content)
    upload_files(counted(catalog, again), "data", files, cache=cache)
    assert ["c", "d"] == again.uploaded
    cache.write_bytes(b"nonsense")
    upload_files(counted(catalog, again), "data", files, cache=cache)
    assert ["c", "d", "a", "b", "c", "d"] == again.uploaded


def test_a_stream_is_read_to_its_end(catalog: Catalog) -> None:
    content = bytes(range(256)) * 10_000
    [entry, other] = upload_sources(catalog, "data", {"x": io.BytesIO(content), "y": b"1"})
    assert ("x", len(content), "y") == (entry.path, entry.size, other.path)
    assert content == catalog.content.open("data", entry.object_id).read()


def test_what_has_no_bytes_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidInputError, match="str cannot be uploaded; give bytes"):
        upload_sources(catalog, "data", {"a": "text"})  # type: ignore[dict-item]
