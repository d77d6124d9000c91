"""What every catalog promises about rollbacks beyond one run on one branch: targets, later work, undoing."""

from datetime import UTC, datetime

import pytest

from lineageflow_core.errors import InvalidInputError, PlanOutdatedError, StateError
from lineageflow_core.model.change import delete
from lineageflow_core.model.ids import PlanId, RunId
from lineageflow_core.model.plan import (
    PlanAction,
    PlanDecision,
    PlanReason,
    PlanState,
    RollbackPlan,
    RollbackReach,
)
from lineageflow_core.repository import Repository
from lineageflow_core.run import QuarantineWarning
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, files
from lineageflow_core.testing.catalog.stories import build_all, run, session_of, tell_of_copy

RESTORE, MERGE, REMOVE, KEEP, SKIP, CANNOT = (
    PlanAction.RESTORE,
    PlanAction.MERGE,
    PlanAction.REMOVE,
    PlanAction.KEEP,
    PlanAction.SKIP,
    PlanAction.CANNOT,
)
GOOD = {
    "clean/part-0": b"clean good",
    "raw/part-0": b"good",
    "report/part-0": b"report good",
    "weather/part-0": b"fair",
}


class RollbackTargetContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_a_commit_is_all_that_it_brought(self, repo: Repository) -> None:
        build_all(repo, b"good")
        build_all(repo, b"bad")
        made = plan(repo, "main~2")  # which published the bad ingest
        assert {"raw", "clean", "report"} == changed(made)
        apply(repo, made)
        assert GOOD == files(repo)

    def test_a_range_is_all_that_its_commits_brought(self, repo: Repository) -> None:
        build_all(repo, b"good")
        repo.tag("v1")
        repo.put("notes", b"1")
        build_all(repo, b"bad")
        apply(repo, plan(repo, "v1.."))
        assert GOOD == files(repo)

    def test_a_time_is_everything_published_since(self, repo: Repository) -> None:
        build_all(repo, b"good")
        since = datetime.now(UTC).isoformat()
        build_all(repo, b"bad")
        apply(repo, plan(repo, f"main@{{{since}}}.."))
        assert GOOD == files(repo)

    def test_a_range_keeps_what_was_there_before_and_came_back(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"good"})
        repo.tag("v1")
        repo.replace("raw", {"part-0": b"bad"})
        repo.replace("raw", {"part-0": b"good"})
        assert set() == changed(plan(repo, "v1..main"))

    def test_several_targets_are_one_plan(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        repo.replace("weather", {"part-0": b"foul"})
        made = plan(repo, f"run:{bad}", f"lf://{repo.name}/weather")
        assert {"raw", "weather"} == changed(made)
        assert f"run:{bad}, lf://{repo.name}/weather" == made.target
        apply(repo, made)
        assert GOOD == files(repo)

    def test_a_dataset_goes_back_to_where_it_is_told(self, repo: Repository) -> None:
        for content in (b"1", b"2", b"3", b"4"):
            repo.replace("raw", {"part-0": content})
        run(repo, "clean", reads=("raw",), writes={"clean": b"of 4"})
        made = repo.catalog.plans.plan_rollback(repo.name, f"lf://{repo.name}/raw", to="main~3")
        assert {"raw": RESTORE, "clean": REMOVE} == {item.dataset: item.action for item in made.items}
        apply(repo, made)
        assert {"raw/part-0": b"2"} == files(repo)
        with pytest.raises(InvalidInputError, match="where to go back to"):
            repo.catalog.plans.plan_rollback(repo.name, f"lf://{repo.name}/raw", to="main")

    def test_a_dataset_with_partitions_means_what_its_last_change_brought(self, repo: Repository) -> None:
        for day in ("d1", "d2"):
            run(repo, "ingest", writes={"raw": day.encode()}, partition=day)
        apply(repo, plan(repo, f"lf://{repo.name}/raw"))
        assert {"raw/d1/part-0": b"d1"} == files(repo)

    def test_an_object_stands_for_its_dataset_or_partition(self, repo: Repository) -> None:
        run(repo, "ingest", writes={"raw": b"good"}, partition="d1")
        run(repo, "ingest", writes={"raw": b"bad"}, partition="d1")
        made = plan(repo, f"lf://{repo.name}/raw/d1/part-0")
        assert [("raw", "d1")] == [(item.dataset, item.partition) for item in made.items if item.changes]

    def test_a_target_that_says_nothing_is_refused(self, repo: Repository) -> None:
        for target in ((), ("..",), ("main..main",)):
            with pytest.raises(InvalidInputError):
                repo.catalog.plans.plan_rollback(repo.name, target)

    def test_all_branches_that_hold_something_bad_go_back(self, repo: Repository) -> None:
        build_all(repo, b"good")
        repo.branch("untouched")
        bad = build_all(repo, b"bad")
        repo.branch("staging")
        repo.put("later", b"1", branch="staging")
        made = repo.catalog.plans.plan_rollback(
            repo.name, f"run:{bad['ingest']}", reach=RollbackReach.ALL_BRANCHES
        )
        untouched = repo.head("untouched")
        applied = apply(repo, made)
        assert RollbackReach.ALL_BRANCHES is applied.reach
        assert ["main", "staging"] == [part.branch for part in applied.parts]
        assert (GOOD, {**GOOD, "later": b"1"}) == (files(repo), files(repo, "staging"))
        assert untouched == repo.head("untouched")

    def test_what_is_outside_is_named_with_whom_to_tell(self, repo: Repository) -> None:
        bad = build_all(repo, b"bad")
        session = session_of(repo, "notify")
        session.read("report")
        session.complete()
        tell_of_outside(repo, session.run.id, "bi://tables", "revenue", owner="@finance")
        (told,) = [item for item in plan(repo, f"run:{bad['ingest']}").items if item.action is CANNOT]
        assert ("bi://tables/revenue", PlanReason.EXTERNAL, 2, "notify", ("@finance",)) == (
            told.dataset, told.reason, told.degree, told.job, told.owners,
        )  # fmt: skip

    def test_a_model_is_named_as_one(self, repo: Repository) -> None:
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        session = session_of(repo, "train")
        session.read("raw")
        session.write("churn", {"model.bin": b"1"}, dataset_type="MODEL")
        session.publish()
        assert {"raw": None, "churn": "MODEL"} == {
            item.dataset: item.dataset_type for item in plan(repo, f"run:{bad}").items
        }


class LaterWorkContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def bad(self, repo: Repository) -> RunId:
        """Returns a bad run, on whose output somebody worked since."""
        repo.replace("raw", {"a": b"1", "b": b"1"})
        session = session_of(repo, "ingest")
        session.write("raw", {"a": b"1", "b": b"bad", "c": b"bad"})
        session.publish()
        repo.put("raw/d", b"new", message="add d")
        return session.run.id

    def test_later_work_stays_and_what_was_bad_goes(self, repo: Repository, bad: RunId) -> None:
        made = plan(repo, f"run:{bad}")
        (item,) = made.items
        assert (MERGE, ["add d"], ["ada"]) == (
            item.action, [each.message for each in item.later], [each.author for each in item.later],
        )  # fmt: skip
        assert (PlanDecision.KEEP_LATER, PlanDecision.RESTORE, PlanDecision.SKIP) == item.choices
        apply(repo, made)
        assert {"raw/a": b"1", "raw/b": b"1", "raw/d": b"new"} == files(repo)
        assert item.merged == repo.dataset("raw").version.snapshot

    def test_it_can_be_restored_wholly(self, repo: Repository, bad: RunId) -> None:
        made = repo.catalog.plans.plan_rollback(
            repo.name, f"run:{bad}", decisions={"raw": PlanDecision.RESTORE}
        )
        assert [RESTORE] == [item.action for item in made.items]
        apply(repo, made)
        assert {"raw/a": b"1", "raw/b": b"1"} == files(repo)

    def test_it_can_be_skipped_and_decided_when_it_is_applied(self, repo: Repository, bad: RunId) -> None:
        skipped = repo.catalog.plans.plan_rollback(
            repo.name, f"run:{bad}", decisions={f"lf://{repo.name}/@main/raw": PlanDecision.SKIP}
        )
        assert [SKIP] == [item.action for item in skipped.items]
        with pytest.raises(StateError, match="nothing to apply"):
            apply(repo, skipped)
        for name in ("other", f"lf://{repo.name}/@other/raw"):
            with pytest.raises(InvalidInputError, match="nothing to decide"):
                repo.catalog.plans.apply_plan(
                    skipped.id, author="ada", decisions={name: PlanDecision.RESTORE}
                )
        repo.catalog.plans.apply_plan(skipped.id, author="ada", decisions={"raw": PlanDecision.RESTORE})
        assert {"raw/a": b"1", "raw/b": b"1"} == files(repo)

    def test_a_file_that_both_changed_is_the_later_works(self, repo: Repository, bad: RunId) -> None:
        repo.put("raw/b", b"mended")
        apply(repo, plan(repo, f"run:{bad}"))
        assert {"raw/a": b"1", "raw/b": b"mended", "raw/d": b"new"} == files(repo)

    def test_nothing_is_to_be_done_once_all_that_was_bad_is_gone(self, repo: Repository, bad: RunId) -> None:
        repo.put("raw/b", b"mended")
        commit(repo, delete("raw/c"))
        assert [(KEEP, PlanReason.SUPERSEDED)] == [
            (item.action, item.reason) for item in plan(repo, f"run:{bad}").items
        ]

    def test_what_was_made_of_the_mixture_is_bad_too(self, repo: Repository, bad: RunId) -> None:
        run(repo, "clean", reads=("raw",), writes={"clean": b"of a mixture"})
        made = plan(repo, f"run:{bad}")
        assert {"raw": MERGE, "clean": REMOVE} == {item.dataset: item.action for item in made.items}

    def test_what_was_made_of_a_mixture_is_bad_though_that_was_replaced_since(
        self, repo: Repository, bad: RunId
    ) -> None:
        run(repo, "clean", reads=("raw",), writes={"clean": b"of a mixture"})
        repo.replace("raw", {"a": b"2"})
        made = plan(repo, f"run:{bad}")
        assert {"raw": KEEP, "clean": REMOVE} == {item.dataset: item.action for item in made.items}
        apply(repo, made)
        assert {"raw/a": b"2"} == files(repo)

    def test_what_a_run_made_of_a_mixture_in_its_place_is_bad_too(self, repo: Repository, bad: RunId) -> None:
        run(repo, "clean", reads=("raw",), writes={"raw": b"of a mixture"})
        apply(repo, plan(repo, f"run:{bad}"))
        assert {"raw/a": b"1", "raw/b": b"1"} == files(repo)

    def test_a_later_partition_stays_where_the_whole_was_bad(self, repo: Repository) -> None:
        run(repo, "ingest", writes={"raw": b"good"}, partition="d1")
        run(repo, "ingest", writes={"raw": b"good"}, partition="d2")
        bad = run(repo, "ingest", writes={"raw": b"bad"}, partition="d2")
        run(repo, "ingest", writes={"raw": b"later"}, partition="d3")
        apply(repo, plan(repo, f"run:{bad}"))
        assert {
            "raw/d1/part-0": b"good", "raw/d2/part-0": b"good", "raw/d3/part-0": b"later",
        } == files(repo)  # fmt: skip


class PlanUndoContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_an_undone_plan_leaves_what_was_there_before(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = build_all(repo, b"bad")
        before = repo.head()
        applied = apply(repo, plan(repo, f"run:{bad['ingest']}"))
        assert {"raw", "clean", "report"} == quarantined(repo)
        undoing = repo.catalog.plans.plan_undo(applied.id)
        assert (applied.id, PlanState.PLANNED) == (undoing.undoes, undoing.state)
        assert {"raw", "clean", "report"} == changed(undoing)
        assert {"raw", "clean", "report"} == quarantined(repo)
        done = apply(repo, undoing)
        assert before.root == repo.head().root
        assert set() == quarantined(repo)
        undone = repo.catalog.plans.get_plan(applied.id)
        assert (PlanState.UNDONE, done.id) == (undone.state, undone.undone_by)
        assert [PlanState.APPLYING, PlanState.APPLIED, PlanState.UNDONE] == [
            event.state for event in undone.history
        ]
        assert undone == apply(repo, undone)

    def test_work_since_the_rollback_stays(self, repo: Repository) -> None:
        repo.replace("raw", {"a": b"good"})
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        applied = apply(repo, plan(repo, f"run:{bad}"))
        repo.put("raw/new", b"1")
        apply(repo, repo.catalog.plans.plan_undo(applied.id))
        assert {"raw/part-0": b"bad", "raw/new": b"1"} == files(repo)

    def test_what_was_replaced_since_stays(self, repo: Repository) -> None:
        repo.replace("raw", {"a": b"good"})
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        applied = apply(repo, plan(repo, f"run:{bad}"))
        repo.replace("raw", {"a": b"better"})
        undoing = repo.catalog.plans.plan_undo(applied.id)
        assert [SKIP] == [item.action for item in undoing.items]

    def test_all_repositories_come_back(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = build_all(repo, b"bad")
        other = Repository(repo.catalog, f"{repo.name}-2", author="ada").create()
        other.replace("copy", {"part-0": b"report bad"})
        tell_of_copy(repo, "report", into=other, path="copy")
        roots = repo.head().root, other.head().root
        applied = apply(repo, plan(repo, f"run:{bad['ingest']}"))
        assert {} == files(other)
        assert {"copy"} == quarantined(other)
        apply(repo, repo.catalog.plans.plan_undo(applied.id))
        assert (roots, set()) == ((repo.head().root, other.head().root), quarantined(other))

    def test_only_what_is_applied_can_be_undone(self, repo: Repository) -> None:
        repo.replace("raw", {"a": b"good"})
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        made = plan(repo, f"run:{bad}")
        with pytest.raises(StateError, match="planned"):
            repo.catalog.plans.plan_undo(made.id)
        apply(repo, made)
        undoing = repo.catalog.plans.plan_undo(made.id)
        apply(repo, undoing)
        with pytest.raises(StateError, match="undone"):
            repo.catalog.plans.plan_undo(made.id)

    def test_an_undone_rollback_can_be_done_again_and_undone_again(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = build_all(repo, b"bad")
        worse = repo.head().root
        plans = [apply(repo, plan(repo, f"run:{bad['ingest']}"))]
        mended = repo.head().root
        names = {"raw", "clean", "report"}
        for _ in range(2):
            for root, quarantines in ((worse, set()), (mended, names)):
                plans.append(apply(repo, repo.catalog.plans.plan_undo(plans[-1].id)))
                assert (root, quarantines) == (repo.head().root, quarantined(repo))
        applied, undone = PlanState.APPLIED, PlanState.UNDONE
        now = [repo.catalog.plans.get_plan(each.id) for each in plans]
        assert [applied, undone, applied, undone, applied] == [each.state for each in now]
        assert [None, plans[2].id, None, plans[4].id, None] == [each.undone_by for each in now]
        assert {plans[0].id} == {
            held.plan for held in repo.catalog.quarantine.list_quarantines(repo.name).items
        }
        apply(repo, repo.catalog.plans.plan_undo(plans[0].id))
        assert (worse, set()) == (repo.head().root, quarantined(repo))

    def test_work_between_undoing_and_doing_again_stays(self, repo: Repository) -> None:
        repo.replace("raw", {"a": b"good"})
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        rollback = apply(repo, plan(repo, f"run:{bad}"))
        undoing = apply(repo, repo.catalog.plans.plan_undo(rollback.id))
        repo.put("raw/new", b"1")
        again = repo.catalog.plans.plan_undo(undoing.id)
        assert [MERGE] == [item.action for item in again.items]
        apply(repo, again)
        assert {"raw/a": b"good", "raw/new": b"1"} == files(repo)

    def test_a_quarantine_that_a_person_set_is_not_lifted(self, repo: Repository) -> None:
        repo.replace("raw", {"a": b"good"})
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        repo.catalog.quarantine.quarantine(
            repo.name, f"lf://{repo.name}/raw", reason="it smells", author="ada"
        )
        applied = apply(repo, plan(repo, f"run:{bad}"))
        apply(repo, repo.catalog.plans.plan_undo(applied.id))
        assert {"raw"} == quarantined(repo)
        with pytest.warns(QuarantineWarning, match="it smells"):
            repo.read_bytes("raw/part-0")

    def test_a_rollback_goes_behind_what_is_quarantined(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"good"})
        repo.replace("raw", {"part-0": b"smelly"})
        repo.catalog.quarantine.quarantine(
            repo.name, f"lf://{repo.name}/raw", reason="it smells", author="ada"
        )
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        apply(repo, plan(repo, f"run:{bad}"))
        assert {"raw/part-0": b"good"} == files(repo)

    def test_a_changed_item_can_be_skipped_and_the_rest_applied(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = build_all(repo, b"bad")
        made = plan(repo, f"run:{bad['ingest']}")
        repo.replace("clean", {"part-0": b"by hand"})
        with pytest.raises(PlanOutdatedError):
            apply(repo, made)
        repo.catalog.plans.apply_plan(made.id, author="ada", decisions={"clean": PlanDecision.SKIP})
        assert {**GOOD, "clean/part-0": b"by hand"} == files(repo)


def plan(repo: Repository, *targets: str) -> RollbackPlan:
    """Plans to take targets back on the default branch."""
    return repo.catalog.plans.plan_rollback(repo.name, targets)


def apply(repo: Repository, made: RollbackPlan) -> RollbackPlan:
    """Applies a plan."""
    return repo.catalog.plans.apply_plan(PlanId(made.id), author="ada")


def changed(made: RollbackPlan) -> set[str]:
    """Returns the datasets that a plan changes."""
    return {item.dataset for item in made.items if item.changes}


def quarantined(repo: Repository) -> set[str]:
    """Returns the paths of the quarantines that hold."""
    return {held.path for held in repo.catalog.quarantine.list_quarantines(repo.name).items}


def tell_of_outside(repo: Repository, run_id: RunId, namespace: str, name: str, *, owner: str) -> None:
    """Tells that a run wrote a dataset outside of the lake, of which nobody knows the version."""
    ownership = {"_producer": "test", "_schemaURL": "test", "owners": [{"name": owner}]}
    event = {
        "eventType": "COMPLETE",
        "eventTime": datetime.now(UTC).isoformat(),
        "producer": "test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id},
        "job": {"namespace": repo.name, "name": "notify"},
        "inputs": [],
        "outputs": [{"namespace": namespace, "name": name, "facets": {"ownership": ownership}}],
    }
    repo.catalog.lineage.ingest([event])
