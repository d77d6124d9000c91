"""What every catalog promises about imports. Needs a lake that may read the test's folder."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lineageflow_core.catalog import Catalog, Transfers
from lineageflow_core.errors import (
    ChangedUnderneathError,
    ImportNotFoundError,
    InvalidInputError,
    PathConflictError,
    RefNotFoundError,
)
from lineageflow_core.model.change import put
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.transfer import Import, ImportId, ImportMode, ImportState
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, files, in_pages_of_one
from lineageflow_core.testing.signatures import assert_same_signatures

NOTHING = ImportId("no-such-import")


class TransfersContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        """Returns a folder of three files."""
        return write(tmp_path / "source", {"a.csv": b"1", "b/c.csv": b"22", "b-d.csv": b""})

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Transfers, catalog.transfers)

    def test_an_import_is_read_from_where_it_is(self, repo: Repository, source: Path) -> None:
        done = run_import(repo, source, "in")
        assert (ImportState.DONE, 3, 3, 3, 0) == (
            done.state,
            done.objects,
            done.size,
            done.added,
            done.skipped,
        )
        assert {"in/a.csv": b"1", "in/b-d.csv": b"", "in/b/c.csv": b"22"} == files(repo)
        assert [(3, 3)] == [
            (each.objects, each.size) for each in repo.catalog.objects.list_datasets(repo.name, "main").items
        ]

    def test_an_import_is_one_commit_that_says_where_from(self, repo: Repository, source: Path) -> None:
        before = repo.head()
        done = run_import(repo, source, "in")
        head = repo.head()
        assert (done.commit, (before.id,)) == (head.id, head.parents)
        assert {"import": done.id, "source": f"file://{source}"} == head.metadata
        assert ("ada", ("in",)) == (head.author, head.replaced)

    def test_references_count_as_stored(self, repo: Repository, source: Path) -> None:
        run_import(repo, source, "in")
        entry = repo.catalog.objects.get_object(repo.name, "main", "in/a.csv")
        assert [] == repo.catalog.content.missing(repo.name, [entry.object_id])
        copied = commit(repo, put("copy", [entries(repo, {"x": b"9"})[0], replace(entry, path="y")]))
        assert copied.id == repo.head().id
        assert b"1" == repo.read_bytes("copy/y")

    def test_an_imported_object_can_be_read_from_anywhere(self, repo: Repository, tmp_path: Path) -> None:
        content = os.urandom(100_000)
        run_import(repo, write(tmp_path / "source", {"a": content}), "in")
        with repo.open("in/a") as stream:
            stream.seek(-6, os.SEEK_END)
            assert content[-6:] == stream.read()
            stream.seek(50_000)
            assert content[50_000:50_010] == stream.read(10)
            assert 50_010 == stream.tell()

    def test_a_single_file_becomes_a_dataset(self, repo: Repository, source: Path) -> None:
        run_import(repo, source / "a.csv", "one.csv")
        assert {"one.csv": b"1"} == files(repo)

    @pytest.mark.parametrize("content", [b"2", b"11", b""])
    def test_what_was_overwritten_is_not_passed_off(
        self, repo: Repository, source: Path, content: bytes
    ) -> None:
        run_import(repo, source, "in")
        (source / "a.csv").write_bytes(content)
        later(source / "a.csv")
        with pytest.raises(ChangedUnderneathError, match="lineageflow import") as caught:
            repo.read_bytes("in/a.csv")
        assert str(source / "a.csv") in caught.value.details["url"]
        assert b"22" == repo.read_bytes("in/b/c.csv")

    def test_what_was_deleted_is_not_passed_off(self, repo: Repository, source: Path) -> None:
        run_import(repo, source, "in")
        (source / "a.csv").unlink()
        with pytest.raises(ChangedUnderneathError, match="nothing is there"):
            repo.read_bytes("in/a.csv")

    def test_what_became_a_link_is_not_followed(self, repo: Repository, source: Path) -> None:
        run_import(repo, source, "in")
        (source / "a.csv").rename(source / "z")
        (source / "a.csv").symlink_to(source / "z")
        with pytest.raises(ChangedUnderneathError):
            repo.read_bytes("in/a.csv")

    def test_a_look_tells_which_references_changed(self, repo: Repository, source: Path) -> None:
        run_import(repo, source, "in")
        commit(repo, put("own", entries(repo, {"x": b"9"})))
        (source / "a.csv").unlink()
        report = repo.catalog.transfers.verify_references(repo.name, "main", limit=MAX_LIMIT)
        assert (4, 3, None) == (report.objects, report.references, report.next)
        assert [("in/a.csv", "nothing")] == [(each.path, each.found) for each in report.changed]
        first = repo.catalog.transfers.verify_references(repo.name, "main", limit=2)
        rest = repo.catalog.transfers.verify_references(repo.name, "main", after=first.next)
        assert (2, 2) == (first.objects, rest.objects)
        inner = repo.catalog.transfers.verify_references(repo.name, "main", "in/b")
        assert (1, ()) == (inner.objects, inner.changed)

    def test_importing_again_commits_only_what_changed(self, repo: Repository, source: Path) -> None:
        first = run_import(repo, source, "in")
        same = run_import(repo, source, "in")
        assert (first.commit, 0, 0, 0) == (same.commit, same.added, same.changed, same.removed)
        (source / "a.csv").write_bytes(b"333")
        (source / "b-d.csv").unlink()
        write(source, {"e": b"5"})
        update = run_import(repo, source, "in")
        assert (1, 1, 1) == (update.added, update.changed, update.removed)
        assert {"in/a.csv": b"333", "in/b/c.csv": b"22", "in/e": b"5"} == files(repo)

    def test_copied_objects_stay_when_the_source_goes(self, repo: Repository, source: Path) -> None:
        done = run_import(repo, source, "in", mode=ImportMode.COPY)
        assert 3 == done.objects
        for file in (source / "a.csv", source / "b-d.csv", source / "b" / "c.csv"):
            file.unlink()
        assert {"in/a.csv": b"1", "in/b-d.csv": b"", "in/b/c.csv": b"22"} == files(repo)

    def test_a_preview_changes_nothing(self, repo: Repository, source: Path) -> None:
        head = repo.head()
        preview = repo.catalog.transfers.preview_import(repo.name, f"file://{source}", "in")
        assert (3, 3, True) == (preview.objects, preview.size, preview.complete)
        assert ("in/a.csv", "in/b-d.csv", "in/b/c.csv") == preview.paths
        few = repo.catalog.transfers.preview_import(repo.name, f"file://{source}", "in", at_most=1)
        assert (1, False) == (few.objects, few.complete)
        assert head == repo.head()
        assert () == repo.catalog.transfers.list_imports(repo.name).items

    def test_what_cannot_be_a_path_is_skipped_and_told(self, repo: Repository, tmp_path: Path) -> None:
        names = ["ok", "new\nline", "back\\slash", "cafe\u0301", "caf\u00e9"]
        source = write(tmp_path / "source", dict.fromkeys(names, b"1"))
        (source / "link").symlink_to("/etc/passwd")
        done = run_import(repo, source, "in")
        assert {"in/ok", "in/caf\u00e9"} == set(files(repo))
        assert (2, 4) == (done.objects, done.skipped)
        assert {"new\nline", "back\\slash", "link", "caf\u00e9"} == {each.name for each in done.examples}

    def test_partitions_are_declared_where_asked_for(self, repo: Repository, tmp_path: Path) -> None:
        source = write(tmp_path / "source", {"_SUCCESS": b"", "day=1/a": b"1", "day=2/a": b"2"})
        done = run_import(repo, source, "in", partition_depth=1)
        assert ("_SUCCESS",) == tuple(each.name for each in done.examples)
        found = repo.catalog.objects.list_snapshots(repo.name, "main", "in").items
        assert ["day=1", "day=2"] == [each.partition for each in found]

    def test_an_unfinished_import_is_found_again(self, repo: Repository, source: Path) -> None:
        started = start(repo, source, "in")
        assert started == start(repo, source, "in")
        assert started.id != start(repo, source, "other").id
        done = finish(repo, started)
        assert done == repo.catalog.transfers.get_import(repo.name, started.id)
        assert done == repo.catalog.transfers.continue_import(repo.name, started.id)
        assert started.id != start(repo, source, "in").id

    def test_imports_are_listed_newest_first(self, repo: Repository, source: Path) -> None:
        started = [start(repo, source, f"in{number}").id for number in range(3)]
        listed = in_pages_of_one(
            lambda after, limit: repo.catalog.transfers.list_imports(repo.name, after=after, limit=limit)
        )
        assert set(started) == {each.id for each in listed}
        assert sorted((each.created_at for each in listed), reverse=True) == [
            each.created_at for each in listed
        ]

    def test_a_cancelled_import_does_nothing_more(self, repo: Repository, source: Path) -> None:
        head = repo.head()
        started = start(repo, source, "in")
        cancelled = repo.catalog.transfers.cancel_import(repo.name, started.id)
        assert ImportState.CANCELLED == cancelled.state
        assert cancelled == repo.catalog.transfers.continue_import(repo.name, started.id)
        assert head == repo.head()

    def test_what_stands_in_the_way_is_told(self, repo: Repository, tmp_path: Path) -> None:
        source = write(tmp_path / "source", {})
        started = start(repo, source, "in")
        with pytest.raises(InvalidInputError, match="nothing that could be imported"):
            finish(repo, started)
        told = repo.catalog.transfers.get_import(repo.name, started.id)
        assert ImportState.RUNNING == told.state
        assert "nothing that could be imported" in str(told.error)

    def test_what_can_never_work_is_refused_at_once(self, repo: Repository, source: Path) -> None:
        commit(repo, put("taken", entries(repo, {"x": b"9"})))
        with pytest.raises(InvalidInputError, match="lies in the dataset"):
            start(repo, source, "taken/in")
        with pytest.raises(RefNotFoundError):
            repo.catalog.transfers.start_import(repo.name, "no", f"file://{source}", "in", author="ada")
        with pytest.raises((InvalidInputError, PathConflictError)):
            start(repo, source, "../in")
        with pytest.raises(InvalidInputError):
            repo.catalog.transfers.start_import(repo.name, "main", "ftp://x/y", "in", author="ada")
        for call in (repo.catalog.transfers.get_import, repo.catalog.transfers.cancel_import):
            with pytest.raises(ImportNotFoundError):
                call(repo.name, NOTHING)

    def test_imported_objects_merge_diff_and_go_back(self, repo: Repository, source: Path) -> None:
        run_import(repo, source, "in")
        repo.catalog.refs.create_branch(repo.name, "work", source="main", author="ada")
        (source / "a.csv").write_bytes(b"333")
        run_import(repo, source, "in", branch="work")
        diff = repo.catalog.history.diff(repo.name, "main", "work").items
        assert ["in/a.csv"] == [each.path for each in diff]
        repo.catalog.merging.merge(repo.name, "work", into="main", author="ada", message="m")
        assert b"333" == repo.read_bytes("in/a.csv")

    def test_a_bad_import_is_taken_back(self, repo: Repository, source: Path) -> None:
        run_import(repo, source, "in")
        good = files(repo)
        write(source, {"bad.csv": b"bad"})
        bad = run_import(repo, source, "in")
        made = repo.catalog.plans.plan_rollback(repo.name, str(bad.commit))
        assert ["in"] == [item.dataset for item in made.items if item.changes]
        repo.catalog.plans.apply_plan(made.id, author="ada")
        assert good == files(repo)


def write(folder: Path, content: dict[str, bytes]) -> Path:
    """Writes files and returns their folder."""
    folder.mkdir(exist_ok=True)
    for name, each in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(each)
    return folder


def later(file: Path) -> None:
    """Lets a file be changed a second after it was."""
    status = file.stat()
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))


def start(
    repo: Repository,
    source: Path,
    path: str,
    *,
    branch: str = "main",
    mode: ImportMode = ImportMode.REFERENCE,
    partition_depth: int = 0,
) -> Import:
    """Starts an import of a folder."""
    return repo.catalog.transfers.start_import(
        repo.name, branch, f"file://{source}", path, mode=mode, partition_depth=partition_depth, author="ada"
    )


def finish(repo: Repository, started: Import) -> Import:
    """Continues an import to its end."""
    while started.state is ImportState.RUNNING:
        started = repo.catalog.transfers.continue_import(repo.name, started.id)
    return started


def run_import(
    repo: Repository,
    source: Path,
    path: str,
    *,
    branch: str = "main",
    mode: ImportMode = ImportMode.REFERENCE,
    partition_depth: int = 0,
) -> Import:
    """Imports a folder."""
    return finish(repo, start(repo, source, path, branch=branch, mode=mode, partition_depth=partition_depth))
