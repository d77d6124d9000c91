"""What every catalog promises about reading history: what happened, in which order, and how far apart."""

from datetime import timedelta
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError, RefNotFoundError
from lineageflow_core.model.change import delete, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.versions import PathVersion
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    CatalogContract,
    commit,
    entries,
    first_parents,
    in_pages_of_one,
    new_run_id,
)


def logged(repo: Repository, ref: str = "main", **shown: Any) -> list[CommitId]:
    """Returns what a log shows, which is the same in pages of one."""
    items = in_pages_of_one(
        lambda after, limit: repo.catalog.history.log(repo.name, ref, after=after, limit=limit, **shown)
    )
    return [each.id for each in items]


def drawn(repo: Repository, *refs: str, **shown: Any) -> list[Commit]:
    """Returns what a graph shows, which is the same in pages of one."""
    return in_pages_of_one(
        lambda after, limit: repo.catalog.history.graph(repo.name, refs, after=after, limit=limit, **shown)
    )


def last_first(*commits: Commit) -> list[Commit]:
    """Returns commits in the order of a graph."""
    return sorted(commits, key=lambda each: (each.generation, each.id), reverse=True)


def crossed(repo: Repository) -> tuple[Commit, Commit]:
    """Makes two branches that merge each other, and returns the two commits that they have in common."""
    repo.branch("other")
    one, other = repo.put("one", b"1"), repo.put("other", b"2", branch="other")
    repo.catalog.merging.merge(repo.name, other.id, into="main", author="ada")
    repo.catalog.merging.merge(repo.name, one.id, into="other", author="ada")
    return one, other


class LogContract(CatalogContract):
    """`History.log`. Needs the fixture `catalog`."""

    def test_a_log_shows_what_matches_in_every_respect(self, repo: Repository) -> None:
        run_id = new_run_id()

        def make(path: str, author: str, message: str, **more: Any) -> CommitId:
            changes = [put(path, entries(repo, {"": path.encode()}))]
            made = repo.catalog.history.commit(
                repo.name, "main", changes, author=author, message=message, **more
            )
            return made.id

        a = make("a", "ada", "Add ÄPFEL", metadata={"ticket": "1", "kind": "fix"})
        b = make("b", "grace", "add b", run_id=run_id)
        c = make("c", "ada", "drop b", metadata={"ticket": "2"})
        d = make("d", "ada", "100% äpfel", metadata={"ticket": "1"})
        assert [d, c, a] == [each for each in logged(repo, author="ada") if each in {a, b, c, d}]
        assert [] == logged(repo, author="ad")
        assert [b] == logged(repo, run_id=run_id)
        assert [] == logged(repo, run_id=new_run_id())
        assert [d, a] == logged(repo, message="äpfel")
        assert [d] == logged(repo, message="%")
        assert [d, a] == logged(repo, metadata={"ticket": "1"})
        assert [a] == logged(repo, metadata={"ticket": "1", "kind": "fix"})
        assert [] == logged(repo, metadata={"ticket": "1", "kind": "none"})
        assert [c, b] == logged(repo, message="B")
        assert [c] == logged(repo, message="b", author="ada", path="c")
        assert [] == logged(repo, message="b", author="ada", path="b")
        assert [b] == logged(repo, "main~2", message="b")

    def test_a_log_shows_what_was_made_in_a_time(self, repo: Repository) -> None:
        made = [repo.head(), repo.put("a", b"1"), repo.put("b", b"1"), repo.put("c", b"1")]
        for since in (None, *(each.created_at for each in made)):
            for until in (None, *(each.created_at for each in made)):
                expected = [
                    each.id
                    for each in reversed(made)
                    if (since is None or each.created_at >= since)
                    and (until is None or each.created_at < until)
                ]
                assert expected == logged(repo, since=since, until=until)
        assert [] == logged(repo, since=made[-1].created_at + timedelta(seconds=1))

    def test_a_log_is_of_the_branch_itself(self, repo: Repository) -> None:
        repo.branch("topic")
        topic = repo.put("a", b"1", branch="topic")
        repo.put("b", b"1")
        repo.merge("topic")
        assert topic.id not in logged(repo)
        assert [topic.id] == logged(repo, "topic", path="a")

    def test_pages_go_on_where_they_were_when_the_branch_moves(self, repo: Repository) -> None:
        made = [repo.put("a", str(number).encode()).id for number in range(5)]
        page = repo.catalog.history.log(repo.name, "main", path="a", limit=2)
        assert [made[4], made[3]] == [each.id for each in page.items]
        repo.put("a", b"later")
        page = repo.catalog.history.log(repo.name, "main", path="a", after=page.next, limit=MAX_LIMIT)
        assert [made[2], made[1], made[0]] == [each.id for each in page.items]

    def test_a_range_is_what_its_end_has_and_its_start_has_not(self, repo: Repository) -> None:
        base = repo.put("base", b"1")
        repo.branch("topic")
        one, two = repo.put("a", b"1", branch="topic"), repo.put("b", b"1", branch="topic")
        three = repo.put("c", b"1")
        assert [two.id, one.id] == logged(repo, "main..topic")
        assert [three.id] == logged(repo, "topic..main")
        assert [] == logged(repo, "main..main") == logged(repo, "main..main~1")
        assert [three.id, base.id] == logged(repo, f"{base.id}~1..main")
        merged = repo.merge("topic")
        assert [merged.id] == logged(repo, f"{three.id}..main")
        assert [merged.id, three.id] == logged(repo, "topic..main")
        assert [] == logged(repo, "main..topic")

    def test_a_symmetric_range_is_what_only_one_of_its_ends_has(self, repo: Repository) -> None:
        repo.branch("topic")
        here = [repo.put(f"main{number}", b"1") for number in range(4)]
        there = [repo.put(f"topic{number}", b"1", branch="topic") for number in range(6)]
        expected = [each.id for each in last_first(*here, *there)]
        assert expected == logged(repo, "main...topic") == logged(repo, "topic...main")
        assert [] == logged(repo, "main...main")
        merged = repo.merge("main~1", into="topic")
        expected = [each.id for each in last_first(merged, *there, here[-1])]
        assert expected == logged(repo, "main...topic")

    def test_a_range_is_narrowed_down_as_a_branch_is(self, repo: Repository) -> None:
        repo.put("a", b"0")
        repo.branch("topic")
        one = repo.put("a", b"1", branch="topic")
        two = repo.put("b", b"1", branch="topic")
        three = repo.put("a", b"2")
        assert [one.id] == logged(repo, "main..topic", path="a")
        assert [two.id] == logged(repo, "main..topic", message="PUT B")
        assert [each.id for each in last_first(one, three)] == logged(repo, "main...topic", path="a")
        assert [] == logged(repo, "main..topic", author="nobody")

    @pytest.mark.parametrize("text", ["..", "..main", "main..", "main...", "...main", "a....b"])
    def test_a_range_has_two_ends(self, repo: Repository, text: str) -> None:
        with pytest.raises(InvalidInputError):
            logged(repo, text)
        with pytest.raises(InvalidInputError):
            drawn(repo, text)

    def test_the_ends_of_a_range_are_there(self, repo: Repository) -> None:
        for text in ("nothing..main", "main...nothing"):
            with pytest.raises(RefNotFoundError):
                logged(repo, text)

    @pytest.mark.parametrize(
        "shown", [{"message": "\udcff"}, {"author": "\udcff"}, {"metadata": {"\udcff": "1"}}]
    )
    def test_what_is_no_text_is_refused(self, repo: Repository, shown: dict[str, Any]) -> None:
        with pytest.raises(InvalidInputError):
            logged(repo, **shown)


