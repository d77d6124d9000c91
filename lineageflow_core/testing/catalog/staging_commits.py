"""What every catalog promises about committing what is staged, and about doing so again."""

from collections.abc import Callable, Sequence

import pytest

from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    ObjectNotFoundError,
    RuleViolatedError,
)
from lineageflow_core.model.change import delete, move, put, replace
from lineageflow_core.model.merge import Side
from lineageflow_core.model.settings import BranchRule
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, files
from lineageflow_core.testing.catalog.staging_scene import (
    commit_staged,
    discard,
    putting,
    set_rules,
    stage,
    staged,
    staged_files,
    state,
)


class CommitStagedContract(CatalogContract):
    """`Staging.commit_staged` and `update_draft`. Needs the fixture `catalog`."""

    def test_some_paths_are_committed_and_the_rest_stays_staged(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1", "y": b"1"})
        stage(repo, putting(repo, "d/x", b"2"), delete("d/y"), putting(repo, "e", b"2"))
        stage(repo, replace("f", entries(repo, {"z": b"2"})))
        made = commit_staged(repo, "d/x", "f")
        assert ({"d/x": b"2", "d/y": b"1", "f/z": b"2"}, ("f",)) == (files(repo), made.replaced)
        assert {"d/y": "removed", "e": "added"} == staged(repo)
        found = repo.catalog.staging.get_draft(repo.name, "main", author="ada")
        assert (made.id, 0, ()) == (found.draft.base, found.behind, found.draft.replaced)
        commit_staged(repo, "d", "e")
        assert {"d/x": b"2", "e": b"2", "f/z": b"2"} == files(repo)
        assert {} == staged(repo)

    def test_one_file_of_a_new_dataset_is_committed(self, repo: Repository) -> None:
        stage(repo, put("d", entries(repo, {"x": b"1", "y": b"2"})))
        commit_staged(repo, "d/x")
        assert ({"d/x": b"1"}, {"d/y": "added"}) == (files(repo), staged(repo))
        assert "d" == repo.catalog.objects.get_dataset(repo.name, "main", "d/x").path

    @pytest.mark.parametrize("end", ["a/x", "b/x"])
    def test_a_move_is_committed_by_either_end(self, repo: Repository, end: str) -> None:
        repo.put("a/x", b"1")
        stage(repo, move("a/x", "b/x"), putting(repo, "c", b"2"))
        commit_staged(repo, end)
        assert ({"b/x": b"1"}, {"c": "added"}) == (files(repo), staged(repo))

    @pytest.mark.parametrize("end", ["raw", "raw2"])
    def test_a_dataset_that_moved_and_changed_inside_is_committed_by_either_end(
        self, repo: Repository, end: str
    ) -> None:
        repo.put("raw", {"d/x": b"1"})
        stage(repo, move("raw/d", "raw/d/inner"), move("raw", "raw2"), putting(repo, "c", b"2"))
        commit_staged(repo, end)
        assert ({"raw2/d/inner/x": b"1"}, {"c": "added"}) == (files(repo), staged(repo))

    def test_what_is_staged_as_one_thing_is_committed_as_one_thing(self, repo: Repository) -> None:
        tip = repo.put("d", {"x": b"1"})
        stage(repo, replace("d", entries(repo, {"y": b"2"})), putting(repo, "e", b"1"))
        with pytest.raises(InvalidInputError, match="'d/y' is part of 'd'"):
            commit_staged(repo, "d/y")
        with pytest.raises(ObjectNotFoundError):
            commit_staged(repo, "e", "nothing")
        assert tip == repo.head()
        commit_staged(repo, "d")
        assert ({"d/y": b"2"}, {"e"}) == (files(repo), set(staged(repo)))

    def test_what_others_committed_meanwhile_stays(self, repo: Repository) -> None:
        repo.put("d", {"x": b"0", "y": b"0"})
        stage(repo, putting(repo, "d/x", b"1"), putting(repo, "e", b"1"))
        tip = repo.put("d/y", b"2")
        made = commit_staged(repo, "d/x")
        assert ((tip.id,), {"d/x": b"1", "d/y": b"2"}) == (made.parents, files(repo))
        assert {"e": "added"} == staged(repo)
        assert made.id == repo.catalog.staging.get_draft(repo.name, "main", author="ada").draft.base

    def test_what_both_changed_is_a_conflict_that_leaves_everything_as_it_was(self, repo: Repository) -> None:
        repo.put("d", {"x": b"0", "y": b"0"})
        draft = stage(repo, putting(repo, "d/x", b"1"), putting(repo, "e", b"1"))
        tip = repo.put("d/x", b"2")
        with pytest.raises(MergeConflictError, match="d/x") as caught:
            commit_staged(repo)
        assert ["d/x"] == [conflict["path"] for conflict in caught.value.details["conflicts"]]
        assert (tip, draft.commit) == (repo.head(), repo.head("stage:main:ada").id)
        made = commit_staged(repo, **{"d/x": Side.THEIRS})
        assert ({"d/x": b"1", "d/y": b"0", "e": b"1"}, (tip.id,)) == (files(repo), made.parents)
        assert {} == staged(repo)

    def test_what_is_replaced_on_one_side_conflicts_with_any_change_on_the_other(
        self, repo: Repository
    ) -> None:
        repo.replace("d", {"0": b"0"})
        stage(repo, replace("d", entries(repo, {"1": b"1"})))
        stage(repo, putting(repo, "e/2", b"2", dataset="e"), author="bob")
        repo.put("d/2", b"2")
        repo.replace("e", {"1": b"1"})
        for author, unit in (("ada", "d"), ("bob", "e")):
            with pytest.raises(MergeConflictError) as caught:
                commit_staged(repo, author=author)
            assert [(unit, "unit")] == [
                (each["path"], each["kind"]) for each in caught.value.details["conflicts"]
            ]

    def test_a_rest_that_is_in_conflict_stays_staged_on_its_old_base(self, repo: Repository) -> None:
        base = repo.put("d", {"x": b"0", "y": b"0"})
        stage(repo, putting(repo, "d/x", b"1"), putting(repo, "d/y", b"1"))
        repo.put("d/y", b"2")
        made = commit_staged(repo, "d/x")
        assert {"d/x": b"1", "d/y": b"2"} == files(repo)
        found = repo.catalog.staging.get_draft(repo.name, "main", author="ada")
        assert ({"d/y": "changed"}, base.id, 2) == (staged(repo), found.draft.base, found.behind)
        with pytest.raises(MergeConflictError):
            commit_staged(repo)
        repo.catalog.staging.update_draft(repo.name, "main", author="ada", picks={"d/y": Side.THEIRS})
        assert (made.id,) == commit_staged(repo).parents
        assert {"d/x": b"1", "d/y": b"1"} == files(repo)

    def test_what_is_there_already_is_nothing_to_commit_and_no_longer_staged(self, repo: Repository) -> None:
        stage(repo, putting(repo, "a", b"1"))
        tip = repo.put("a", b"1")
        assert tip == commit_staged(repo) == repo.head()
        assert () == repo.catalog.staging.list_drafts(repo.name).items

    def test_an_update_bases_what_is_staged_on_the_tip(self, repo: Repository) -> None:
        repo.put("d", {"x": b"0", "y": b"0"})
        before = stage(repo, putting(repo, "d/x", b"1"), replace("f", entries(repo, {"z": b"1"})))
        update = repo.catalog.staging.update_draft
        assert before == update(repo.name, "main", author="ada")
        tip = repo.put("d/y", b"2")
        draft = update(repo.name, "main", author="ada")
        assert ((tip.id, ("f",)), tip) == ((draft.base, draft.replaced), repo.head())
        assert {"d/x": b"1", "d/y": b"2", "f/z": b"1"} == staged_files(repo)
        assert {"d/x": "changed", "f/z": "added"} == staged(repo)
        repo.put("d/x", b"3")
        with pytest.raises(MergeConflictError, match="d/x"):
            update(repo.name, "main", author="ada")
        assert draft.commit == repo.head("stage:main:ada").id
        taken = update(repo.name, "main", author="ada", picks={"d/x": Side.OURS})
        assert (repo.head().id, {"f/z": "added"}) == (taken.base, staged(repo))

    def test_an_update_of_nothing_is_the_tip(self, repo: Repository) -> None:
        repo.put("a", b"1")
        draft = repo.catalog.staging.update_draft(repo.name, "main", author="ada")
        assert repo.head().id == draft.base == draft.commit

    def test_the_rules_of_the_branch_hold_and_leave_what_is_staged(self, repo: Repository) -> None:
        draft = stage(repo, putting(repo, "a", b"1"))
        rules = (
            BranchRule(pattern="main", required_metadata=("ticket",)),
            BranchRule(pattern="main", merges_only=True),
            BranchRule(pattern="main", writers=("bob",)),
        )
        for rule in rules:
            set_rules(repo, rule)
            with pytest.raises(RuleViolatedError):
                commit_staged(repo)
            assert draft.commit == repo.head("stage:main:ada").id
        set_rules(repo, rules[0])
        made = repo.catalog.staging.commit_staged(
            repo.name, "main", author="ada", message="", metadata={"ticket": "DS-1"}
        )
        assert made == repo.head()

    def test_a_renamed_branch_takes_what_is_staged_along(self, repo: Repository) -> None:
        repo.branch("topic")
        stage(repo, putting(repo, "a", b"1"), branch="topic")
        repo.catalog.refs.rename_branch(repo.name, "topic", "other", author="bob")
        made = commit_staged(repo, branch="other")
        assert (made, {"a": b"1"}) == (repo.head("other"), files(repo, "other"))

    def test_a_point_in_history_takes_no_commits(self, repo: Repository) -> None:
        stage(repo, putting(repo, "a", b"1"))
        with pytest.raises(InvalidInputError):
            commit_staged(repo, branch="main~0")


KEY = "key/with ünlü characters"


class StagingKeyContract(CatalogContract):
    """Calls that are repeated with their key. Needs the fixture `catalog`."""

    @pytest.mark.parametrize(
        "call",
        [
            lambda repo: stage(repo, putting(repo, "new", b"1"), key=KEY),
            lambda repo: stage(repo, delete("a"), key=KEY),
            lambda repo: stage(repo, key=KEY),
            lambda repo: discard(repo, key=KEY),
            lambda repo: discard(repo, "a", key=KEY),
            lambda repo: repo.catalog.staging.update_draft(
                repo.name, "main", author="ada", picks={"a": Side.THEIRS}, key=KEY
            ),
            lambda repo: commit_staged(repo, "b", key=KEY),
            lambda repo: commit_staged(repo, a=Side.THEIRS, key=KEY),
        ],
        ids=["stage", "unstage", "nothing", "discard", "discard a path", "update", "commit some", "commit"],
    )
    def test_a_call_repeated_with_its_key_changes_nothing(
        self, repo: Repository, call: Callable[[Repository], object]
    ) -> None:
        stage(repo, putting(repo, "a", b"1"), putting(repo, "b", b"1"))
        repo.put("a", b"0")
        first = call(repo)
        assert first == call(repo)
        repo.put("later", b"1")
        stage(repo, putting(repo, "more", b"1"))
        before = state(repo)
        assert first == call(repo)
        assert before == state(repo)

    def test_a_call_that_left_nothing_is_repeated_as_that(self, repo: Repository) -> None:
        first = stage(repo, key=KEY)
        stage(repo, putting(repo, "a", b"1"))
        assert (first, {"a": "added"}) == (stage(repo, key=KEY), staged(repo))

    def test_a_key_that_was_used_for_something_else_is_refused(self, repo: Repository) -> None:
        stage(repo, putting(repo, "a", b"1"), key=KEY)
        calls: Sequence[Callable[[], object]] = (
            lambda: stage(repo, putting(repo, "a", b"1"), author="bob", key=KEY),
            lambda: discard(repo, key=KEY),
            lambda: commit_staged(repo, key=KEY),
            lambda: commit(repo, key=KEY),
        )
        for call in calls:
            with pytest.raises(InvalidInputError, match="used before, for stage on stage:main:ada"):
                call()
        assert {"a": "added"} == staged(repo)
