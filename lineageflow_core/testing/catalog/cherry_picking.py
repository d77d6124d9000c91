"""What every catalog promises about cherry-picking: doing on one branch what commits did elsewhere."""

import pytest

from lineageflow_core.errors import InvalidInputError, MergeConflictError, RefNotFoundError
from lineageflow_core.model.change import delete, put, replace
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


class CherryPickContract(CatalogContract):
    """`Merging.cherry_pick` and `preview_cherry_pick`. Needs the fixture `catalog`."""

    @pytest.fixture
    def parted(self, repo: Repository) -> Repository:
        """Returns a repository whose branch `topic` has three commits of its own, and `main` one."""
        repo.put("d", {"x": b"0", "y": b"0"})
        repo.branch("topic")
        commit(
            repo, put("d/x", entries(repo, {"": b"1"})), put("e", entries(repo, {"": b"1"})), branch="topic"
        )
        commit(repo, delete("d/y"), branch="topic")
        repo.put("f", b"1", branch="topic")
        repo.put("g", b"1")
        return repo

    def test_a_picked_commit_does_what_it_did_and_nothing_else(self, parted: Repository) -> None:
        tip = parted.head()
        made = parted.cherry_pick("topic~1")
        assert made == parted.head()
        assert (tip.id,) == made.parents
        assert {"d/x": b"0", "g": b"1"} == files(parted)

    def test_a_picked_commit_keeps_its_message_author_run_and_metadata(self, repo: Repository) -> None:
        run_id = new_run_id()
        repo.branch("topic")
        source = repo.catalog.history.commit(
            repo.name,
            "topic",
            [put("a", entries(repo, {"": b"1"}))],
            author="grace",
            message="add a",
            metadata={"ticket": "7"},
            run_id=run_id,
        )
        made = repo.catalog.merging.cherry_pick(
            repo.name, ["topic"], branch="main", author="ada", metadata={"reason": "urgent"}
        )
        assert ("grace", "add a", run_id) == (made.author, made.message, made.run_id)
        assert {
            "ticket": "7",
            "reason": "urgent",
            "cherry_picked_from": source.id,
            "cherry_picked_by": "ada",
        } == made.metadata

    def test_a_message_that_is_given_is_taken(self, parted: Repository) -> None:
        made = parted.catalog.merging.cherry_pick(
            parted.name, ["topic"], branch="main", author="ada", message="backport"
        )
        assert "backport" == made.message

    def test_a_range_is_picked_oldest_first_by_one_commit_each(self, parted: Repository) -> None:
        made = parted.cherry_pick("main..topic")
        picked = [parted.head(f"main~{back}").metadata["cherry_picked_from"] for back in range(3)]
        assert [parted.head(f"topic~{back}").id for back in range(3)] == picked
        assert made == parted.head()
        assert {"d/x": b"1", "e": b"1", "f": b"1", "g": b"1"} == files(parted)

    def test_every_commit_on_the_way_can_be_read(self, parted: Repository) -> None:
        parted.cherry_pick("main..topic")
        assert {"d/x": b"1", "d/y": b"0", "e": b"1", "g": b"1"} == files(parted, "main~2")
        assert {"d/x": b"1", "e": b"1", "g": b"1"} == files(parted, "main~1")
        assert ["d"] == [
            diff.path for diff in parted.catalog.history.diff_datasets(parted.name, "main~2", "main~1").items
        ]

    def test_a_later_commit_of_a_range_builds_on_an_earlier_one(self, repo: Repository) -> None:
        repo.branch("topic")
        repo.replace("d", {"x": b"1"}, branch="topic")
        repo.put("d/y", b"2", branch="topic")
        repo.replace("d", {"z": b"3"}, branch="topic")
        repo.cherry_pick("main..topic")
        assert {"d/z": b"3"} == files(repo)

    def test_several_commits_are_picked_in_the_order_given(self, parted: Repository) -> None:
        made = parted.cherry_pick("topic", "topic~1")
        assert parted.head("topic~1").id == made.metadata["cherry_picked_from"]
        assert {"d/x": b"0", "f": b"1", "g": b"1"} == files(parted)

    def test_all_of_a_range_is_picked_or_nothing(self, parted: Repository) -> None:
        tip = parted.put("d/y", b"2")
        with pytest.raises(MergeConflictError, match="cherry-pick") as caught:
            parted.cherry_pick("main..topic")
        assert [("d/y", parted.head("topic~1").id)] == [
            (conflict["path"], conflict["source"]) for conflict in caught.value.details["conflicts"]
        ]
        assert tip == parted.head()

    def test_picks_and_a_strategy_decide_conflicts_of_every_commit(self, parted: Repository) -> None:
        parted.put("d", {"x": b"2", "y": b"2"})
        parted.catalog.merging.cherry_pick(
            parted.name,
            ["main..topic"],
            branch="main",
            author="ada",
            picks={"d/x": Side.THEIRS},
            strategy=Side.OURS,
        )
        assert {"d/x": b"1", "d/y": b"2", "e": b"1", "f": b"1", "g": b"1"} == files(parted)
        # What kept ours changed nothing, and is left out.
        assert [None, "d/x=theirs"] == [
            parted.head(f"main~{back}").metadata.get("decided") for back in range(2)
        ]

    def test_what_the_branch_has_already_is_left_out(self, parted: Repository) -> None:
        once = parted.cherry_pick("topic~1")
        assert once == parted.cherry_pick("topic~1")
        parted.cherry_pick("main..topic")
        assert 3 + 1 + 2 == len(first_parents(parted))

    def test_a_merge_is_picked_against_the_parent_that_is_named(self, repo: Repository) -> None:
        for branch in ("topic", "copy", "other"):
            repo.branch(branch)
        repo.put("theirs", b"1", branch="topic")
        repo.put("ours", b"1")
        merged = repo.merge("topic")
        repo.cherry_pick(merged.id, branch="copy")
        repo.catalog.merging.cherry_pick(repo.name, [merged.id], branch="other", author="ada", mainline=2)
        assert ({"theirs": b"1"}, {"ours": b"1"}) == (files(repo, "copy"), files(repo, "other"))

    def test_a_replaced_unit_is_a_unit_where_it_is_picked(self, repo: Repository) -> None:
        repo.replace("d", {"x": b"1"})
        repo.branch("topic")
        repo.branch("clean")
        repo.replace("d", {"y": b"2"}, branch="topic")
        repo.put("d/z", b"3")
        with pytest.raises(MergeConflictError) as caught:
            repo.cherry_pick("topic")
        assert [("d", "unit")] == [
            (conflict["path"], conflict["kind"]) for conflict in caught.value.details["conflicts"]
        ]
        assert ("d",) == repo.cherry_pick("topic", branch="clean").replaced

    def test_a_unit_that_the_branch_replaced_is_not_added_to(self, repo: Repository) -> None:
        repo.replace("d", {"x": b"1"})
        for branch in ("topic", "other", "copy"):
            repo.branch(branch)
        repo.put("d/y", b"2", branch="topic")
        repo.replace("d", {"z": b"3"}, branch="other")
        repo.replace("d", {"z": b"3"})
        for refs, branch in ((["topic"], "main"), (["other", "topic"], "copy")):
            with pytest.raises(MergeConflictError) as caught:
                repo.cherry_pick(*refs, branch=branch)
            assert [("d", "unit")] == [
                (conflict["path"], conflict["kind"]) for conflict in caught.value.details["conflicts"]
            ]

    def test_a_run_that_is_not_published_can_be_picked_from(self, repo: Repository) -> None:
        run_id = new_run_id()
        repo.catalog.transactions.begin(repo.name, run_id)
        for path in ("a", "b"):
            commit(repo, replace(path, entries(repo, {"x": b"1"})), branch=f"run:{run_id}")
        repo.cherry_pick(f"run:{run_id}~1")
        assert {"a/x": b"1"} == files(repo)

    def test_refs_and_branch_must_be_there(self, parted: Repository) -> None:
        merging, name = parted.catalog.merging, parted.name
        for ref, branch, error in (
            ("nothing", "main", RefNotFoundError),
            ("main..nothing", "main", RefNotFoundError),
            ("topic", "nothing", RefNotFoundError),
            ("topic", "main~1", InvalidInputError),
        ):
            with pytest.raises(error):
                merging.cherry_pick(name, [ref], branch=branch, author="ada")
            with pytest.raises(error):
                merging.preview_cherry_pick(name, [ref], branch=branch)

    def test_a_preview_of_a_pick_says_what_would_differ_and_does_nothing(self, parted: Repository) -> None:
        tip = parted.put("d/y", b"2")
        preview = parted.catalog.merging.preview_cherry_pick(parted.name, ["main..topic"], branch="main")
        assert ["d", "e", "f"] == [diff.path for diff in preview.datasets]
        assert ["d/y"] == [conflict.path for conflict in preview.conflicts]
        assert tuple(parted.head(f"topic~{back}").id for back in (2, 1, 0)) == preview.sources
        decided = parted.catalog.merging.preview_cherry_pick(
            parted.name, ["main..topic"], branch="main", strategy=Side.OURS
        )
        assert ((), False) == (decided.conflicts, decided.up_to_date)
        assert tip == parted.head()