class VersionsContract(CatalogContract):
    """`History.list_versions`, and `History.log` of a path. Needs the fixture `catalog`."""

    def test_the_versions_of_a_dataset_are_what_commits_made_of_it(self, repo: Repository) -> None:
        one = repo.replace("t/p=1", {"x": b"1"}, dataset="t")
        elsewhere = repo.put("e", b"1")
        two = repo.replace("t/p=2", {"x": b"2"}, dataset="t")
        gone = commit(repo, delete("t"))
        back = repo.catalog.merging.reset(repo.name, "main", to=one.id, path="t", author="grace")
        whole = repo.catalog.objects.get_snapshot(repo.name, two.id, "t").snapshot
        first = repo.catalog.objects.get_snapshot(repo.name, one.id, "t").snapshot
        part = repo.catalog.objects.get_snapshot(repo.name, one.id, "t/p=1").snapshot
        listed = versions(repo, "t")
        assert [(back.id, first), (gone.id, None), (two.id, whole), (one.id, first)] == [
            (each.commit, each.snapshot) for each in listed
        ]
        assert ("grace", f"restore t from {one.id[:8]}", back.created_at, None) == (
            listed[0].author,
            listed[0].message,
            listed[0].created_at,
            listed[0].run_id,
        )
        assert [(back.id, part), (gone.id, None), (one.id, part)] == [
            (each.commit, each.snapshot) for each in versions(repo, "t/p=1")
        ]
        assert [elsewhere.id] == [each.commit for each in versions(repo, "e")]
        assert [] == versions(repo, "nothing")
        for path in ("t", "t/p=1", "t/p=2", "e"):
            assert [each.commit for each in versions(repo, path)] == logged(repo, path=path)

    def test_a_folder_changes_with_what_is_below_it(self, repo: Repository) -> None:
        one = repo.put("f/g/a", b"1")
        two = repo.put("f/b", b"1")
        repo.put("f-g", b"1")
        three = repo.put("f/g/a", b"2")
        assert [three.id, two.id, one.id] == logged(repo, path="f")
        assert [three.id, one.id] == logged(repo, path="f/g")
        assert [two.id] == logged(repo, path="f/b")
        assert [] == logged(repo, path="f/g/a/b")

    def test_what_a_run_published_is_one_version_on_the_branch(self, repo: Repository) -> None:
        run_id = new_run_id()
        repo.catalog.transactions.begin(repo.name, run_id)
        for content in (b"1", b"2"):
            commit(repo, replace("d", entries(repo, {"x": content})), branch=f"run:{run_id}")
        published = repo.catalog.transactions.publish(repo.name, run_id, author="ada").published
        [version] = versions(repo, "d")
        assert (published, run_id) == (version.commit, version.run_id)
        assert 2 == len(repo.catalog.history.list_versions(repo.name, f"run:{run_id}", "d").items)

    def test_a_dataset_that_a_larger_one_took_in_has_its_past(self, repo: Repository) -> None:
        one = repo.put("d/x", b"1")
        taken = repo.replace("d", {"x": b"1", "y": b"2"})
        two = repo.put("d/x", b"3")
        later = repo.put("d/y", b"4")
        assert [two.id, taken.id, one.id] == logged(repo, path="d/x")
        assert [later.id, two.id, taken.id, one.id] == logged(repo, path="d")

    def test_a_commit_of_very_many_datasets_is_in_the_past_of_each(self, repo: Repository) -> None:
        [entry] = entries(repo, {"": b"1"})
        many = commit(repo, *(put(f"m/{number}", [entry]) for number in range(1001)))
        repo.put("n", b"1")
        assert [many.id] == logged(repo, path="m/7")
        assert [many.id] == logged(repo, path="m")
        assert [many.id] == [each.commit for each in versions(repo, "m/1000")]
        assert logged(repo)[:1] == logged(repo, path="n")


