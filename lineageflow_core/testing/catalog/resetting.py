"""What every catalog promises about going back to a state: a new commit with the content of an old one."""

import pytest

from lineageflow_core.errors import (
    InvalidInputError,
    ObjectNotFoundError,
    PathConflictError,
    RefNotFoundError,
)
from lineageflow_core.model.change import delete, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, files, first_parents


class ResetContract(CatalogContract):
    """`Merging.reset` and `preview_reset`, of a branch and of a path. Needs the fixture `catalog`."""

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
        made = edited.catalog.merging.reset(
            edited.name, "main", to="good", path="d", author="grace", message="zurück"
        )
        assert ("grace", "zurück", ("d",)) == (made.author, made.message, made.replaced)
        assert "restore t from good" == restore(edited, "t").message

    def test_a_message_tells_which_commit_a_ref_that_counts_back_was(self, edited: Repository) -> None:
        before = edited.head("main~1").id[:8]
        made = edited.catalog.merging.reset(edited.name, "main", to="main~1", author="ada")
        assert f"reset main to main~1 ({before})" == made.message

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
        edited.revert("main")
        assert tip.root == edited.head().root

    def test_a_branch_becomes_what_it_was_and_its_history_stays(self, edited: Repository) -> None:
        tip = edited.head()
        made = edited.reset("good")
        assert made == edited.head()
        assert edited.head("good").root == made.root
        assert ((tip.id,), {"reset_to": edited.head("good").id}) == (made.parents, made.metadata)
        assert "reset main to good" == made.message
        assert [made.id, tip.id, edited.head("good").id] == first_parents(edited)[:3]

    def test_what_a_reset_writes_are_the_datasets_that_changed(self, edited: Repository) -> None:
        assert ("d", "gone", "new", "raw/a", "raw/c", "t") == edited.reset("good").replaced
        edited.put("raw/b", b"3")
        assert ("raw/b",) == restore(edited, "raw").replaced
        edited.replace("t/p", {"x": b"4"}, dataset="t")
        assert ("t/p",) == restore(edited, "t/p").replaced

    def test_a_reset_to_a_tag_is_not_a_revert_of_its_commit(self, repo: Repository) -> None:
        repo.put("a", b"1")
        repo.tag("v1")
        later = repo.put("b", b"1")
        repo.branch("copy")
        repo.revert("v1")
        assert {"b": b"1"} == files(repo)
        repo.reset("v1", branch="copy")
        assert {"a": b"1"} == files(repo, "copy")
        repo.revert("copy", branch="copy")
        assert later.root == repo.head("copy").root

    def test_a_branch_can_be_reset_to_any_ref(self, edited: Repository) -> None:
        other = edited.catalog.refs.create_branch(edited.name, "other", source="good", author="ada")
        assert edited.head("main").root == edited.reset("main", branch=other.name).root

    def test_a_preview_of_a_reset_says_what_would_differ_and_does_nothing(self, edited: Repository) -> None:
        tip, merging = edited.head(), edited.catalog.merging
        preview = merging.preview_reset(edited.name, "main", to="good")
        assert (tip.id, (edited.head("good").id,), False, ()) == (
            preview.head,
            preview.sources,
            preview.up_to_date,
            preview.conflicts,
        )
        diffs = edited.catalog.history.diff_datasets(edited.name, "main", "good").items
        assert diffs == preview.datasets
        of_path = merging.preview_reset(edited.name, "main", to="good", path="t/p")
        assert [("t", ("p",))] == [(diff.path, diff.partitions) for diff in of_path.datasets]
        assert merging.preview_reset(edited.name, "main", to="main").up_to_date
        assert tip == edited.head()


def restore(repo: Repository, path: str, *, source: str = "good", branch: str = "main") -> Commit:
    """Restores a path."""
    return repo.catalog.merging.reset(repo.name, branch, to=source, path=path, author="ada")
