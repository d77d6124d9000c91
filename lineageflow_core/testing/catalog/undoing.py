"""What every catalog promises about undoing: nothing is rewritten, each undoing is a new commit."""

import pytest

from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    ObjectNotFoundError,
    PathConflictError,
    RefNotFoundError,
)
from lineageflow_core.model.change import delete, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    CatalogContract,
    commit,
    entries,
    files,
    first_parents,
    new_run_id,
)


class RevertContract(CatalogContract):
    """`History.revert`. Needs the fixture `catalog`."""

    def test_a_revert_takes_back_one_commit_and_leaves_what_came_later(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1", "y": b"1"})
        bad = commit(
            repo, put("d/x", entries(repo, {"": b"2"})), delete("d/y"), put("e", entries(repo, {"": b"2"}))
        )
        later = repo.put("d/z", b"3")
        made = repo.catalog.history.revert(repo.name, bad.id, branch="main", author="grace", message="oops")
        assert made == repo.head()
        assert ((later.id,), "grace", "oops") == (made.parents, made.author, made.message)
        assert {"d/x": b"1", "d/y": b"1", "d/z": b"3"} == files(repo)

    def test_a_revert_says_what_it_reverts(self, repo: Repository) -> None:
        bad = repo.put("a", b"1", message="add a")
        made = revert(repo, "main")
        assert ('revert "add a"', {"reverts": bad.id}) == (made.message, made.metadata)

    def test_a_reverted_revert_is_what_was_reverted(self, repo: Repository) -> None:
        bad = repo.replace("d", {"x": b"1"})
        revert(repo, bad.id)
        assert {} == files(repo)
        revert(repo, "main")
        assert bad.root == repo.head().root

    def test_a_merge_is_reverted_against_its_first_parent(self, repo: Repository) -> None:
        repo.put("a", b"1")
        repo.branch("topic")
        commit(repo, put("b", entries(repo, {"": b"1"})), delete("a"), branch="topic")
        repo.put("c", b"1")
        merged = repo.merge("topic")
        revert(repo, merged.id)
        assert {"a": b"1", "c": b"1"} == files(repo)

    def test_what_changed_later_is_in_the_way(self, repo: Repository) -> None:
        bad = repo.put("d", {"x": b"1"})
        tip = repo.put("d/x", b"2")
        with pytest.raises(MergeConflictError, match=f"revert {bad.id[:8]}") as caught:
            revert(repo, bad.id)
        assert ["d/x"] == [conflict["path"] for conflict in caught.value.details["conflicts"]]
        assert tip == repo.head()

    def test_a_replaced_unit_that_changed_later_is_in_the_way(self, repo: Repository) -> None:
        repo.replace("d", {"x": b"1"})
        bad = repo.replace("d", {"y": b"2"})
        repo.put("d/z", b"3")
        with pytest.raises(MergeConflictError) as caught:
            revert(repo, bad.id)
        assert ["d"] == [conflict["path"] for conflict in caught.value.details["conflicts"]]

    def test_a_unit_that_a_merge_brought_and_that_changed_later_is_in_the_way(self, repo: Repository) -> None:
        repo.replace("d", {"x": b"1"})
        run_id = new_run_id()
        repo.catalog.transactions.begin(repo.name, run_id)
        commit(repo, replace("d", entries(repo, {"y": b"2"})), branch=f"run:{run_id}")
        repo.catalog.transactions.publish(repo.name, run_id, author="ada")
        repo.put("d/z", b"3")
        with pytest.raises(MergeConflictError) as caught:
            revert(repo, "main~1")
        assert ["d"] == [conflict["path"] for conflict in caught.value.details["conflicts"]]

    def test_what_is_undone_already_returns_the_tip(self, repo: Repository) -> None:
        bad = repo.put("a", b"1")
        made = revert(repo, bad.id)
        repo.put("b", b"1")
        tip = repo.head()
        assert tip == revert(repo, bad.id)
        assert tip == revert(repo, first_parents(repo)[-1])
        assert made.id in first_parents(repo)

    def test_a_commit_of_one_branch_is_reverted_on_another(self, repo: Repository) -> None:
        bad = repo.put("a", b"1")
        repo.branch("topic")
        repo.put("b", b"1", branch="topic")
        revert(repo, bad.id, branch="topic")
        assert ({"a": b"1"}, {"b": b"1"}) == (files(repo), files(repo, "topic"))

    def test_ref_and_branch_must_be_there(self, repo: Repository) -> None:
        repo.tag("v1")
        for ref, branch, error in (
            ("nothing", "main", RefNotFoundError),
            ("main", "nothing", RefNotFoundError),
            ("main", "v1", RefNotFoundError),
            ("main", "main~1", InvalidInputError),
        ):
            with pytest.raises(error):
                revert(repo, ref, branch=branch)


class RestoreContract(CatalogContract):
    """`History.restore`. Needs the fixture `catalog`."""

    @pytest.fixture
    def edited(self, repo: Repository) -> Repository:
        """Returns a repository in which everything differs between the tag `good` and the branch `main`."""
        repo.put("d", {"x": b"1", "y": b"1", "sub/x": b"1"})
        repo.put("raw/a", b"1")
        repo.put("raw/b", b"1")
        for partition in ("p", "q"):
            repo.replace(f"t/{partition}", {"x": b"1"}, dataset="t")
        repo.put("gone", b"1")
        repo.tag("good")
        commit(
            repo,
            put("d", entries(repo, {"x": b"2", "z": b"2"})),
            delete("d/sub"),
            put("raw/a", entries(repo, {"": b"2"})),
            put("raw/c", entries(repo, {"": b"2"})),
            replace("t/p", entries(repo, {"y": b"2"}), dataset="t"),
            replace("t/r", entries(repo, {"y": b"2"}), dataset="t"),
            delete("gone"),
            put("new", entries(repo, {"": b"2"})),
        )
        return repo

    @pytest.mark.parametrize(
        "path",
        [
            "d",
            "d/x",
            "d/z",
            "d/sub",
            "d/sub/x",
            "raw",
            "raw/a",
            "raw/c",
            "t",
            "t/p",
            "t/q",
            "t/r",
            "gone",
            "new",
        ],
    )
    def test_a_path_becomes_what_it_was_and_nothing_else_changes(self, edited: Repository, path: str) -> None:
        def outside(ref: str) -> dict[str, bytes]:
            return {
                name: text
                for name, text in files(edited, ref).items()
                if not f"{name}/".startswith(f"{path}/")
            }

        tip, good = edited.head(), files(edited, "good", path)
        made = restore(edited, path)
        assert made == edited.head()
        assert good == files(edited, "main", path)
        assert outside(tip.id) == outside("main")
        assert () == edited.catalog.history.diff(edited.name, "good", "main", path=path).items
        assert made == tip if path == "t/q" else (tip.id,) == made.parents

    def test_a_restored_dataset_is_partitioned_as_it_was(self, edited: Repository) -> None:
        edited.replace("t", {"flat": b"3"})
        restore(edited, "t")
        assert [edited.catalog.objects.get_dataset(edited.name, ref, "t") for ref in ("good", "good")] == [
            edited.catalog.objects.get_dataset(edited.name, ref, "t") for ref in ("main", "good")
        ]

    def test_a_restored_partition_of_a_dataset_that_is_gone_declares_it(self, edited: Repository) -> None:
        commit(edited, delete("t"))
        restore(edited, "t/p")
        found = edited.catalog.objects.get_dataset(edited.name, "main", "t/p/x")
        assert ("t", 1, 1) == (found.path, found.partition_depth, found.objects)

    def test_datasets_that_became_one_are_what_they_were(self, edited: Repository) -> None:
        edited.replace("raw", {"a": b"3", "z": b"3"})
        restore(edited, "raw")
        assert {"raw/a": b"1", "raw/b": b"1"} == files(edited, path="raw")
        listed = edited.catalog.objects.list_datasets(edited.name, "main", path="raw").items
        assert ["raw/a", "raw/b"] == [dataset.path for dataset in listed]

    def test_a_folder_that_became_an_object_is_what_it_was(self, edited: Repository) -> None:
        commit(edited, delete("d"), put("d", entries(edited, {"": b"3"})))
        with pytest.raises(PathConflictError):
            restore(edited, "d/x")
        restore(edited, "d")
        assert files(edited, "good", "d") == files(edited, path="d")

    def test_a_restore_says_who_and_why(self, edited: Repository) -> None:
        made = edited.catalog.history.restore(
            edited.name, "d", source="good", branch="main", author="grace", message="zurück"
        )
        assert ("grace", "zurück", ("d",)) == (made.author, made.message, made.replaced)
        assert "restore t from good" == restore(edited, "t").message

    def test_what_is_so_already_returns_the_tip(self, edited: Repository) -> None:
        tip = edited.head()
        assert tip == restore(edited, "d", source="main")
        made = restore(edited, "d")
        assert made == restore(edited, "d")

    def test_where_nothing_ever_was_nothing_is_restored(self, edited: Repository) -> None:
        with pytest.raises(ObjectNotFoundError, match="nothing at 'never'") as caught:
            restore(edited, "never")
        assert {"path": "never"} == caught.value.details

    def test_source_and_branch_must_be_there(self, edited: Repository) -> None:
        for source, branch, error in (
            ("nothing", "main", RefNotFoundError),
            ("good", "nothing", RefNotFoundError),
            ("main", "good", RefNotFoundError),
            ("main", "main~1", InvalidInputError),
        ):
            with pytest.raises(error):
                restore(edited, "d", source=source, branch=branch)

    def test_a_restore_can_be_reverted(self, edited: Repository) -> None:
        tip = edited.head()
        restore(edited, "d")
        revert(edited, "main")
        assert tip.root == edited.head().root


def revert(repo: Repository, ref: str, *, branch: str = "main") -> Commit:
    """Reverts a commit."""
    return repo.catalog.history.revert(repo.name, ref, branch=branch, author="ada")


def restore(repo: Repository, path: str, *, source: str = "good", branch: str = "main") -> Commit:
    """Restores a path."""
    return repo.catalog.history.restore(repo.name, path, source=source, branch=branch, author="ada")
