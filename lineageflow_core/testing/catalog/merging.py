"""What every catalog promises about merging."""

import msgspec
import pytest

from lineageflow_core.errors import InvalidInputError, MergeConflictError, RefNotFoundError
from lineageflow_core.model.change import delete, put
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.merge import Conflict, ConflictKind, Side, changed_by
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    CatalogContract,
    commit,
    entries,
    files,
    first_parents,
    new_run_id,
)


class MergeContract(CatalogContract):
    """`Merging.preview_merge` and `merge`. Needs the fixture `catalog`."""

    def test_a_merge_is_one_commit_with_both_sides(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1", "y": b"1"})
        repo.branch("topic")
        theirs = [repo.put("d/x", b"2", branch="topic"), repo.put("e", b"1", branch="topic")][-1]
        ours = repo.put("d/y", b"2")
        run_id = new_run_id()
        made = repo.catalog.merging.merge(
            repo.name, "topic", into="main", author="grace", message="für später", run_id=run_id
        )
        assert made == repo.head("main")
        assert ((ours.id, theirs.id), "grace", "für später") == (made.parents, made.author, made.message)
        assert run_id == made.run_id
        assert {"d/x": b"2", "d/y": b"2", "e": b"1"} == files(repo)
        assert theirs == repo.head("topic")
        assert [made.id, ours.id] == first_parents(repo)[:2]

    def test_a_merge_says_what_it_merged_where_nobody_does(self, repo: Repository) -> None:
        repo.branch("topic")
        repo.put("a", b"1", branch="topic")
        assert "merge topic into main" == repo.merge("topic").message

    def test_a_merge_with_nothing_to_merge_returns_the_tip(self, repo: Repository) -> None:
        repo.branch("topic")
        repo.put("a", b"1", branch="topic")
        made = repo.merge("topic")
        for source in ("topic", "main", "main~1", made.id):
            assert made == repo.merge(source)
        assert made == repo.head()

    @pytest.mark.parametrize("source", ["topic", "v1", "topic~1", "id"])
    def test_any_ref_can_be_merged(self, repo: Repository, source: str) -> None:
        repo.branch("topic")
        first = repo.put("a", b"1", branch="topic")
        repo.tag("v1", source="topic")
        repo.put("b", b"1", branch="topic")
        repo.merge(first.id if source == "id" else source)
        assert ({"a": b"1", "b": b"1"} if source == "topic" else {"a": b"1"}) == files(repo)

    def test_what_both_sides_did_alike_is_one_change(self, repo: Repository) -> None:
        repo.replace("d", {"x": b"1"})
        repo.branch("topic")
        for branch in ("main", "topic"):
            repo.replace("d", {"y": b"2"}, branch=branch)
            commit(repo, put("gone", entries(repo, {"": b"1"})), branch=branch)
        repo.merge("topic")
        assert {"d/y": b"2", "gone": b"1"} == files(repo)

    def test_what_changed_on_one_side_only_is_taken(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1", "y": b"1"})
        repo.put("e", {"x": b"1"})
        repo.branch("topic")
        commit(repo, delete("d/x"), delete("e"), branch="topic")
        repo.put("f", b"1")
        repo.merge("topic")
        assert {"d/y": b"1", "f": b"1"} == files(repo)

    def test_a_conflict_lists_what_both_changed_and_nothing_happens(self, repo: Repository) -> None:
        tip = fork(repo)
        with pytest.raises(MergeConflictError, match=r"d/x, d/y.* nothing happened") as caught:
            repo.merge("topic")
        listed = caught.value.details["conflicts"]
        base, ours, theirs = (entries(repo, {"": text})[0].object_id for text in (b"0", b"1", b"2"))
        facts = ("path", "kind", "base", "ours", "theirs")
        assert [("d/x", "object", base, ours, theirs), ("d/y", "object", base, ours, None)] == [
            tuple(conflict[fact] for fact in facts) for conflict in listed
        ]
        assert tip == repo.head()

    def test_a_replaced_dataset_conflicts_with_any_change_below_it(self, repo: Repository) -> None:
        repo.replace("d", {"0": b"0"})
        repo.branch("topic")
        repo.replace("d", {"1": b"1"}, branch="topic")
        repo.put("d/2", b"2")
        with pytest.raises(MergeConflictError) as caught:
            repo.merge("topic")
        [conflict] = caught.value.details["conflicts"]

        def snapshot(ref: str) -> str:
            return repo.catalog.objects.get_snapshot(repo.name, ref, "d").snapshot

        assert ("unit", snapshot("main~1"), snapshot("main"), snapshot("topic")) == tuple(
            conflict[name] for name in ("kind", "base", "ours", "theirs")
        )
        assert (1, 2) == (conflict["ours_objects"], conflict["theirs_objects"])
        repo.merge("topic", picks={"d": Side.THEIRS})
        assert {"d/1": b"1"} == files(repo)

    def test_partitions_are_units_of_their_own(self, repo: Repository) -> None:
        repo.replace("t/p", {"x": b"0"}, dataset="t")
        repo.branch("topic")
        repo.replace("t/p", {"y": b"1"}, dataset="t", branch="topic")
        repo.replace("t/q", {"y": b"1"}, dataset="t")
        repo.merge("topic")
        assert {"t/p/y": b"1", "t/q/y": b"1"} == files(repo)
        repo.replace("t/p", {"z": b"2"}, dataset="t")
        repo.put("t/p/late", b"3", branch="topic")
        with pytest.raises(MergeConflictError) as caught:
            repo.merge("topic")
        assert ["t/p"] == [conflict["path"] for conflict in caught.value.details["conflicts"]]

    @pytest.mark.parametrize("side", Side)
    def test_a_dataset_cannot_be_cut_into_partitions_in_two_ways(self, repo: Repository, side: Side) -> None:
        repo.branch("topic")
        repo.replace("t/2026", {"x": b"1"}, dataset="t")
        repo.replace("t/2025/05", {"x": b"1"}, dataset="t", branch="topic")
        repo.branch("copy")
        for source, into in (("topic", "main"), ("main", "topic")):
            with pytest.raises(MergeConflictError) as caught:
                repo.merge(source, into=into)
            assert ["t"] == [conflict["path"] for conflict in caught.value.details["conflicts"]]
        repo.merge("topic", into="copy", picks={"t": side})
        chosen = "main" if side is Side.OURS else "topic"
        assert repo.head(chosen).root == repo.head("copy").root

    @pytest.mark.parametrize("one, other", [("a", "a/b"), ("a/b", "a"), ("d/x", "d/x/y")])
    def test_an_object_here_and_a_folder_there_conflict(self, repo: Repository, one: str, other: str) -> None:
        repo.put("d", {"z": b"0"})
        repo.branch("topic")
        repo.put(one, b"1")
        repo.put(other, b"2", branch="topic")
        preview = repo.catalog.merging.preview_merge(repo.name, "topic", into="main")
        assert [ConflictKind.PATH] == [conflict.kind for conflict in preview.conflicts]
        [path] = [conflict.path for conflict in preview.conflicts]
        repo.merge("topic", picks={path: Side.THEIRS})
        assert {other: b"2", "d/z": b"0"} == files(repo)

    def test_a_preview_says_what_a_merge_would_do_and_does_nothing(self, repo: Repository) -> None:
        tip = fork(repo)
        merging = repo.catalog.merging
        preview = merging.preview_merge(repo.name, "topic", into="main")
        assert ((repo.head("topic").id,), tip.id, repo.head("main~1").id) == (
            preview.sources,
            preview.head,
            preview.base,
        )
        assert (False, ["new"]) == (preview.up_to_date, [diff.path for diff in preview.datasets])
        with pytest.raises(MergeConflictError) as caught:
            repo.merge("topic")
        assert preview.conflicts == msgspec.convert(caught.value.details["conflicts"], tuple[Conflict, ...])
        clean = merging.preview_merge(repo.name, "topic", into="clean")
        assert repo.catalog.history.diff_datasets(repo.name, "clean", "topic").items == clean.datasets
        assert ((), False) == (clean.conflicts, clean.up_to_date)
        done = merging.preview_merge(repo.name, "main~1", into="main")
        assert (True, (), ()) == (done.up_to_date, done.datasets, done.conflicts)
        assert tip == repo.head()

    def test_who_made_each_side_of_a_conflict_is_told(self, repo: Repository) -> None:
        repo.put("d", {"x": b"0", "y": b"0"})
        repo.branch("topic")
        repo.put("d/x", b"1", message="earlier")
        run_id = new_run_id()
        ours = repo.catalog.history.commit(
            repo.name,
            "main",
            [put("d/x", entries(repo, {"": b"2"}))],
            author="grace",
            message="later",
            run_id=run_id,
        )
        repo.put("d/y", b"1")
        repo.branch("aside", base="topic")
        theirs = repo.put("d/x", b"3", branch="aside", message="aside")
        repo.put("e", b"1", branch="topic")
        repo.merge("aside", into="topic")
        [conflict] = repo.catalog.merging.preview_merge(repo.name, "topic", into="main").conflicts
        assert changed_by(ours) == conflict.ours_by
        assert changed_by(theirs) == conflict.theirs_by
        assert conflict.ours_by is not None
        assert ("grace", "later", run_id) == (
            conflict.ours_by.author,
            conflict.ours_by.message,
            conflict.ours_by.run_id,
        )
        assert repo.head("topic").id == conflict.source

    def test_a_merge_on_the_way_is_not_who_made_what_it_brought(self, repo: Repository) -> None:
        repo.put("d/x", b"0")
        repo.branch("topic")
        repo.branch("aside")
        theirs = repo.put("d/x", b"1", branch="topic")
        repo.put("e", b"1", branch="aside")
        repo.merge("aside", into="topic")
        repo.put("d/x", b"2")
        [conflict] = repo.catalog.merging.preview_merge(repo.name, "topic", into="main").conflicts
        assert changed_by(theirs) == conflict.theirs_by

    def test_only_a_branch_is_merged_into(self, repo: Repository) -> None:
        fork(repo)
        repo.tag("v1")
        merging, name = repo.catalog.merging, repo.name
        for into, error in (
            ("v1", RefNotFoundError),
            ("nothing", RefNotFoundError),
            ("main~1", InvalidInputError),
        ):
            with pytest.raises(error):
                merging.merge(name, "topic", into=into, author="ada")
            with pytest.raises(error):
                merging.preview_merge(name, "topic", into=into)
        with pytest.raises(RefNotFoundError, match="nothing"):
            repo.merge("nothing")

    def test_merging_both_ways_gives_the_same_content(self, repo: Repository) -> None:
        repo.put("d", {"x": b"0", "y": b"0"})
        repo.branch("topic")
        repo.branch("copy")
        for branch in ("main", "copy"):
            commit(repo, put("d/x", entries(repo, {"": b"1"})), delete("d/y"), branch=branch)
        repo.put("d", {"z": b"1"}, branch="topic")
        repo.merge("topic", into="main")
        repo.merge("copy", into="topic")
        assert repo.head("main").root == repo.head("topic").root


def fork(repo: Repository) -> Commit:
    """Makes `topic` and `main` conflict in `d/x` and `d/y`, and `clean` at their base; returns the tip."""
    repo.put("d", {"x": b"0", "y": b"0"})
    repo.branch("topic")
    repo.branch("clean")
    [two] = entries(repo, {"": b"2"})
    commit(repo, put("d/x", [two]), delete("d/y"), put("new", [two]), branch="topic")
    return repo.put("d", {"x": b"1", "y": b"1"})
