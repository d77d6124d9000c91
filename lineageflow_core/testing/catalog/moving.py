"""What every catalog promises about moving things inside a repository."""

from typing import Any

import pytest

from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    ObjectNotFoundError,
    PathConflictError,
    RefMovedError,
)
from lineageflow_core.model.change import Change, ChangeKind, delete, move, put
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, files


class MoveContract(CatalogContract):
    """`move` in `History.commit`. Needs the fixture `catalog`."""

    @pytest.fixture
    def filled(self, repo: Repository) -> Repository:
        """Returns a repository with a dataset in a folder, one with partitions, and a single file."""
        repo.put("raw/d", {"x": b"1", "sub/y": b"2", "sub/z": b"3"})
        repo.replace("t/p=1", {"x": b"4"}, dataset="t")
        repo.replace("t/p=2", {"x": b"5"}, dataset="t")
        repo.put("raw/a", b"6")
        return repo

    @pytest.mark.parametrize(
        "path, target, gone, new, datasets",
        [
            ("raw/d", "e", "raw/d", "e", {"e", "raw/a", "t"}),
            ("raw/d/x", "raw/d/w", "raw/d/x", "raw/d/w", {"raw/d", "raw/a", "t"}),
            ("raw/d/sub", "raw/d/bus", "raw/d/sub", "raw/d/bus", {"raw/d", "raw/a", "t"}),
            ("raw/d/sub", "sub", "raw/d/sub", "sub", {"raw/d", "raw/a", "t", "sub"}),
            ("raw/d/x", "x", "raw/d/x", "x", {"raw/d", "raw/a", "t", "x"}),
            ("raw", "new/raw", "raw", "new/raw", {"new/raw/d", "new/raw/a", "t"}),
            ("raw/a", "raw/d/a", "raw/a", "raw/d/a", {"raw/d", "t"}),
            ("t/p=1", "t/p=3", "t/p=1", "t/p=3", {"raw/d", "raw/a", "t"}),
            ("raw/d", "raw/d/old", "raw/d", "raw/d/old", {"raw/d/old", "raw/a", "t"}),
            ("raw/d/sub", "raw/e", "raw/d/sub", "raw/e", {"raw/d", "raw/e", "raw/a", "t"}),
        ],
    )
    def test_what_is_at_a_path_is_at_another_one(
        self, filled: Repository, path: str, target: str, gone: str, new: str, datasets: set[str]
    ) -> None:
        before = files(filled)
        commit(filled, move(path, target))
        expected = {
            new + each[len(gone) :] if f"{each}/".startswith(f"{gone}/") else each: content
            for each, content in before.items()
        }
        assert expected == files(filled)
        found = filled.catalog.objects.list_datasets(filled.name, "main").items
        assert datasets == {dataset.path for dataset in found}

    def test_a_moved_dataset_is_the_same_version(self, filled: Repository) -> None:
        objects = filled.catalog.objects
        before = objects.get_dataset(filled.name, "main", "t")
        commit(filled, move("t", "table"))
        after = objects.get_dataset(filled.name, "main", "table")
        assert (before.snapshot, before.partition_depth) == (after.snapshot, after.partition_depth)
        commit(filled, move("table/p=1", "other/day/p=1", dataset="other"))
        assert 2 == objects.get_dataset(filled.name, "main", "other").partition_depth

    def test_a_move_is_seen_by_the_changes_behind_it(self, filled: Repository) -> None:
        [entry] = entries(filled, {"": b"new"})
        commit(filled, put("raw/d/n", [entry]), move("raw/d", "e"), delete("e/x"), move("e/n", "e/x"))
        assert {"e/x": b"new", "e/sub/y": b"2", "e/sub/z": b"3"} == files(filled, path="e")
        commit(filled, move("raw/a", "b"), move("e", "raw/a"), move("b", "e"))
        assert b"6" == files(filled)["e"]

    def test_a_move_there_and_back_changes_nothing(self, filled: Repository) -> None:
        tip = filled.head()
        for path in ("raw/d", "raw", "t", "t/p=1", "raw/d/sub", "raw/d/x"):
            assert tip == commit(filled, move(path, f"{path}-2"), move(f"{path}-2", path))

    @pytest.mark.parametrize("target", ["raw", "raw/d", "raw/d/sub", "t", "t/p=1", "raw/a"])
    def test_nothing_is_overwritten(self, filled: Repository, target: str) -> None:
        commit(filled, put("one", entries(filled, {"": b"7"})))
        tip = filled.head()
        with pytest.raises(PathConflictError, match=f"something at '{target}' already"):
            commit(filled, move("one", target))
        assert tip == filled.head()

    def test_nothing_is_not_moved(self, filled: Repository) -> None:
        for path in ("nothing", "raw/d/nothing", "raw/d/x/y", "ra"):
            with pytest.raises(ObjectNotFoundError, match=f"nothing at '{path}' to move"):
                commit(filled, move(path, "there"))

    @pytest.mark.parametrize(
        "change",
        [
            move("raw/a", "raw/a"),
            move("raw/a", ""),
            move("raw/a", "../b"),
            move("raw/a", "t/loose"),
            Change(kind=ChangeKind.MOVE, path="raw/a"),
            Change(kind=ChangeKind.DELETE, path="raw/a", target="b"),
        ],
    )
    def test_a_move_that_cannot_be_is_refused(self, filled: Repository, change: Change) -> None:
        tip = filled.head()
        with pytest.raises(InvalidInputError):
            commit(filled, change)
        assert tip == filled.head()

    @pytest.mark.parametrize("path, target", [("raw/d", "e"), ("t/p=1", "t/p=3")])
    def test_what_moved_as_one_thing_conflicts_with_what_is_added_to_it(
        self, filled: Repository, path: str, target: str
    ) -> None:
        for place in (path, target):
            filled.branch(f"at-{place.replace('/', '.').replace('=', '')}")
            branch = f"at-{place.replace('/', '.').replace('=', '')}"
            filled.put(f"{place}/new", b"7", branch=branch)
        commit(filled, move(path, target))
        for place in (path, target):
            with pytest.raises(MergeConflictError, match=place):
                filled.merge(f"at-{place.replace('/', '.').replace('=', '')}")

    @pytest.mark.parametrize("theirs", ["raw/d/x", "e/x", "raw/d"])
    def test_a_move_of_what_others_changed_is_refused(self, filled: Repository, theirs: str) -> None:
        seen = filled.head()
        change: Any = delete(theirs) if theirs == "raw/d" else put(theirs, entries(filled, {"": b"8"}))
        commit(filled, change)
        with pytest.raises(RefMovedError):
            commit(filled, move("raw/d", "e"), expected=seen.id)
