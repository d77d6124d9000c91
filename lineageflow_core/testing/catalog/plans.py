"""What every catalog promises about rolling back."""

from typing import TypeAlias

import pytest

from lineageflow_core.catalog import Catalog, Plans
from lineageflow_core.errors import (
    InvalidInputError,
    PlanNotFoundError,
    PlanOutdatedError,
    RefNotFoundError,
    RunNotFoundError,
    StateError,
)
from lineageflow_core.model.ids import PlanId, RunId
from lineageflow_core.model.plan import (
    PlanAction,
    PlanDecision,
    PlanItem,
    PlanReason,
    PlanState,
    RollbackPlan,
    RollbackScope,
)
from lineageflow_core.model.run import TransactionState
from lineageflow_core.repository import Repository
from lineageflow_core.run import QuarantineWarning
from lineageflow_core.testing.catalog.scene import Call, CatalogContract, files, in_pages_of_one, new_run_id
from lineageflow_core.testing.catalog.stories import build_all, node_at, run, session_of, tell_of_copy
from lineageflow_core.testing.signatures import assert_same_signatures

RESTORE, REMOVE, KEEP = PlanAction.RESTORE, PlanAction.REMOVE, PlanAction.KEEP
GOOD = {
    "clean/part-0": b"clean good",
    "raw/part-0": b"good",
    "report/part-0": b"report good",
    "weather/part-0": b"fair",
}
Story: TypeAlias = tuple[Repository, dict[str, RunId]]
"""A repository, and the runs of its last night by their names."""


class PlansContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def story(self, repo: Repository) -> Story:
        """Returns a repository after a good and a bad night, with the runs of the bad one."""
        build_all(repo, b"good")
        return repo, build_all(repo, b"bad")

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Plans, catalog.plans)

    def test_a_plan_says_what_becomes_of_all_that_a_bad_run_poisoned(self, story: Story) -> None:
        repo, bad = story
        plan = roll_back(repo, bad["ingest"])
        get_snapshot = repo.catalog.objects.get_snapshot

        def restored(dataset: str, reason: PlanReason, degree: int, *, job: str, good: str) -> PlanItem:
            return PlanItem(
                dataset=dataset,
                partition="",
                action=RESTORE,
                reason=reason,
                degree=degree,
                produced_by=bad[job],
                job=job,
                bad=get_snapshot(repo.name, "main", dataset).snapshot,
                current=get_snapshot(repo.name, "main", dataset).snapshot,
                repository=repo.name,
                branch="main",
                choices=(PlanDecision.RESTORE, PlanDecision.SKIP),
                good=get_snapshot(repo.name, good, dataset).snapshot,
                good_commit=repo.head(good).id,
            )

        raw, weather, clean, report = plan.items
        assert restored("raw", PlanReason.OUTPUT, 0, job="ingest", good="main~3") == raw
        assert restored("clean", PlanReason.DERIVED, 1, job="clean", good="main~2") == clean
        assert restored("report", PlanReason.DERIVED, 2, job="report", good="main~1") == report
        assert ("weather", KEEP, PlanReason.SAME_CONTENT, 0) == (
            weather.dataset, weather.action, weather.reason, weather.degree,
        )  # fmt: skip
        assert (repo.name, "main", f"run:{bad['ingest']}") == (plan.repository, plan.branch, plan.target)
        assert (RollbackScope.DESCENDANTS, repo.head().id) == (plan.scope, plan.head)
        assert (PlanState.PLANNED, None) == (plan.state, plan.commit)

    def test_planning_changes_nothing(self, story: Story) -> None:
        repo, bad = story
        before = repo.catalog.refs.list_refs(repo.name), files(repo)
        plan = roll_back(repo, bad["ingest"])
        assert before == (repo.catalog.refs.list_refs(repo.name), files(repo))
        assert plan == repo.catalog.plans.get_plan(plan.id)

    def test_applying_a_plan_is_one_commit_that_leaves_later_work(self, story: Story) -> None:
        repo, bad = story
        plan = roll_back(repo, bad["ingest"])
        tip = repo.put("later", b"fine")
        applied = repo.catalog.plans.apply_plan(plan.id, author="grace", message="zurück")
        made = repo.head()
        assert {**GOOD, "later": b"fine"} == files(repo)
        assert ((tip.id,), "grace", "zurück") == (made.parents, made.author, made.message)
        assert {"rollback": plan.target, "plan": plan.id} == made.metadata
        assert ("clean", "raw", "report") == made.replaced
        assert (PlanState.APPLIED, made.id, plan.items) == (applied.state, applied.commit, applied.items)
        assert applied == repo.catalog.plans.get_plan(plan.id)

    def test_applying_again_changes_nothing(self, story: Story) -> None:
        repo, bad = story
        plan = roll_back(repo, bad["ingest"])
        applied = apply(repo, plan)
        assert f"roll back {plan.target}" == repo.head().message
        tip = repo.put("raw/part-0", b"mended")
        assert applied == apply(repo, plan)
        assert tip == repo.head()

    def test_a_rollback_can_be_reverted_and_planned_again(self, story: Story) -> None:
        repo, bad = story
        poisoned = files(repo)
        apply(repo, roll_back(repo, bad["ingest"]))
        repo.catalog.merging.revert(repo.name, ["main"], branch="main", author="ada")
        with pytest.warns(QuarantineWarning):
            assert poisoned == files(repo)
        apply(repo, roll_back(repo, bad["ingest"]))
        assert GOOD == files(repo)

    def test_what_is_rolled_back_already_is_kept(self, story: Story) -> None:
        repo, bad = story
        apply(repo, roll_back(repo, bad["ingest"]))
        again = roll_back(repo, bad["ingest"])
        assert {KEEP} == {item.action for item in again.items}
        with pytest.raises(StateError, match="nothing to apply"):
            apply(repo, again)

    def test_a_dataset_that_was_not_there_before_is_removed(self, repo: Repository) -> None:
        repo.put("other", b"1")
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        run(repo, "clean", reads=("raw",), writes={"clean": b"bad"})
        plan = roll_back(repo, bad)
        assert [("raw", REMOVE, None, None), ("clean", REMOVE, None, None)] == [
            (item.dataset, item.action, item.good, item.good_commit) for item in plan.items
        ]
        apply(repo, plan)
        assert {"other": b"1"} == files(repo)

    def test_what_a_clean_run_made_as_well_is_kept_and_so_is_what_follows(self, repo: Repository) -> None:
        build_all(repo, b"good")
        run(repo, "prepare", writes={"raw": b"other"})
        bad = build_all(repo, b"good")
        plan = roll_back(repo, bad["ingest"])
        assert [("raw", KEEP, PlanReason.SAME_CONTENT), ("weather", KEEP, PlanReason.SAME_CONTENT)] == [
            (item.dataset, item.action, item.reason) for item in plan.items
        ]

    def test_what_was_written_anew_since_is_kept(self, story: Story) -> None:
        repo, bad = story
        run(repo, "ingest", writes={"raw": b"mended"})
        plan = roll_back(repo, bad["ingest"])
        assert {
            "raw": (KEEP, PlanReason.SUPERSEDED),
            "weather": (KEEP, PlanReason.SAME_CONTENT),
            "clean": (RESTORE, PlanReason.DERIVED),
            "report": (RESTORE, PlanReason.DERIVED),
        } == {item.dataset: (item.action, item.reason) for item in plan.items}
        apply(repo, plan)
        assert {**GOOD, "raw/part-0": b"mended"} == files(repo)

    def test_a_later_bad_night_goes_back_behind_all_bad_nights(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = run(repo, "ingest", writes={"ledger": b"1 bad"})
        run(repo, "append", reads=("ledger",), writes={"ledger": b"2 bad"})
        run(repo, "append", reads=("ledger",), writes={"ledger": b"3 bad"})
        plan = roll_back(repo, bad)
        assert [("ledger", REMOVE)] == [(item.dataset, item.action) for item in plan.items]
        apply(repo, plan)
        assert GOOD == files(repo)

    def test_outputs_limit_what_counts_as_bad(self, repo: Repository) -> None:
        run(repo, "ingest", writes={"raw": b"good", "weather": b"good"})
        bad = run(repo, "ingest", writes={"raw": b"bad", "weather": b"bad"})
        run(repo, "report", reads=("weather",), writes={"report": b"made of weather"})
        plan = repo.catalog.plans.plan_rollback(repo.name, f"run:{bad}", outputs=("raw",))
        assert ["raw"] == [item.dataset for item in plan.items]
        apply(repo, plan)
        assert {
            "raw/part-0": b"good",
            "report/part-0": b"made of weather",
            "weather/part-0": b"bad",
        } == files(repo)
        both = repo.catalog.plans.plan_rollback(repo.name, f"run:{bad}", outputs=("weather", "raw"))
        assert {"weather": RESTORE, "raw": KEEP, "report": REMOVE} == {
            item.dataset: item.action for item in both.items
        }
        with pytest.raises(InvalidInputError, match="did not write clean; it wrote raw, weather"):
            repo.catalog.plans.plan_rollback(repo.name, f"run:{bad}", outputs=("raw", "clean"))

    def test_the_scope_outputs_leaves_what_is_derived(self, story: Story) -> None:
        repo, bad = story
        plan = repo.catalog.plans.plan_rollback(
            repo.name, f"run:{bad['ingest']}", scope=RollbackScope.OUTPUTS
        )
        assert {"raw": RESTORE, "weather": KEEP} == {item.dataset: item.action for item in plan.items}
        apply(repo, plan)
        assert {"raw/part-0": b"good", "clean/part-0": b"clean bad"}.items() <= files(repo).items()

    def test_a_plan_is_outdated_once_an_item_has_changed(self, story: Story) -> None:
        repo, bad = story
        plan = roll_back(repo, bad["ingest"])
        tip = repo.put("clean/part-0", b"by hand")
        with pytest.raises(PlanOutdatedError, match="'clean' has changed on 'main' since") as caught:
            apply(repo, plan)
        assert {"plan": plan.id, "path": "clean", "paths": ["clean"]} == caught.value.details
        assert (tip, PlanState.OUTDATED) == (repo.head(), repo.catalog.plans.get_plan(plan.id).state)
        repo.catalog.merging.revert(repo.name, ["main"], branch="main", author="ada")
        assert PlanState.APPLIED is apply(repo, plan).state

    def test_partitions_go_back_one_by_one(self, repo: Repository) -> None:
        for day in ("d1", "d2"):
            run(repo, "ingest", writes={"raw": b"good"}, partition=day)
            run(repo, "clean", reads=("raw",), writes={"clean": day.encode()}, partition=day)
        bad = run(repo, "ingest", writes={"raw": b"bad"}, partition="d2")
        run(repo, "clean", reads=("raw",), writes={"clean": b"bad"}, partition="d2")
        new = run(repo, "ingest", writes={"raw": b"good too"}, partition="d3")
        plan = roll_back(repo, bad)
        assert [("raw", "d2", RESTORE), ("clean", "d2", RESTORE)] == [
            (item.dataset, item.partition, item.action) for item in plan.items
        ]
        apply(repo, plan)
        assert {
            "raw/d1/part-0": b"good", "raw/d2/part-0": b"good", "raw/d3/part-0": b"good too",
            "clean/d1/part-0": b"d1", "clean/d2/part-0": b"d2",
        } == files(repo)  # fmt: skip
        apply(repo, roll_back(repo, new))
        assert {} == files(repo, path="raw/d3")

    def test_a_version_is_bad_whoever_made_it(self, story: Story) -> None:
        repo, _ = story
        for target in (node_at(repo, "clean"), f"lf://{repo.name}/clean", f"lf://{repo.name}/@main~1/clean"):
            plan = repo.catalog.plans.plan_rollback(repo.name, target)
            assert [("clean", RESTORE, 0), ("report", RESTORE, 1)] == [
                (item.dataset, item.action, item.degree) for item in plan.items
            ]
        apply(repo, plan)
        assert {**GOOD, "raw/part-0": b"bad"} == files(repo)

    def test_a_pipeline_stands_for_its_steps(self, repo: Repository) -> None:
        build_all(repo, b"good")
        whole = session_of(repo, "nightly")
        for name, dataset in (("one", "raw"), ("two", "report")):
            step = session_of(repo, name, pipeline=whole.run.id)
            step.write(dataset, {"part-0": b"bad"})
            step.complete()
        whole.publish()
        plan = roll_back(repo, whole.run.id)
        assert [("raw", "nightly.one"), ("report", "nightly.two")] == [
            (item.dataset, item.job) for item in plan.items
        ]

    def test_what_was_derived_in_another_repository_goes_back_too(self, story: Story) -> None:
        repo, bad = story
        other = Repository(repo.catalog, f"{repo.name}-2", author="ada").create()
        other.replace("copy", {"part-0": b"report good"})
        other.replace("copy", {"part-0": b"report bad"})
        tell_of_copy(repo, "report", into=other, path="copy")
        plan = roll_back(repo, bad["ingest"])
        told = plan.items[-1]
        assert (other.name, "main", "copy", RESTORE, PlanReason.DERIVED, 3) == (
            told.repository, told.branch, told.dataset, told.action, told.reason, told.degree,
        )  # fmt: skip
        applied = apply(repo, plan)
        assert {"copy/part-0": b"report good"} == files(other)
        assert [(repo.name, repo.head().id), (other.name, other.head().id)] == [
            (part.repository, part.commit) for part in applied.parts
        ]

    def test_another_branch_is_rolled_back_alone(self, story: Story) -> None:
        repo, bad = story
        repo.branch("staging")
        tip = repo.head()
        plan = repo.catalog.plans.plan_rollback(repo.name, f"run:{bad['ingest']}", branch="staging")
        apply(repo, plan)
        assert (tip, GOOD) == (repo.head("main"), files(repo, "staging"))

    def test_a_run_that_failed_made_no_version_to_roll_back(self, repo: Repository) -> None:
        session = session_of(repo, "ingest")
        session.write("raw", {"part-0": b"bad"})
        assert TransactionState.DISCARDED is session.discard("no space").state
        assert () == roll_back(repo, session.run.id).items

    @pytest.mark.parametrize("target", ["", "run:main", "lf://", "version:", "http://x/y", "run:" + "0" * 40])
    def test_what_is_no_node_is_refused(self, repo: Repository, target: str) -> None:
        with pytest.raises(InvalidInputError):
            repo.catalog.plans.plan_rollback(repo.name, target)

    def test_target_and_branch_must_be_there(self, story: Story) -> None:
        repo, bad = story
        with pytest.raises(RunNotFoundError):
            roll_back(repo, new_run_id())
        with pytest.raises(RefNotFoundError, match="nothing"):
            repo.catalog.plans.plan_rollback(repo.name, f"run:{bad['ingest']}", branch="nothing")

    def test_a_plan_that_is_not_there_is_named(self, catalog: Catalog) -> None:
        calls: list[Call] = [
            lambda: catalog.plans.get_plan(PlanId("nothing")),
            lambda: catalog.plans.apply_plan(PlanId("nothing"), author="ada"),
        ]
        for call in calls:
            with pytest.raises(PlanNotFoundError, match="nothing") as caught:
                call()
            assert {"plan": "nothing"} == caught.value.details

    def test_plans_are_listed_newest_first_in_pages(self, story: Story) -> None:
        repo, bad = story
        made = [roll_back(repo, bad[name]) for name in ("ingest", "clean", "report", "ingest")]
        made[2] = apply(repo, made[2])
        list_plans = repo.catalog.plans.list_plans
        assert made[::-1] == in_pages_of_one(
            lambda after, limit: list_plans(repo.name, after=after, limit=limit)
        )
        other = Repository(repo.catalog, f"{repo.name}-2").create()
        assert () == list_plans(other.name).items
        with pytest.raises(InvalidInputError):
            list_plans(repo.name, after="nowhere")


def roll_back(repo: Repository, bad: RunId) -> RollbackPlan:
    """Plans to undo a run on the default branch."""
    return repo.catalog.plans.plan_rollback(repo.name, f"run:{bad}")


def apply(repo: Repository, plan: RollbackPlan) -> RollbackPlan:
    """Applies a plan."""
    return repo.catalog.plans.apply_plan(plan.id, author="ada")
