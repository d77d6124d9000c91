"""What every catalog promises about comparing commits."""

import pytest

from lineageflow_core.errors import RefNotFoundError
from lineageflow_core.model.change import delete, move, put, replace
from lineageflow_core.model.diff import DatasetDiff, DiffKind
from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, in_pages_of_one

ADDED, REMOVED, CHANGED, MOVED = DiffKind


class ComparisonContract(CatalogContract):
    """`History.diff`, `diff_datasets` and `merge_base`. Needs the fixture `catalog`."""

    @pytest.fixture
    def changed(self, repo: Repository) -> Repository:
        """Returns a repository whose last commit changed a bit of everything."""
        repo.put("d", {"keep": b"1", "edit": b"1", "sub-1": b"x", "sub/x": b"1"})
        repo.put("d-1", b"y")
        for partition in ("p", "q"):
            repo.replace(f"t/{partition}", {"x": b"1"}, dataset="t")
        commit(
            repo,
            put("d", entries(repo, {"edit": b"22", "new": b"333"})),
            delete("d/sub-1"),
            delete("d-1"),
            put("e", entries(repo, {"": b"1"})),
            replace("t/q", entries(repo, {"x": b"22", "y": b"1"}), dataset="t"),
        )
        return repo

    def test_objects_that_differ_are_listed_by_path_in_pages(self, changed: Repository) -> None:
        in_d = [("d/edit", CHANGED), ("d/new", ADDED), ("d/sub-1", REMOVED)]
        in_q = [("t/q/x", CHANGED), ("t/q/y", ADDED)]
        expected = {
            "": [*in_d, ("d-1", REMOVED), ("e", ADDED), *in_q],
            "d": in_d,
            "d/new": [("d/new", ADDED)],
            "d/sub": [],
            "d-1": [("d-1", REMOVED)],
            "t": in_q,
            "t/q": in_q,
            "t/p": [],
            "nothing": [],
        }
        diff = changed.catalog.history.diff

        def listed(path: str) -> list[tuple[str, DiffKind]]:
            found = in_pages_of_one(
                lambda after, limit: diff(changed.name, "main~1", "main", path=path, after=after, limit=limit)
            )
            return [(entry.path, entry.kind) for entry in found]

        assert expected == {path: listed(path) for path in expected}

    def test_a_difference_has_both_sides(self, changed: Repository) -> None:
        def at(ref: str, path: str) -> ObjectEntry:
            return changed.catalog.objects.get_object(changed.name, ref, path)

        found = {
            entry.path: entry for entry in changed.catalog.history.diff(changed.name, "main~1", "main").items
        }
        assert (at("main~1", "d/edit"), at("main", "d/edit")) == (found["d/edit"].left, found["d/edit"].right)
        assert (None, at("main", "e")) == (found["e"].left, found["e"].right)
        assert (at("main~1", "d-1"), None) == (found["d-1"].left, found["d-1"].right)

    def test_the_other_way_round_what_was_added_is_removed(self, changed: Repository) -> None:
        forth = changed.catalog.history.diff(changed.name, "main~1", "main").items
        back = changed.catalog.history.diff(changed.name, "main", "main~1").items
        assert [(each.path, each.left, each.right) for each in forth] == [
            (each.path, each.right, each.left) for each in back
        ]

    def test_datasets_that_differ_are_counted(self, changed: Repository) -> None:
        diff = changed.catalog.history.diff_datasets
        found = in_pages_of_one(
            lambda after, limit: diff(changed.name, "main~1", "main", after=after, limit=limit)
        )

        def snapshot(ref: str, path: str) -> SnapshotId:
            return changed.catalog.objects.get_snapshot(changed.name, ref, path).snapshot

        assert [
            DatasetDiff(
                path="d", kind=CHANGED, left=snapshot("main~1", "d"), right=snapshot("main", "d"),
                added=1, removed=1, changed=1, size_change=3,
            ),
            DatasetDiff(
                path="d-1", kind=REMOVED, left=snapshot("main~1", "d-1"), right=None,
                added=0, removed=1, changed=0, size_change=-1,
            ),
            DatasetDiff(
                path="e", kind=ADDED, left=None, right=snapshot("main", "e"),
                added=1, removed=0, changed=0, size_change=1,
            ),
            DatasetDiff(
                path="t", kind=CHANGED, left=snapshot("main~1", "t"), right=snapshot("main", "t"),
                added=1, removed=0, changed=1, size_change=2, partitions=("q",),
            ),
        ] == found  # fmt: skip
        for path, paths in {"d": ["d"], "t": ["t"], "d-1": ["d-1"], "nothing": []}.items():
            assert paths == [each.path for each in diff(changed.name, "main~1", "main", path=path).items]

    def test_what_moved_is_told_once_with_where_it_was(self, repo: Repository) -> None:
        repo.put("d", {"a": b"1", "b": b"22", "same": b"1"})
        repo.put("w", {"x": b"4444"})
        commit(repo, move("d/a", "d/c"), move("d/b", "e/b"), move("w", "v"))
        repo.put("d/same", b"2")
        old = repo.head("main~2")

        def listed(path: str = "", *, back: bool = False) -> list[tuple[str | None, DiffKind, str]]:
            refs = ("main", old.id) if back else (old.id, "main")
            found = in_pages_of_one(
                lambda after, limit: repo.catalog.history.diff(
                    repo.name, *refs, path=path, after=after, limit=limit
                )
            )
            return [(each.left.path if each.left else None, each.kind, each.path) for each in found]

        same = ("d/same", CHANGED, "d/same")
        within, out = ("d/a", MOVED, "d/c"), ("d/b", MOVED, "e/b")
        assert [within, same, out, ("w/x", MOVED, "v/x")] == listed()
        back = [("d/c", MOVED, "d/a"), ("e/b", MOVED, "d/b"), same, ("v/x", MOVED, "w/x")]
        assert back == listed(back=True)
        assert [("d/b", REMOVED, "d/b"), within, same] == listed("d")
        assert [(None, ADDED, "e/b")] == listed("e")
        assert [(None, ADDED, "d/c")] == listed("d/c")

    def test_datasets_tell_what_moved(self, repo: Repository) -> None:
        repo.put("d", {"a": b"1", "b": b"22", "c": b"333"})
        repo.put("w", {"x": b"4444", "y": b"5"})
        commit(repo, move("d/a", "d/z"), move("d/b", "e/b"), move("w", "v"), delete("d/c"))
        diff = repo.catalog.history.diff_datasets
        found = {each.path: each for each in diff(repo.name, "main~1", "main").items}
        assert {
            "d": (CHANGED, 0, 1, 1, None, -5),
            "e/b": (ADDED, 0, 0, 1, None, 2),
            "v": (MOVED, 0, 0, 2, "w", 0),
        } == {
            path: (each.kind, each.added, each.removed, each.moved, each.moved_from, each.size_change)
            for path, each in found.items()
        }
        assert found["v"].left == found["v"].right

    def test_an_object_that_only_came_to_another_dataset_does_not_differ(self, repo: Repository) -> None:
        [one], [two] = entries(repo, {"": b"1"}), entries(repo, {"": b"2"})
        commit(repo, put("raw/a", [one]), put("raw/b", [one]), put("raw-1", [one]))
        commit(repo, replace("raw", entries(repo, {"a": b"1", "b": b"2", "c": b"2"})), put("raw-1", [two]))
        history = repo.catalog.history
        assert [("raw/b", CHANGED), ("raw/c", ADDED), ("raw-1", CHANGED)] == [
            (entry.path, entry.kind)
            for entry in in_pages_of_one(
                lambda after, limit: history.diff(repo.name, "main~1", "main", after=after, limit=limit)
            )
        ]
        assert {("raw-1", CHANGED), ("raw/b", CHANGED), ("raw/c", REMOVED)} == {
            (entry.path, entry.kind)
            for entry in in_pages_of_one(
                lambda after, limit: history.diff(repo.name, "main", "main~1", after=after, limit=limit)
            )
        }
        for path, expected in {"raw/a": [], "raw/b": ["raw/b"], "raw": ["raw/b", "raw/c"]}.items():
            assert expected == [
                each.path for each in history.diff(repo.name, "main~1", "main", path=path).items
            ]
            back = history.diff(repo.name, "main", "main~1", path=path).items
            assert expected == sorted(each.path for each in back)

    def test_a_commit_does_not_differ_from_itself(self, changed: Repository) -> None:
        assert () == changed.catalog.history.diff(changed.name, "main", "main").items
        assert () == changed.catalog.history.diff_datasets(changed.name, "main", "main").items

    def test_commits_of_equal_content_do_not_differ(self, changed: Repository) -> None:
        changed.branch("other")
        changed.put("f", {"x": b"1", "y": b"2"})
        changed.put("f", {"y": b"2"}, branch="other")
        changed.put("f", {"x": b"1"}, branch="other")
        assert changed.head("main").root == changed.head("other").root
        assert () == changed.catalog.history.diff(changed.name, "main", "other").items

    def test_both_refs_must_be_there(self, changed: Repository) -> None:
        history, name = changed.catalog.history, changed.name
        for left, right in (("main", "nothing"), ("nothing", "main")):
            for compare in (history.diff, history.diff_datasets, history.merge_base):
                with pytest.raises(RefNotFoundError, match="nothing"):
                    compare(name, left, right)

    def test_the_merge_base_is_where_histories_parted(self, repo: Repository) -> None:
        history = repo.catalog.history
        base = repo.put("a", b"1")
        repo.branch("topic")
        assert base.id == history.merge_base(repo.name, "main", "topic")
        repo.put("b", b"1")
        tip = repo.put("c", b"1", branch="topic")
        assert base.id == history.merge_base(repo.name, "main", "topic")
        assert base.id == history.merge_base(repo.name, "topic", "main")
        repo.merge("topic")
        assert tip.id == history.merge_base(repo.name, "main", "topic")
        assert tip.id == history.merge_base(repo.name, tip.id, "topic")