def versions(repo: Repository, path: str) -> list[PathVersion]:
    """Returns a path's versions on main, which are the same in pages of one."""
    return in_pages_of_one(
        lambda after, limit: repo.catalog.history.list_versions(
            repo.name, "main", path, after=after, limit=limit
        )
    )


class GraphContract(CatalogContract):
    """`History.graph`, `History.compare` and `History.merge_base`. Needs the fixture `catalog`."""

    def test_a_graph_has_all_that_led_to_a_ref_and_children_first(self, repo: Repository) -> None:
        one, other = crossed(repo)
        shown = drawn(repo, "main")
        assert [repo.head(), repo.head("main~2")] == [shown[0], shown[-1]]
        assert sorted([one.id, other.id], reverse=True) == [shown[1].id, shown[2].id]
        assert 4 == len(shown)
        seen: set[CommitId] = set()
        for each in shown:
            assert seen.isdisjoint(each.parents)
            seen.add(each.id)

    def test_a_graph_of_no_ref_is_that_of_all_branches(self, repo: Repository) -> None:
        crossed(repo)
        repo.tag("v1", source="main~1")
        assert drawn(repo, "main", "other") == drawn(repo)
        assert 5 == len(drawn(repo))
        assert drawn(repo, "main~1") == drawn(repo, "v1")

    def test_a_graph_shows_what_matches_on_any_branch(self, repo: Repository) -> None:
        both = last_first(*crossed(repo))
        later = repo.put("one", b"3", branch="other")
        changes = [put("x", entries(repo, {"": b"1"}))]
        elsewhere = repo.catalog.history.commit(repo.name, "main", changes, author="grace", message="add x")
        [one] = drawn(repo, "main", path="one")
        assert one in both
        assert [later, one] == drawn(repo, path="one")
        assert [elsewhere] == drawn(repo, author="grace")
        assert both == drawn(repo, "main", message="PUT O")
        assert [later, *both] == drawn(repo, message="PUT O")
        assert [] == drawn(repo, message="PUT O", author="grace")
        assert [repo.head("main~3")] == drawn(repo, until=min(each.created_at for each in both))

    def test_a_merge_that_takes_one_side_of_a_path_did_not_change_it(self, repo: Repository) -> None:
        repo.put("a", b"0")
        repo.branch("topic")
        one = repo.put("a", b"1", branch="topic")
        repo.put("b", b"1")
        merged = repo.merge("topic")
        assert [merged.id] == logged(repo, path="a")[:1]
        assert one == drawn(repo, path="a")[0]

    def test_a_graph_of_a_range_has_what_was_merged_into_it(self, repo: Repository) -> None:
        base = repo.head()
        one, other = crossed(repo)
        here, there = repo.head(), repo.head("other")
        assert [here, *last_first(one, other)] == drawn(repo, f"{base.id}..main")
        assert last_first(here, there) == drawn(repo, "main...other")
        assert [there] == drawn(repo, "main..other") == drawn(repo, "main..other", "other")
        assert [other] == drawn(repo, f"{one.id}..main", message="other", path="other")

    def test_a_graph_goes_on_where_it_was_when_branches_move(self, repo: Repository) -> None:
        made = [repo.put("a", str(number).encode()) for number in range(5)]
        page = repo.catalog.history.graph(repo.name, limit=2)
        assert (made[4], made[3]) == page.items
        repo.put("a", b"later")
        page = repo.catalog.history.graph(repo.name, after=page.next, limit=2)
        assert (made[2], made[1]) == page.items

    @pytest.mark.parametrize("after", ["", "x", "1.x", "-1.x", "1"])
    def test_a_graph_goes_on_behind_a_place_in_it(self, repo: Repository, after: str) -> None:
        with pytest.raises(InvalidInputError):
            repo.catalog.history.graph(repo.name, after=after or "?")

    def test_a_graph_of_what_is_not_there_is_an_error(self, repo: Repository) -> None:
        with pytest.raises(RefNotFoundError):
            repo.catalog.history.graph(repo.name, ["main", "nothing"])

    def test_refs_are_compared(self, repo: Repository) -> None:
        base = repo.head()
        repo.branch("topic")
        repo.put("a", b"1")
        for number in range(3):
            repo.put("b", str(number).encode(), branch="topic")
        compared = repo.catalog.history.compare(repo.name, "main", "topic")
        assert (3, 1, (base.id,)) == (compared.ahead, compared.behind, compared.bases)
        assert (repo.head().id, repo.head("topic").id) == (compared.left, compared.right)
        compared = repo.catalog.history.compare(repo.name, "topic", "main")
        assert (1, 3, (base.id,)) == (compared.ahead, compared.behind, compared.bases)
        same = repo.catalog.history.compare(repo.name, "main", "main")
        assert (0, 0, (repo.head().id,)) == (same.ahead, same.behind, same.bases)

    def test_histories_that_criss_cross_have_several_bases(self, repo: Repository) -> None:
        bases = {each.id for each in crossed(repo)}
        compared = repo.catalog.history.compare(repo.name, "main", "other")
        assert (bases, 1, 1) == (set(compared.bases), compared.ahead, compared.behind)
        assert compared.bases[0] == repo.catalog.history.merge_base(repo.name, "main", "other")


