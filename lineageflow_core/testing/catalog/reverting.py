"""What every catalog promises about undoing commits: nothing is rewritten, each undoing is a new commit."""

import pytest

from lineageflow_core.errors import InvalidInputError, MergeConflictError, RefNotFoundError
from lineageflow_core.model.change import delete, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.merge import Side
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
    """`Merging.revert` and `preview_revert`. Needs the fixture `catalog`."""

    def test_a_revert_takes_back_one_commit_and_leaves_what_came_later(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1", "y": b"1"})
        bad = commit(
            repo, put("d/x", entries(repo, {"": b"2"})), delete("d/y"), put("e", entries(repo, {"": b"2"}))
        )
        later = repo.put("d/z", b"3")
        made = repo.catalog.merging.revert(repo.name, [bad.id], branch="main", author="grace", message="oops")
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

    def test_a_range_is_reverted_newest_first_by_one_commit_each(self, repo: Repository) -> None:
        start = repo.put("d", {"x": b"0"})
        undone = [repo.put("d/x", text) for text in (b"1", b"2", b"3")]
        repo.put("e", b"1")
        repo.revert(f"{start.id}..{undone[-1].id}")
        assert {"d/x": b"0", "e": b"1"} == files(repo)
        made = repo.catalog.history.log(repo.name, "main", limit=3).items
        assert [each.id for each in undone] == [each.metadata["reverts"] for each in made]
        assert [each.parents for each in made[:2]] == [(each.id,) for each in made[1:]]

    def test_several_commits_are_reverted_in_the_order_given(self, repo: Repository) -> None:
        first, second = repo.put("a", b"1"), repo.put("a", b"2")
        made = repo.revert(second.id, first.id)
        assert ({}, first.id) == (files(repo), made.metadata["reverts"])
        assert second.id == repo.head("main~1").metadata["reverts"]

    def test_all_of_a_range_is_reverted_or_nothing(self, repo: Repository) -> None:
        start = repo.put("a", b"1")
        for path in ("b", "a", "c"):
            repo.put(path, b"2")
        tip = repo.put("a", b"3")
        with pytest.raises(MergeConflictError, match=r"revert .* both sides changed a;") as caught:
            repo.revert(f"{start.id}..main~1")
        [conflict] = caught.value.details["conflicts"]
        assert repo.head("main~2").id == conflict["source"]
        assert tip == repo.head()

    def test_a_pick_or_a_strategy_decides_against_later_work(self, repo: Repository) -> None:
        bad = repo.put("d", {"x": b"1", "y": b"1"})
        repo.put("d", {"x": b"2", "y": b"2"})
        repo.catalog.merging.revert(
            repo.name,
            [bad.id],
            branch="main",
            author="ada",
            picks={"d/x": Side.THEIRS},
            strategy=Side.OURS,
        )
        assert {"d/y": b"2"} == files(repo)

    def test_who_made_each_side_of_a_conflict_is_told(self, repo: Repository) -> None:
        bad = repo.put("a", b"1")
        later = repo.put("a", b"2")
        repo.put("b", b"1")
        preview = repo.catalog.merging.preview_revert(repo.name, [bad.id], branch="main")
        [conflict] = preview.conflicts
        assert conflict.ours_by is not None
        assert conflict.theirs_by is not None
        assert (later.id, bad.id) == (conflict.ours_by.commit, conflict.theirs_by.commit)

    def test_a_merge_is_reverted_against_the_parent_that_is_named(self, repo: Repository) -> None:
        repo.branch("topic")
        repo.put("theirs", b"1", branch="topic")
        repo.put("ours", b"1")
        merged = repo.merge("topic")
        repo.branch("copy")
        for branch, mainline in (("main", 1), ("copy", 2)):
            repo.catalog.merging.revert(
                repo.name, [merged.id], branch=branch, author="ada", mainline=mainline
            )
        assert ({"ours": b"1"}, {"theirs": b"1"}) == (files(repo), files(repo, "copy"))

    @pytest.mark.parametrize("mainline", [0, 2])
    def test_a_parent_that_is_not_there_is_refused(self, repo: Repository, mainline: int) -> None:
        made = repo.put("a", b"1")
        with pytest.raises(InvalidInputError, match=f"has no parent number {mainline}"):
            repo.catalog.merging.revert(repo.name, [made.id], branch="main", author="ada", mainline=mainline)

    def test_a_range_takes_each_merge_as_one_step(self, repo: Repository) -> None:
        start = repo.put("a", b"1")
        repo.branch("topic")
        for text in (b"1", b"2"):
            repo.put("b", text, branch="topic")
        repo.put("c", b"1")
        merged = repo.merge("topic")
        repo.revert(f"{start.id}..{merged.id}")
        assert {"a": b"1"} == files(repo)
        assert 2 + 2 + 2 == len(first_parents(repo))

    @pytest.mark.parametrize("text", ["main..main", "main..main~1", "..main", "main..", "main...main"])
    def test_a_range_that_is_empty_or_open_is_refused(self, repo: Repository, text: str) -> None:
        tip = repo.put("a", b"1")
        with pytest.raises(InvalidInputError, match="range"):
            repo.revert(text)
        assert tip == repo.head()

    def test_no_commits_at_all_are_refused(self, repo: Repository) -> None:
        with pytest.raises(InvalidInputError, match="no commits were named"):
            repo.revert()

    def test_a_preview_of_a_revert_says_what_would_differ_and_does_nothing(self, repo: Repository) -> None:
        first = repo.put("a", b"1")
        second = repo.put("b", b"1")
        merging = repo.catalog.merging
        preview = merging.preview_revert(repo.name, ["main~2..main"], branch="main")
        assert (second.id, (second.id, first.id)) == (preview.head, preview.sources)
        assert ["a", "b"] == [diff.path for diff in preview.datasets]
        assert (False, ()) == (preview.up_to_date, preview.conflicts)
        assert second == repo.head()
        repo.revert("main~2..main")
        assert merging.preview_revert(repo.name, [first.id], branch="main").up_to_date


def revert(repo: Repository, ref: str, *, branch: str = "main") -> Commit:
    """Reverts a commit."""
    return repo.catalog.merging.revert(repo.name, [ref], branch=branch, author="ada")
