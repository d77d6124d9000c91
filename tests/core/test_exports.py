"""Exports: what they write, what they leave alone, and what they refuse."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.errors import AlreadyExistsError, InvalidInputError, ObjectNotFoundError
from lineageflow_core.exports import MANIFEST, MARKER, Export, ExportMode
from lineageflow_core.model.change import delete, put
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.repository import Repository
from lineageflow_core.store.buckets.parts import TEMPORARY
from lineageflow_core.store.partial import part_of
from lineageflow_core.store.sources.buckets import open_source
from lineageflow_core.store.targets import open_target
from lineageflow_core.testing.catalog.scene import commit, entries
from lineageflow_core.testing.sources import names, one, read
from tests.servers.objectstores import SERVERS, in_environment

pytestmark = pytest.mark.filterwarnings(
    # gcsfs and adlfs give their whole body at once; a few megabytes do not hold up a loop of their own
    "ignore:Sending a large body directly with raw bytes:ResourceWarning"
)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    repo = Repository(connect(str(tmp_path / "lake")), "data", author="ada").create()
    commit(
        repo, put("table", entries(repo, {"a": b"1", "b/c": b"22"})), put("own", entries(repo, {"": b"3"}))
    )
    return repo


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"


def export(repo: Repository, target: Path | str, path: str = "", ref: str = "main") -> Export:
    return Export(repo.catalog, repo.name, ref, path, target)


def on_disk(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_whole_repository_is_exported(repo: Repository, target: Path) -> None:
    report = export(repo, target).run()
    assert (3, 4, 0, 0) == (report.written, report.size, report.kept, report.removed)
    assert {"table/a": b"1", "table/b/c": b"22", "own": b"3"} == on_disk(target)


def test_a_folder_a_dataset_or_an_object_is_exported(repo: Repository, tmp_path: Path) -> None:
    expected = {"table": {"a": b"1", "b/c": b"22"}, "table/b": {"c": b"22"}, "table/a": {"a": b"1"}}
    for number, (path, files) in enumerate(expected.items()):
        export(repo, tmp_path / str(number), path).run()
        assert files == on_disk(tmp_path / str(number))


def test_only_what_differs_is_written(repo: Repository, target: Path) -> None:
    export(repo, target, "table").run()
    inode = (target / "a").stat().st_ino
    commit(repo, put("table", entries(repo, {"d": b"4"})), delete("table/b/c"))
    report = export(repo, target, "table").run()
    assert (1, 1, 1) == (report.written, report.kept, report.removed)
    assert {"a": b"1", "d": b"4"} == on_disk(target)
    assert inode == (target / "a").stat().st_ino
    assert not (target / "b").exists()


def test_an_earlier_state_can_take_the_place_of_a_later_one(repo: Repository, target: Path) -> None:
    commit(repo, put("table", entries(repo, {"a": b"9"})))
    export(repo, target, "table").run()
    export(repo, target, "table", ref="main~1").run()
    assert {"a": b"1", "b/c": b"22"} == on_disk(target)


def test_an_export_that_changes_nothing_writes_nothing(repo: Repository, target: Path) -> None:
    export(repo, target).run()
    before = (target / MANIFEST).stat().st_mtime_ns
    assert 0 == export(repo, target).run().written
    assert before == (target / MANIFEST).stat().st_mtime_ns


def test_a_plan_changes_nothing(repo: Repository, target: Path) -> None:
    assert (3, ("own", "table/a", "table/b/c")) == (
        export(repo, target).plan().written,
        tuple(sorted(export(repo, target).plan().paths)),
    )
    assert not target.exists()


def test_files_of_others_are_never_touched(repo: Repository, target: Path) -> None:
    target.mkdir()
    (target / "mine").write_bytes(b"x")
    export(repo, target, "table").run()
    commit(repo, delete("table/a"))
    export(repo, target, "table").run()
    assert {"mine": b"x", "b/c": b"22"} == on_disk(target)


def test_a_file_in_the_way_is_named_before_anything_is_written(repo: Repository, target: Path) -> None:
    target.mkdir()
    (target / "a").write_bytes(b"x")
    with pytest.raises(AlreadyExistsError, match=r"'a' is in .* no export wrote it"):
        export(repo, target, "table").run()
    assert {"a": b"x"} == on_disk(target)
    assert not (target / MANIFEST).exists()


def test_a_file_that_somebody_edited_is_neither_overwritten_nor_removed(
    repo: Repository, target: Path
) -> None:
    export(repo, target, "table").run()
    (target / "a").write_bytes(b"edited")
    with pytest.raises(AlreadyExistsError, match=r"'a' .* was changed since"):
        export(repo, target, "table").run()
    commit(repo, delete("table/a"))
    with pytest.raises(AlreadyExistsError, match=r"'a' .* was changed since"):
        export(repo, target, "table").run()
    assert b"edited" == (target / "a").read_bytes()


def test_a_link_that_leads_out_is_not_followed(repo: Repository, target: Path, tmp_path: Path) -> None:
    target.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (target / "b").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInputError, match="leads out of"):
        export(repo, target, "table").run()
    assert [] == os.listdir(tmp_path / "elsewhere")


def test_a_marker_comes_last(repo: Repository, target: Path) -> None:
    Export(repo.catalog, repo.name, "main", "table", target, marker=True).run()
    assert {"a": b"1", "b/c": b"22", MARKER: b""} == on_disk(target)
    commit(repo, put("table", entries(repo, {"a": b"9"})))
    Export(repo.catalog, repo.name, "main", "table", target, marker=True).run()
    assert {"a": b"9", "b/c": b"22", MARKER: b""} == on_disk(target)


def test_links_are_the_lakes_own_files(repo: Repository, target: Path) -> None:
    export(repo, target, "table").run(mode=ExportMode.LINK)
    assert {"a": b"1", "b/c": b"22"} == on_disk(target)
    status = (target / "a").stat()
    assert (2, 0) == (status.st_nlink, status.st_mode & 0o222)


def test_progress_adds_up(repo: Repository, target: Path) -> None:
    told: list[tuple[int, int]] = []
    export(repo, target).run(progress=lambda size, files: told.append((size, files)))
    assert (4, 3) == (sum(size for size, _ in told), sum(files for _, files in told))


def test_nothing_is_an_error(repo: Repository, target: Path) -> None:
    with pytest.raises(ObjectNotFoundError, match="nothing is at 'no'"):
        export(repo, target, "no").run()


@pytest.fixture(scope="module", params=["gcs", "s3", "azure"])
def bucket(request: pytest.FixtureRequest) -> Iterator[str]:
    with SERVERS[request.param]() as server, in_environment(server.environment):
        yield server.url


def test_a_bucket_is_kept_up_to_date(repo: Repository, bucket: str) -> None:
    url = f"{bucket}/{uuid4()}"
    source = open_source(parse_storage(url))
    large = os.urandom(5 << 20)
    commit(repo, put("table", entries(repo, {"large": large})))
    open_target(parse_storage(url)).write("mine", BytesIO(), size=0)
    export(repo, url, "table").run()
    commit(repo, delete("table/a"), put("table", entries(repo, {"b/c": b"333"})))
    report = export(repo, url, "table").run()
    assert (1, 1, 1) == (report.written, report.kept, report.removed)
    assert [MANIFEST, "b/c", "large", "mine"] == [each.name for each in names(source.pages())]
    assert large == read(source, one(source, "large"))


def test_a_large_file_goes_on_where_an_interrupted_export_stopped(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineageflow_core.store.targets.LARGE_BYTES", 1)
    whole = os.urandom(12 << 20)
    repo.put("in", {"large": whole, "small": b"1"})
    entry = repo.catalog.objects.get_object(repo.name, "main", "in/large")
    target = tmp_path / "target"
    target.mkdir()
    part = part_of(target / "large", entry.object_id)
    part.write_bytes(whole[: 5 << 20])
    (target / f"{TEMPORARY}of-another").write_bytes(b"left behind")
    inode = part.stat().st_ino
    Export(repo.catalog, repo.name, "main", "in", target).run()
    assert whole == (target / "large").read_bytes()
    assert inode == (target / "large").stat().st_ino
    assert {"large", "small", MANIFEST} == {path.name for path in target.iterdir()}
