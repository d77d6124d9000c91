"""What every catalog promises about rollbacks that meet later runs, merges, other rollbacks and models."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lineageflow_core.errors import PlanOutdatedError
from lineageflow_core.model.change import put
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.plan import PlanAction, PlanDecision, PlanItem, PlanReason
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.rollback import GOOD, apply, changed, plan, quarantined
from lineageflow_core.testing.catalog.scene import CatalogContract, files
from lineageflow_core.testing.catalog.stories import build_all, run, session_of, tell_of_copy


class RollbackOverlapContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_the_half_of_a_partition_that_a_later_run_rewrote_stays(self, repo: Repository) -> None:
        write(repo, {"a": b"1", "b": b"1"})
        bad = write(repo, {"a": b"bad", "b": b"bad"})
        later = session_of(repo, "repair")
        (entry,) = repo.catalog.content.upload(repo.name, [b"mended"])
        change = put("raw/d1/a", [entry], dataset="raw")
        later.commit(repo.name, later.branch_for(repo.name), [change], message="mend a")
        later.publish()
        made = plan(repo, f"run:{bad}")
        assert [("d1", PlanAction.MERGE, [later.run.id])] == [
            (item.partition, item.action, [each.run_id for each in item.later]) for item in made.items
        ]
        apply(repo, made)
        assert {"raw/d1/a": b"mended", "raw/d1/b": b"1"} == files(repo)

    def test_the_partition_that_a_later_run_rewrote_stays_where_the_whole_was_bad(
        self, repo: Repository
    ) -> None:
        for day in ("d1", "d2"):
            run(repo, "ingest", writes={"raw": b"good"}, partition=day)
        session = session_of(repo, "ingest")
        for day in ("d1", "d2"):
            session.write("raw", {"part-0": b"bad"}, partition=day)
        session.publish()
        run(repo, "ingest", writes={"raw": b"better"}, partition="d1")
        made = plan(repo, f"run:{session.run.id}")
        assert {"d1": PlanReason.SUPERSEDED, "d2": PlanReason.OUTPUT} == {
            item.partition: item.reason for item in made.items
        }
        apply(repo, made)
        assert {"raw/d1/part-0": b"better", "raw/d2/part-0": b"good"} == files(repo)

    def test_of_two_plans_that_overlap_the_second_is_outdated_and_does_the_rest(
        self, repo: Repository
    ) -> None:
        build_all(repo, b"good")
        first = run(repo, "ingest", writes={"raw": b"bad"})
        second = run(repo, "forecast", writes={"weather": b"foul"})
        run(repo, "clean", reads=("raw",), writes={"clean": b"clean bad"})
        run(repo, "report", reads=("clean", "weather"), writes={"report": b"report bad"})
        one, other = plan(repo, f"run:{first}"), plan(repo, f"run:{second}")
        assert ({"raw", "clean", "report"}, {"weather", "report"}) == (changed(one), changed(other))
        apply(repo, one)
        with pytest.raises(PlanOutdatedError, match="report"):
            apply(repo, other)
        assert b"foul" == repo.read_bytes("weather/part-0")
        anew = plan(repo, f"run:{second}")
        assert {"weather"} == changed(anew)
        apply(repo, anew)
        assert GOOD == files(repo)

    def test_a_rollback_undone_leaves_what_another_one_took_back(self, repo: Repository) -> None:
        build_all(repo, b"good")
        first = run(repo, "ingest", writes={"raw": b"bad"})
        second = run(repo, "forecast", writes={"weather": b"foul"})
        one = apply(repo, plan(repo, f"run:{first}"))
        apply(repo, plan(repo, f"run:{second}"))
        apply(repo, repo.catalog.plans.plan_undo(one.id))
        assert {**GOOD, "raw/part-0": b"bad"} == files(repo)
        assert {"weather"} == quarantined(repo)

    def test_what_another_rollback_calls_bad_is_not_brought_back_unasked(self, repo: Repository) -> None:
        build_all(repo, b"good")
        first = run(repo, "ingest", writes={"raw": b"bad"})
        second = run(repo, "forecast", writes={"weather": b"foul"})
        run(repo, "report", reads=("raw", "weather"), writes={"report": b"report bad"})
        one = apply(repo, plan(repo, f"run:{first}"))
        apply(repo, plan(repo, f"run:{second}"))
        undoing = repo.catalog.plans.plan_undo(one.id)
        assert {
            "raw": (PlanAction.RESTORE, PlanReason.UNDONE),
            "report": (PlanAction.SKIP, PlanReason.DERIVED),
        } == {item.dataset: (item.action, item.reason) for item in undoing.items}
        apply(repo, undoing)
        assert {**GOOD, "raw/part-0": b"bad"} == files(repo)
        assert {"weather", "report"} == quarantined(repo)

    def test_rollbacks_undone_in_the_order_they_were_made_lead_back(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"good"})
        first = run(repo, "ingest", writes={"raw": b"bad"})
        second = run(repo, "ingest", writes={"raw": b"worse"})
        one = apply(repo, plan(repo, f"run:{second}"))  # which leads to `bad`
        other = apply(repo, plan(repo, f"run:{first}"))
        assert {"raw/part-0": b"good"} == files(repo)
        undoing = repo.catalog.plans.plan_undo(one.id)
        assert [PlanAction.SKIP] == [item.action for item in undoing.items]
        for each, content in ((other, b"bad"), (one, b"worse")):
            apply(repo, repo.catalog.plans.plan_undo(each.id))
            assert {"raw/part-0": content} == files(repo)
        assert set() == quarantined(repo)

    def test_a_time_counts_when_something_came_to_the_branch(self, repo: Repository) -> None:
        build_all(repo, b"good")
        repo.branch("feature")
        repo.put("before", b"1")
        repo.replace("raw", {"part-0": b"bad"}, branch="feature")
        since = datetime.now(UTC).isoformat()
        repo.merge("feature")
        run(repo, "clean", reads=("raw",), writes={"clean": b"clean bad"})
        made = plan(repo, f"main@{{{since}}}..")
        assert {"raw", "clean"} == changed(made)
        apply(repo, made)
        assert {**GOOD, "before": b"1"} == files(repo)

    def test_a_time_counts_also_where_a_merge_only_moved_the_branch(self, repo: Repository) -> None:
        build_all(repo, b"good")
        repo.branch("feature")
        repo.replace("raw", {"part-0": b"bad"}, branch="feature")
        since = datetime.now(UTC).isoformat()
        repo.merge("feature")
        apply(repo, plan(repo, f"main@{{{since}}}.."))
        assert GOOD == files(repo)

    def test_what_was_derived_on_two_ways_goes_back_once(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        run(repo, "clean", reads=("raw",), writes={"clean": b"clean bad"})
        run(repo, "report", reads=("clean", "raw"), writes={"report": b"report bad"})
        made = plan(repo, f"run:{bad}")
        assert [("raw", 0), ("clean", 1), ("report", 1)] == [
            (item.dataset, item.degree) for item in made.items
        ]
        apply(repo, made)
        assert GOOD == files(repo)

    def test_what_came_back_over_another_repository_goes_back_too(self, repo: Repository) -> None:
        build_all(repo, b"good")
        other = Repository(repo.catalog, f"{repo.name}-2", author="ada").create()
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        other.replace("copy", {"part-0": b"good"})
        other.replace("copy", {"part-0": b"bad"})
        tell_of_copy(repo, "raw", into=other, path="copy")
        repo.replace("back", {"part-0": b"of bad"})
        tell_of_copy(other, "copy", into=repo, path="back")
        made = plan(repo, f"run:{bad}")
        assert [("raw", 0), ("back", 2), ("copy", 1)] == [(item.dataset, item.degree) for item in made.items]
        applied = apply(repo, made)
        assert (GOOD, {"copy/part-0": b"good"}) == (files(repo), files(other))
        assert 2 == len(applied.parts)

    def test_one_clean_way_does_not_make_clean(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = run(repo, "forecast", writes={"weather": b"foul"})
        run(repo, "report", reads=("clean", "weather"), writes={"report": b"report bad"})
        assert {"weather", "report"} == changed(plan(repo, f"run:{bad}"))

    def test_a_model_goes_back_with_all_that_it_predicted(self, repo: Repository) -> None:
        for content in (b"good", b"bad"):
            bad = run(repo, "ingest", writes={"raw": content})
            train(repo, content)
            run(repo, "predict", reads=("churn",), writes={"scores": b"scores " + content})
        made = plan(repo, f"run:{bad}")
        assert [("raw", None), ("churn", "MODEL"), ("scores", None)] == [
            (item.dataset, item.dataset_type) for item in made.items
        ]
        apply(repo, made)
        assert b"model good" == repo.read_bytes("churn/model.bin")
        assert b"scores good" == repo.read_bytes("scores/part-0")

    def test_a_model_that_was_registered_elsewhere_is_named_with_its_owner(self, repo: Repository) -> None:
        bad = run(repo, "ingest", writes={"raw": b"bad"})
        train(repo, b"bad")
        session = session_of(repo, "register")
        session.read("churn")
        session.complete()
        tell_of_registered(repo, session.run.id)
        (told,) = [item for item in plan(repo, f"run:{bad}").items if item.action is PlanAction.CANNOT]
        assert ("mlflow://models/churn", "MODEL", PlanReason.EXTERNAL, ("@ml",)) == facts_of(told)
        assert () == told.choices

    def test_only_the_item_that_was_decided_changes(self, repo: Repository) -> None:
        build_all(repo, b"good")
        bad = build_all(repo, b"bad")
        made = repo.catalog.plans.plan_rollback(
            repo.name, f"run:{bad['ingest']}", decisions={"clean": PlanDecision.SKIP}
        )
        apply(repo, made)
        assert {**GOOD, "clean/part-0": b"clean bad"} == files(repo)
        assert {"raw", "report"} == quarantined(repo)


def write(repo: Repository, content: dict[str, bytes]) -> RunId:
    """Runs a pipeline that writes a partition of several files."""
    session = session_of(repo, "ingest")
    session.write("raw", dict(content), partition="d1")
    session.publish()
    return session.run.id


def train(repo: Repository, content: bytes) -> None:
    """Runs a pipeline that makes a model of `raw`."""
    session = session_of(repo, "train")
    session.read("raw")
    session.write("churn", {"model.bin": b"model " + content}, dataset_type="MODEL")
    session.publish()


def facts_of(item: PlanItem) -> tuple[str, str | None, PlanReason, tuple[str, ...]]:
    """Returns what an item says of something outside of the lake."""
    return item.dataset, item.dataset_type, item.reason, item.owners


def tell_of_registered(repo: Repository, run_id: RunId) -> None:
    """Tells that a run put a model into a registry."""
    said = {"_producer": "test", "_schemaURL": "test"}
    facets: dict[str, Any] = {
        "ownership": {**said, "owners": [{"name": "@ml"}]},
        "datasetType": {**said, "datasetType": "MODEL"},
    }
    event = {
        "eventType": "COMPLETE",
        "eventTime": datetime.now(UTC).isoformat(),
        "producer": "test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id},
        "job": {"namespace": repo.name, "name": "register"},
        "inputs": [],
        "outputs": [{"namespace": "mlflow://models", "name": "churn", "facets": facets}],
    }
    repo.catalog.lineage.ingest([event])
