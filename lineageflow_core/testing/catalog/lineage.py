"""What every catalog promises about events, and about the runs that they tell of."""

from itertools import permutations
from typing import Any

import pytest

from lineageflow_core.catalog import Catalog, Lineage
from lineageflow_core.errors import InvalidInputError, RunNotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Direction, Evidence
from lineageflow_core.model.run import RunState
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import Call, CatalogContract, in_pages_of_one, new_run_id
from lineageflow_core.testing.catalog.stories import run, session_of, version_at
from lineageflow_core.testing.signatures import assert_same_signatures

UP = Direction.UPSTREAM


class LineageContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Lineage, catalog.lineage)

    def test_events_that_came_before_are_counted_and_change_nothing(self, repo: Repository) -> None:
        run_id = new_run_id()
        events = events_of(run_id, repo.name)
        reports = [repo.catalog.lineage.ingest(events) for _ in range(2)]
        assert [(3, 0, ()), (3, 3, ())] == [
            (each.received, each.duplicates, each.problems) for each in reports
        ]
        assert 0 == repo.catalog.lineage.ingest([]).received
        details = repo.catalog.lineage.get_run(run_id)
        repo.catalog.lineage.ingest(events[:1] * 2)
        assert details == repo.catalog.lineage.get_run(run_id)

    def test_any_order_and_grouping_of_events_gives_one_graph(self, repo: Repository) -> None:
        told: list[Any] = []
        for order in permutations(range(3)):
            run_id = new_run_id()
            events = events_of(run_id, repo.name)
            repo.catalog.lineage.ingest([events[order[0]]])
            repo.catalog.lineage.ingest([events[place] for place in (order[1], order[2], order[0])])
            details = repo.catalog.lineage.get_run(run_id)
            told.append(
                (
                    details.run.state,
                    details.run.started_at,
                    details.run.ended_at,
                    [(io.version, io.evidence) for io in (*details.reads, *details.writes)],
                )
            )
        assert told == [told[0]] * 6

    def test_an_event_that_cannot_be_understood_is_told_and_does_not_stop_the_rest(
        self, repo: Repository
    ) -> None:
        run_id = new_run_id()
        report = repo.catalog.lineage.ingest([{"odd": repo.name}, *events_of(run_id, repo.name)])
        assert (4, 0, 1) == (report.received, report.duplicates, len(report.problems))
        assert report.problems[0].startswith("event 0: ")
        assert RunState.COMPLETED is repo.catalog.lineage.get_run(run_id).run.state

    def test_a_run_has_its_steps_and_what_they_read_and_wrote_exactly(self, repo: Repository) -> None:
        run(repo, "ingest", writes={"raw": b"1"})
        whole = session_of(repo, "nightly")
        step = session_of(repo, "clean", pipeline=whole.run.id)
        step.read("raw")
        step.write("clean", {"part-0": b"2"})
        step.complete()
        whole.publish()
        details = repo.catalog.lineage.get_run(whole.run.id)
        assert (whole.run.id, RunState.COMPLETED) == (details.run.id, details.run.state)
        assert [(step.run.id, whole.run.id, "nightly.clean")] == [
            (each.id, each.parent, each.job.name) for each in details.steps
        ]
        assert [(step.run.id, version_at(repo, "raw"), Evidence.EXPLICIT)] == [
            (io.run_id, io.version, io.evidence) for io in details.reads
        ]
        assert [(step.run.id, version_at(repo, "clean"))] == [
            (io.run_id, io.version) for io in details.writes
        ]
        assert details.writes == repo.catalog.lineage.get_run(step.run.id).writes

    def test_a_run_that_nobody_told_of_is_not_found(self, repo: Repository) -> None:
        lineage, run_id = repo.catalog.lineage, new_run_id()
        calls: list[Call] = [
            lambda: lineage.get_run(run_id),
            lambda: lineage.trace(f"run:{run_id}", direction=UP),
            lambda: lineage.impact(f"run:{run_id}"),
        ]
        for call in calls:
            with pytest.raises(RunNotFoundError, match=run_id) as caught:
                call()
            assert {"run_id": run_id} == caught.value.details

    def test_runs_are_listed_newest_first_in_pages(self, repo: Repository) -> None:
        job = f"job-{repo.name}"
        runs = [run(repo, job, writes={"raw": str(number).encode()}) for number in range(3)]
        failed = session_of(repo, job)
        failed.start()
        failed.discard("no space")
        lineage = repo.catalog.lineage

        def listed(**query: Any) -> list[RunId]:
            return [
                each.id
                for each in in_pages_of_one(
                    lambda after, limit: lineage.list_runs(**query, after=after, limit=limit)
                )
            ]

        assert [failed.run.id, *runs[::-1]] == listed(job=job)
        assert [failed.run.id] == listed(job=job, state=RunState.FAILED)
        assert [] == listed(job=job, state=RunState.RUNNING)
        assert [] == listed(job=job, parent=runs[0])
        assert [] == listed(job=f"no {job}")
        with pytest.raises(InvalidInputError):
            lineage.list_runs(after="nowhere")

    def test_the_steps_of_a_run_are_listed_under_it(self, repo: Repository) -> None:
        whole = session_of(repo, "nightly")
        steps = [session_of(repo, name, pipeline=whole.run.id) for name in ("one", "two")]
        for step in steps:
            step.start()
        list_runs = repo.catalog.lineage.list_runs
        found = in_pages_of_one(lambda after, limit: list_runs(parent=whole.run.id, after=after, limit=limit))
        assert [steps[1].run.id, steps[0].run.id] == [each.id for each in found]
        assert [steps[0].run.id] == [
            each.id for each in list_runs(parent=whole.run.id, job="nightly.one").items
        ]

    def test_runs_that_are_each_others_parents_are_listed_all_the_same(self, repo: Repository) -> None:
        lineage, ids = repo.catalog.lineage, sorted(new_run_id() for _ in range(3))
        job = f"loop-{repo.name}"
        for run_id, parent in zip(ids[::-1], (ids[1], ids[0], ids[2]), strict=True):
            around = {"run": {"runId": parent}, "job": {"namespace": repo.name, "name": job}}
            [event, *_] = events_of(run_id, repo.name)
            event["run"] = {"runId": run_id, "facets": {"parent": around}}
            event["job"] = {"namespace": repo.name, "name": job}
            lineage.ingest([event])
        assert [ids[0]] == [each.id for each in lineage.list_runs(job=job).items]
        assert [ids[1]] == [each.id for each in lineage.list_runs(job=job, parent=ids[0]).items]
        assert [ids[2]] == [each.id for each in lineage.list_runs(job=job, parent=ids[1]).items]
        assert [] == list(lineage.list_runs(job=job, parent=ids[2]).items)
        assert ids[2] == lineage.get_run(ids[0]).run.parent
        assert set(ids[1:]) == {each.id for each in lineage.get_run(ids[0]).steps}


def events_of(run_id: RunId, namespace: str) -> list[dict[str, Any]]:
    """Returns the events of a run that read `a` and wrote `b` of another system."""
    first = {
        "eventType": "START",
        "eventTime": "2026-05-01T02:00:00Z",
        "producer": "https://producer.example/1",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id},
        "job": {"namespace": namespace, "name": "other"},
        "inputs": [{"namespace": "s3://lake", "name": "a"}],
    }
    written = {"namespace": "s3://lake", "name": "b", "facets": {"version": {"datasetVersion": "7"}}}
    return [
        first,
        {**first, "eventType": "RUNNING", "eventTime": "2026-05-01T02:01:00Z", "outputs": [written]},
        {**first, "eventType": "COMPLETE", "eventTime": "2026-05-01T02:02:00Z", "inputs": []},
    ]
