"""What every catalog promises about the rules of branches, and about the checks that they ask for."""

from collections.abc import Callable
from typing import Any

import pytest

from lineageflow_core.catalog import Catalog, Checks
from lineageflow_core.errors import CheckRequiredError, RefNotFoundError, RuleViolatedError
from lineageflow_core.model.change import put
from lineageflow_core.model.check import Check, CheckState
from lineageflow_core.model.settings import BranchRule, RepositorySettings
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, new_run_id
from lineageflow_core.testing.signatures import assert_same_signatures

Write = Callable[[Repository], Any]


def protect(repo: Repository, *rules: BranchRule) -> None:
    """Makes these the rules of the repository."""
    repo.catalog.settings.update_settings(repo.name, RepositorySettings(branch_rules=rules), author="ada")


def check(repo: Repository, ref: str, name: str, state: CheckState = CheckState.PASSED, **said: Any) -> Check:
    """Records what a check found."""
    return repo.catalog.checks.record_check(repo.name, ref, name, state=state, author="ci", **said)


def _merge(repo: Repository, author: str = "ada") -> Any:
    return repo.catalog.merging.merge(repo.name, "topic", into="main", author=author)


def _publish(repo: Repository) -> Any:
    run_id = new_run_id()
    repo.catalog.transactions.begin(repo.name, run_id)
    commit(repo, put("from-run", entries(repo, {"": b"run"})), branch=f"run:{run_id}")
    return repo.catalog.transactions.publish(repo.name, run_id, author="ada")


def _revert(repo: Repository) -> Any:
    return repo.catalog.merging.revert(repo.name, ["main"], branch="main", author="ada")


def _reset(repo: Repository) -> Any:
    return repo.catalog.merging.reset(repo.name, "main", to="topic", author="ada")


def _cherry_pick(repo: Repository) -> Any:
    return repo.catalog.merging.cherry_pick(repo.name, ["topic"], branch="main", author="ada")


WRITES: dict[str, Write] = {
    "commit": lambda repo: repo.put("direct", b"1"),
    "cherry_pick": _cherry_pick,
    "reset": _reset,
    "merge": _merge,
    "publish": _publish,
    "revert": _revert,
}
DIRECT = ("commit", "cherry_pick", "reset")


class RulesContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def forked(self, repo: Repository) -> Repository:
        """Returns a repository whose branch `topic` is a commit ahead of `main`, which has one, too."""
        repo.put("a", b"1")
        repo.branch("topic")
        repo.put("b", b"2", branch="topic")
        return repo

    @pytest.mark.parametrize("write", WRITES)
    def test_only_its_writers_move_a_branch(self, forked: Repository, write: str) -> None:
        before = forked.head()
        protect(forked, BranchRule(pattern="m*", writers=("bob", "eve")))
        with pytest.raises(RuleViolatedError, match="written to by bob, eve only, not by ada") as caught:
            WRITES[write](forked)
        assert ("main", "m*") == (caught.value.details["branch"], caught.value.details["pattern"])
        assert before == forked.head()
        protect(forked, BranchRule(pattern="main", writers=("ada",)))
        WRITES[write](forked)
        assert before != forked.head()

    @pytest.mark.parametrize("write", DIRECT)
    def test_a_branch_of_merges_takes_no_direct_commits(self, forked: Repository, write: str) -> None:
        before = forked.head()
        protect(forked, BranchRule(pattern="main", merges_only=True))
        with pytest.raises(RuleViolatedError, match=r"no direct commits .*merge THAT-BRANCH"):
            WRITES[write](forked)
        assert before == forked.head()

    @pytest.mark.parametrize("write", [write for write in WRITES if write not in DIRECT])
    def test_a_branch_of_merges_takes_merges_and_what_takes_back(
        self, forked: Repository, write: str
    ) -> None:
        before = forked.head()
        protect(forked, BranchRule(pattern="main", merges_only=True))
        WRITES[write](forked)
        assert before != forked.head()

    def test_a_rule_is_about_the_branches_that_its_pattern_matches(self, forked: Repository) -> None:
        protect(forked, BranchRule(pattern="release-*", merges_only=True))
        forked.put("c", b"1")
        forked.branch("release-1")
        with pytest.raises(RuleViolatedError, match="release"):
            forked.put("c", b"2", branch="release-1")

    def test_of_several_rules_all_hold(self, forked: Repository) -> None:
        protect(
            forked,
            BranchRule(pattern="main", writers=("ada",)),
            BranchRule(pattern="*", merges_only=True),
        )
        with pytest.raises(RuleViolatedError, match="no direct commits"):
            forked.put("c", b"1")
        with pytest.raises(RuleViolatedError, match="not by bob"):
            _merge(forked, author="bob")

    def test_commits_have_the_metadata_that_a_rule_requires(self, forked: Repository) -> None:
        protect(forked, BranchRule(pattern="main", required_metadata=("ticket", "reason")))
        changes = [put("c", entries(forked, {"": b"1"}))]

        def write(**metadata: str) -> Any:
            return forked.catalog.history.commit(
                forked.name, "main", changes, author="ada", message="m", metadata=metadata
            )

        for lacking in ({}, {"ticket": "T-1"}, {"ticket": "T-1", "reason": " "}):
            with pytest.raises(RuleViolatedError, match=r"requires metadata .*reason"):
                write(**lacking)
        assert {"ticket": "T-1", "reason": "r"} == write(ticket="T-1", reason="r").metadata

    @pytest.mark.parametrize("verb", ["merge", "cherry_pick", "reset"])
    def test_what_brings_something_in_has_the_metadata_that_a_rule_requires(
        self, forked: Repository, verb: str
    ) -> None:
        protect(forked, BranchRule(pattern="main", required_metadata=("ticket",)))
        merging, name = forked.catalog.merging, forked.name
        calls: dict[str, Callable[[dict[str, str]], Any]] = {
            "merge": lambda given: merging.merge(name, "topic", into="main", author="ada", metadata=given),
            "cherry_pick": lambda given: merging.cherry_pick(
                name, ["topic"], branch="main", author="ada", metadata=given
            ),
            "reset": lambda given: merging.reset(name, "main", to="topic", author="ada", metadata=given),
        }
        with pytest.raises(RuleViolatedError, match=r"requires metadata .*ticket"):
            calls[verb]({})
        assert "T-1" == calls[verb]({"ticket": "T-1"}).metadata["ticket"]

    @pytest.mark.parametrize("protection", [{"writers": ("ada",)}, {"merges_only": True}, {"checks": ("c",)}])
    def test_a_protected_branch_is_not_deleted_or_renamed(
        self, forked: Repository, protection: dict[str, Any]
    ) -> None:
        refs = forked.catalog.refs
        protect(forked, BranchRule(pattern="topic", **protection))
        with pytest.raises(RuleViolatedError, match=r"protected.*branch unprotect topic"):
            refs.delete_branch(forked.name, "topic", author="ada")
        with pytest.raises(RuleViolatedError, match="protected"):
            refs.rename_branch(forked.name, "topic", "other", author="ada")
        protect(forked)
        refs.rename_branch(forked.name, "topic", "other", author="ada")
        refs.delete_branch(forked.name, "other", author="ada")

    @pytest.mark.parametrize("write", ["merge", "publish"])
    def test_what_is_merged_has_passed_the_checks_that_a_rule_requires(
        self, forked: Repository, write: str
    ) -> None:
        before = forked.head()
        protect(forked, BranchRule(pattern="main", checks=("row-count",)))
        with pytest.raises(CheckRequiredError, match="row-count did not run") as caught:
            WRITES[write](forked)
        assert (["row-count"], []) == (caught.value.details["missing"], caught.value.details["failed"])
        assert before == forked.head()

    def test_a_merge_waits_for_its_checks_and_the_latest_result_counts(self, forked: Repository) -> None:
        protect(forked, BranchRule(pattern="main", checks=("row-count", "schema")))
        check(forked, "topic", "schema")
        check(forked, "topic", "row-count", CheckState.FAILED, summary="3 rows of 4")
        with pytest.raises(CheckRequiredError, match=r"row-count failed \(3 rows of 4\)") as caught:
            _merge(forked)
        assert ([], ["row-count"]) == (caught.value.details["missing"], caught.value.details["failed"])
        check(forked, "topic", "row-count")
        assert _merge(forked) == forked.head()

    def test_checks_of_what_is_merged_in_count_until_what_comes_of_it_was_checked(
        self, forked: Repository
    ) -> None:
        protect(forked, BranchRule(pattern="main", checks=("schema",)))
        forked.put("c", b"1")
        forked.branch("trial", base="main")
        check(forked, "topic", "schema")
        forked.catalog.merging.merge(forked.name, "topic", into="trial", author="ada")
        check(forked, "trial", "schema", CheckState.FAILED)
        with pytest.raises(CheckRequiredError, match="schema failed"):
            _merge(forked)
        forked.put("c", b"2")
        assert _merge(forked) == forked.head()

    def test_what_takes_back_needs_no_checks(self, forked: Repository) -> None:
        protect(forked, BranchRule(pattern="main", checks=("row-count",), merges_only=True))
        assert _revert(forked) == forked.head()

    def test_a_preview_says_what_the_rules_would_refuse_and_ask_for(self, forked: Repository) -> None:
        protect(
            forked,
            BranchRule(
                pattern="main",
                merges_only=True,
                checks=("row-count",),
                required_metadata=("ticket",),
                writers=("ada",),
            ),
        )
        merging = forked.catalog.merging
        refused = merging.preview_merge(forked.name, "topic", into="main")
        assert (("ticket",), ("ada",)) == (refused.required_metadata, refused.writers)
        assert ["row-count did not run on it" in each for each in refused.refusals] == [True]
        check(forked, "topic", "row-count")
        assert () == merging.preview_merge(forked.name, "topic", into="main").refusals
        picked = merging.preview_cherry_pick(forked.name, ["topic"], branch="main")
        assert ["takes no direct commits" in each for each in picked.refusals] == [True]
        reverted = merging.preview_revert(forked.name, ["main"], branch="main")
        assert ((), ()) == (reverted.refusals, reverted.required_metadata)

    def test_a_run_publishes_what_its_checks_passed_on(self, forked: Repository) -> None:
        protect(forked, BranchRule(pattern="main", checks=("row-count",)))
        run_id = new_run_id()
        forked.catalog.transactions.begin(forked.name, run_id)
        commit(forked, put("c", entries(forked, {"": b"run"})), branch=f"run:{run_id}")
        with pytest.raises(CheckRequiredError):
            forked.catalog.transactions.publish(forked.name, run_id, author="ada")
        check(forked, f"run:{run_id}", "row-count", run_id=run_id)
        forked.catalog.transactions.publish(forked.name, run_id, author="ada")
        assert b"run" == forked.read_bytes("c")


class ChecksContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Checks, catalog.checks)

    def test_content_that_nobody_checked_has_no_checks(self, repo: Repository) -> None:
        assert () == repo.catalog.checks.list_checks(repo.name, "main")

    def test_a_check_says_who_found_what_in_which_content(self, repo: Repository) -> None:
        tip, run_id = repo.put("a", b"1"), new_run_id()
        found = check(repo, "main", "row-count", summary="4 rows", details={"rows": "4"}, run_id=run_id)
        assert found == Check(
            name="row-count",
            state=CheckState.PASSED,
            root=tip.root,
            commit=tip.id,
            author="ci",
            at=found.at,
            run_id=run_id,
            summary="4 rows",
            details={"rows": "4"},
        )
        assert (found,) == repo.catalog.checks.list_checks(repo.name, "main")

    def test_equal_content_has_equal_checks_and_other_content_has_others(self, repo: Repository) -> None:
        first = repo.put("a", b"1")
        found = check(repo, "main", "row-count")
        repo.put("a", b"2")
        assert () == repo.catalog.checks.list_checks(repo.name, "main")
        again = repo.put("a", b"1")
        assert first.id != again.id
        assert (found,) == repo.catalog.checks.list_checks(repo.name, "main")

    def test_checks_are_listed_by_name_each_with_its_latest_result(self, repo: Repository) -> None:
        for name in ("schema", "row-count", "B"):
            check(repo, "main", name, CheckState.FAILED)
        latest = check(repo, "main", "schema")
        listed = repo.catalog.checks.list_checks(repo.name, "main")
        assert ["B", "row-count", "schema"] == [each.name for each in listed]
        assert latest == listed[2]

    def test_a_result_recorded_again_with_its_key_replaces_nothing(self, repo: Repository) -> None:
        first = check(repo, "main", "schema", CheckState.FAILED, key="k")
        second = check(repo, "main", "schema")
        assert first == check(repo, "main", "schema", CheckState.FAILED, key="k")
        assert (second,) == repo.catalog.checks.list_checks(repo.name, "main")

    def test_what_is_checked_must_be_there(self, repo: Repository) -> None:
        with pytest.raises(RefNotFoundError):
            check(repo, "nothing", "schema")
