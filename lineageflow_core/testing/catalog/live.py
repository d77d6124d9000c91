"""What every catalog promises about what happens in it."""

from typing import Any

import pytest

from lineageflow_core.catalog import Catalog, Live
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.live import FROM_START, LiveEntry, LiveKind
from lineageflow_core.model.plan import PlanState
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession
from lineageflow_core.testing.catalog.scene import CatalogContract, new_run_id
from lineageflow_core.testing.signatures import assert_same_signatures


def now(catalog: Catalog) -> str:
    """Returns the place behind everything."""
    return catalog.live.changes().next


def since(catalog: Catalog, place: str, **wanted: Any) -> list[LiveEntry]:
    """Returns all entries behind a place, asked for in the smallest steps."""
    found: list[LiveEntry] = []
    more = True
    while more:
        page = catalog.live.changes(after=place, limit=1, **wanted)
        found += page.items
        place, more = page.next, page.more
    return found


class LiveContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Live, catalog.live)

    def test_from_now_on_there_is_nothing_yet(self, repo: Repository) -> None:
        repo.put("a", b"1")
        found = repo.catalog.live.changes()
        assert ((), False) == (found.items, found.more)
        assert [] == since(repo.catalog, found.next)

    def test_whoever_comes_from_a_lake_that_is_gone_goes_on_from_now(self, repo: Repository) -> None:
        events, operations = map(int, now(repo.catalog).split("."))
        place = repo.catalog.live.changes(after=f"{events + 50}.{operations + 50}").next
        commit = repo.put("a", b"1")
        assert {commit.id} == {each.commit for each in since(repo.catalog, place)}

    def test_a_commit_is_a_new_tip_of_its_branch(self, repo: Repository) -> None:
        repo.put("a", b"1")
        place = now(repo.catalog)
        commit = repo.put("a", b"2")
        ref, made = since(repo.catalog, place)
        assert (LiveKind.REF, "main", commit.id) == (ref.kind, ref.id, ref.commit)
        assert (LiveKind.COMMIT, commit.id, "main", "commit") == (made.kind, made.id, made.ref, made.what)
        assert (repo.name,) == made.repositories

    def test_branches_and_tags_that_come_and_go_are_told(self, repo: Repository) -> None:
        repo.put("a", b"1")
        place = now(repo.catalog)
        repo.branch("topic")
        repo.tag("v1")
        repo.catalog.refs.delete_branch(repo.name, "topic", author="ada")
        found = [(each.kind, each.what, each.ref, each.commit is None) for each in since(repo.catalog, place)]
        assert [
            (LiveKind.REF, "create_branch", "topic", False),
            (LiveKind.REF, "create_tag", "v1", False),
            (LiveKind.REF, "delete_branch", "topic", True),
        ] == found

    def test_a_run_and_what_it_wrote_are_told_as_they_are_now(self, repo: Repository) -> None:
        repo.put("raw", b"1")
        place = now(repo.catalog)
        run_id = new_run_id()
        session = RunSession(repo.catalog, repo.name, Job(namespace="tests", name="nightly"), run_id=run_id)
        session.read("raw")
        for month in ("01", "02"):
            session.write("clean", {"x.csv": month.encode()}, partition=month)
        session.publish()
        found = since(repo.catalog, place)
        last = [each for each in found if each.kind is LiveKind.RUN][-1]
        assert (run_id, "nightly", RunState.COMPLETED, (repo.name,)) == (
            last.id,
            last.job,
            last.state,
            last.repositories,
        )
        written = [each for each in found if each.kind is LiveKind.VERSION][-1]
        assert (f"lf://{repo.name}/clean", 2, run_id) == (
            written.id,
            written.versions,
            written.run_id,
        )
        assert "publish" in {each.what for each in found if each.kind is LiveKind.COMMIT}

    def test_a_plan_that_is_applied_is_told(self, repo: Repository) -> None:
        repo.put("raw", b"1")
        run_id = new_run_id()
        session = RunSession(repo.catalog, repo.name, Job(namespace="tests", name="bad"), run_id=run_id)
        session.write("raw", {"": b"2"})
        session.publish()
        plan = repo.catalog.plans.plan_rollback(repo.name, f"run:{run_id}")
        place = now(repo.catalog)
        assert PlanState.APPLIED is repo.catalog.plans.apply_plan(plan.id, author="ada").state
        [told] = since(repo.catalog, place, kinds=[LiveKind.PLAN])
        assert (plan.id, "main", repo.head().id) == (told.plan, told.ref, told.commit)

    def test_only_what_is_wanted_is_told(self, repo: Repository) -> None:
        place = now(repo.catalog)
        other = Repository(repo.catalog, f"{repo.name}-other", author="ada").create()
        repo.put("a", b"1")
        other.put("a", b"1")
        repo.put("a", b"2")
        commits = [LiveKind.COMMIT]
        assert {other.name} == {
            name for each in since(repo.catalog, place, repository=other.name) for name in each.repositories
        }
        told = since(repo.catalog, place, repository=repo.name, kinds=commits)
        assert repo.head().id == told[-1].id
        assert {LiveKind.COMMIT} == {each.kind for each in told}

    def test_everything_can_be_told_from_the_start(self, repo: Repository) -> None:
        commit = repo.put("a", b"1")
        everything = repo.catalog.live.changes(after=FROM_START, limit=1000)
        while everything.more:
            everything = repo.catalog.live.changes(after=everything.next, limit=1000)
        assert commit.id in {each.commit for each in everything.items}
        assert () == repo.catalog.live.changes(after=everything.next).items

    @pytest.mark.parametrize("place", ["", "now", "1", "1.2.3", "-1.0", f"{10**30}.0", "1.٣"])
    def test_what_is_no_place_is_refused(self, catalog: Catalog, place: str) -> None:
        with pytest.raises(InvalidInputError, match="is no place"):
            catalog.live.changes(after=place)