class BranchesContract(CatalogContract):
    """`Refs.list_branches`. Needs the fixture `catalog`."""

    def test_branches_say_how_far_they_are_from_the_default_one(self, repo: Repository) -> None:
        repo.branch("ahead")
        repo.branch("behind")
        repo.put("a", b"1", branch="ahead")
        made = commit(repo, put("b", entries(repo, {"": b"1"})), branch="ahead")
        repo.branch("both", base="ahead")
        repo.put("c", b"1")
        repo.put("d", b"1", branch="both")
        listed = in_pages_of_one(
            lambda after, limit: repo.catalog.refs.list_branches(repo.name, after=after, limit=limit)
        )
        assert [("ahead", 2, 1), ("behind", 0, 1), ("both", 3, 1), ("main", 0, 0)] == [
            (each.ref.name, each.ahead, each.behind) for each in listed
        ]
        [status, *_] = listed
        assert ("ada", "put b", made.created_at, None) == (
            status.author,
            status.message,
            status.committed_at,
            status.run_id,
        )
        assert repo.catalog.refs.get_ref(repo.name, "ahead") == status.ref

    def test_branches_are_compared_with_any_ref(self, repo: Repository) -> None:
        repo.branch("x-1")
        repo.put("a", b"1", branch="x-1")
        repo.branch("x-2", base="x-1")
        page = repo.catalog.refs.list_branches(repo.name, prefix="x-", against="x-1~1")
        assert [("x-1", 1, 0), ("x-2", 1, 0)] == [
            (each.ref.name, each.ahead, each.behind) for each in page.items
        ]
        with pytest.raises(RefNotFoundError):
            repo.catalog.refs.list_branches(repo.name, against="nothing")

    def test_the_branches_of_runs_stand_elsewhere(self, repo: Repository) -> None:
        run_id = new_run_id()
        repo.catalog.transactions.begin(repo.name, run_id)
        commit(repo, put("a", entries(repo, {"": b"1"})), branch=f"run:{run_id}")
        assert ["main"] == [each.ref.name for each in repo.catalog.refs.list_branches(repo.name).items]
        assert 1 == len(first_parents(repo))
