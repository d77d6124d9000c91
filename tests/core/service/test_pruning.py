"""Pruning on every kind of store: what goes, what stays, and that what stays says the same as before."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lineageflow_server import postgresql
from lineageflow_server.embedded import open_stores

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, RunNotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Direction, Evidence, RunDetails
from lineageflow_core.model.pruning import KeptBecause, PruningPlan
from lineageflow_core.model.run import Job
from lineageflow_core.openlineage.received import receive
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession
from lineageflow_core.service import folding
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import Stores
from tests.core.openlineage.scenarios import Json, dataset, event, parent_facet
from tests.servers.postgresql import shared_postgresql

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Scene:
    def __init__(self, stores: Stores) -> None:
        self.now = NOW
        self.stores = stores
        self.catalog: Catalog = open_embedded(stores, clock=lambda: self.now)

    def run(self, name: str, days_ago: float, reads: Any = (), writes: Any = (), **more: Any) -> RunId:
        """Takes in a run that completed so many days ago; names of datasets may have '@version'."""
        self.take(self.events(name, days_ago, reads, writes, **more))
        return run_id(name)

    def events(
        self, name: str, days_ago: float, reads: Any = (), writes: Any = (), **more: Any
    ) -> list[Json]:
        at = NOW - timedelta(days=days_ago)
        told = {"run": run_id(name), "job": f"job.{name}", **more}
        return [
            event("START", time=at.isoformat(), inputs=[mentioned(each) for each in reads], **told),
            event(
                "COMPLETE",
                time=(at + timedelta(minutes=1)).isoformat(),
                outputs=[mentioned(each) for each in writes],
                **told,
            ),
        ]

    def take(self, events: list[Json]) -> None:
        assert () == self.catalog.lineage.ingest(events).problems

    def plan(self, days: int = 30, last: int = 0) -> PruningPlan:
        return self.catalog.events.plan_pruning(older_than_days=days, keep_last=last)

    def prune(self, days: int = 30, last: int = 0) -> int:
        """Prunes all that may go, after a plan that says the same."""
        planned = self.plan(days, last)
        done = self.catalog.events.prune(older_than_days=days, keep_last=last)
        assert (planned.pipelines, planned.runs, False) == (done.pipelines, done.runs, done.more)
        assert 0 == self.plan(days, last).pipelines
        assert () == folding.verify(self.stores).differences
        return done.runs

    def is_there(self, name: str) -> bool:
        try:
            self.catalog.lineage.get_run(run_id(name))
        except RunNotFoundError:
            assert () == self.catalog.events.list_events(run_id=run_id(name)).items
            return False
        return True

    def reasons(self, **wanted: int) -> dict[KeptBecause, int]:
        return {each.because: each.count for each in self.plan(**wanted).kept}


def run_id(name: str) -> RunId:
    return RunId(str(uuid5(NAMESPACE_OID, name)))


def mentioned(text: str) -> Json:
    name, _, version = text.partition("@")
    return dataset(name, version or None)


@contextmanager
def in_memory(_folder: Path) -> Iterator[Stores]:
    yield MemoryStores()


@contextmanager
def in_sqlite(folder: Path) -> Iterator[Stores]:
    with closing(open_stores(folder / "lake")) as stores:
        yield stores


@contextmanager
def in_postgresql(folder: Path) -> Iterator[Stores]:
    with (
        shared_postgresql().empty_database() as address,
        closing(postgresql.open_stores(f"{address}&storage={folder}")) as stores,
    ):
        yield stores


KINDS = {"memory": in_memory, "sqlite": in_sqlite, "postgresql": in_postgresql}


@pytest.fixture(params=list(KINDS))
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    with KINDS[request.param](tmp_path) as stores:
        yield Scene(stores)


def closing_event(scene: Scene) -> None:
    """The last event of the log stays whatever it is about: here it is about nothing old."""
    scene.run("closing", 0)


def test_what_is_old_goes_and_what_is_not_stays(scene: Scene) -> None:
    scene.run("old", 40, ["a@1"], ["b@1"])
    scene.run("young", 20, ["b@1"], ["c@1"])
    assert 1 == scene.prune()
    assert [False, True] == [scene.is_there(name) for name in ("old", "young")]
    graph = scene.catalog.lineage.trace("version:s3://lake/c@1", direction=Direction.UPSTREAM)
    assert {"version:s3://lake/b@1", "version:s3://lake/c@1"} == {
        node.id for node in graph.nodes if node.version
    }


def test_a_plan_changes_nothing(scene: Scene) -> None:
    scene.run("old", 40, ["a@1"], ["b@1"])
    closing_event(scene)
    plan = scene.plan()
    assert (1, 1, (run_id("old"),)) == (plan.pipelines, plan.runs, plan.examples)
    assert scene.is_there("old")


def test_the_last_versions_stay(scene: Scene) -> None:
    for number in range(5):
        scene.run(f"r{number}", 90 - number, [], [f"a@{number}"])
    closing_event(scene)
    assert {KeptBecause.LAST: 2} == scene.reasons(last=2)
    assert 3 == scene.prune(last=2)
    assert [False] * 3 + [True] * 2 == [scene.is_there(f"r{number}") for number in range(5)]


def test_a_pipeline_goes_with_its_steps_or_stays(scene: Scene) -> None:
    for name, days in (("one", 40), ("two", 20)):
        facets = parent_facet(run_id(f"pipeline {name}"), f"pipeline.{name}")
        scene.run(f"first {name}", 45, [], [f"{name}@1"], run_facets=facets)
        scene.run(f"last {name}", days, [f"{name}@1"], [], run_facets=facets)
    closing_event(scene)
    assert 3 == scene.prune()
    assert [False, True] == [scene.is_there(f"first {name}") for name in ("one", "two")]
    assert [False, True] == [scene.is_there(f"pipeline {name}") for name in ("one", "two")]


def test_a_run_that_goes_on_stays(scene: Scene) -> None:
    scene.take([event("START", time=(NOW - timedelta(days=90)).isoformat(), run=run_id("stream"))])
    scene.take([event("RUNNING", time=(NOW - timedelta(days=1)).isoformat(), run=run_id("stream"))])
    assert {KeptBecause.GOING: 1} == scene.reasons()
    assert 0 == scene.prune()


def test_what_a_read_without_a_version_rests_on_stays(scene: Scene) -> None:
    scene.run("older", 50, [], ["a"])
    scene.run("newer", 40, ["source"], ["a"])
    scene.run("reader", 10, ["a"], ["b@1"])
    reads = scene.catalog.lineage.get_run(run_id("reader")).reads
    assert {KeptBecause.READ: 1} == scene.reasons()
    assert 1 == scene.prune()
    assert [False, True, True] == [scene.is_there(name) for name in ("older", "newer", "reader")]
    assert reads == scene.catalog.lineage.get_run(run_id("reader")).reads


def test_a_pipeline_that_reads_its_own_table_goes_when_it_is_old(scene: Scene) -> None:
    for days in (60, 50, 40, 20, 10):
        scene.run(f"{days}", days, ["a"], ["a"], job="merge")
    assert 3 == scene.prune()
    assert [] == [days for days in (60, 50, 40) if scene.is_there(f"{days}")]
    reads = [scene.catalog.lineage.get_run(run_id(name)).reads[0].version.version for name in ("20", "10")]
    assert [None, f"run:{run_id('20')}"] == reads


def test_a_pipeline_that_reads_its_own_table_goes_from_its_beginning(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineageflow_core.service.pruning._AT_ONCE", 1)
    days = (60, 50, 40, 20)
    for each in days:
        facets = parent_facet(run_id(f"pipeline {each}"), "pipeline")
        scene.run(f"load {each}", each, ["a"], [], run_facets=facets)
        scene.run(f"store {each}", each, [], ["a"], run_facets=facets)
    before = scene.catalog.lineage.get_run(run_id("load 20")).reads
    assert 3 == scene.catalog.events.prune(older_than_days=30, limit=1).runs
    assert [False, True, True, True] == [scene.is_there(f"store {each}") for each in days]
    assert before == scene.catalog.lineage.get_run(run_id("load 20")).reads
    assert 6 == scene.prune()


def test_what_a_job_wrote_once_and_only_reads_since_stays(scene: Scene) -> None:
    scene.run("once", 50, [], ["a"], job="load")
    scene.run("again", 10, ["a"], ["b"], job="load")
    reads = scene.catalog.lineage.get_run(run_id("again")).reads
    assert 0 == scene.prune()
    assert reads == scene.catalog.lineage.get_run(run_id("again")).reads


def test_what_would_seem_to_have_read_something_older_keeps_what_it_read(scene: Scene) -> None:
    scene.run("first", 70, [], ["a"])
    scene.run("pin", 5, [], [], run_facets=parent_facet(run_id("kept"), "kept"))
    scene.run("kept", 65, [], ["a"], run_facets=parent_facet(run_id("kept"), "kept"))
    for days in (60, 50, 20):
        scene.run(f"{days}", days, ["a"], ["a"], job="merge")
    before = scene.catalog.lineage.get_run(run_id("20")).reads
    assert 1 == scene.prune()
    assert [False, True, True] == [scene.is_there(name) for name in ("first", "60", "50")]
    assert before == scene.catalog.lineage.get_run(run_id("20")).reads


def test_the_whole_past_of_what_a_branch_or_tag_holds_stays(scene: Scene) -> None:
    repo = Repository(scene.catalog, "lake", author="ada").create()

    def step(name: str, reads: str | None, writes: str) -> None:
        job = Job(namespace="nightly", name=name)
        session = RunSession(scene.catalog, "lake", job, run_id=run_id(name), author="ada")
        if reads:
            session.read(reads)
        session.write(writes, {"": name.encode()})
        session.publish()

    names = ("extract", "load", "other", "extract again", "load again")
    step("extract", None, "raw")
    step("load", "raw", "table")
    repo.tag("v1")
    step("other", None, "passing")
    step("extract again", None, "raw")
    step("load again", "raw", "table")
    repo.delete("passing")
    closing_event(scene)
    scene.now = datetime.now(UTC) + timedelta(days=365)
    assert {KeptBecause.HELD: 4} == scene.reasons()
    assert 2 == scene.prune()
    assert [True, True, False, True, True] == [scene.is_there(name) for name in names]
    repo.catalog.refs.delete_tag("lake", "v1", author="ada")
    assert {KeptBecause.HELD: 4} == scene.reasons()  # the tag can be brought back
    scene.now += timedelta(days=365)
    assert {run_id("extract"), run_id("load")} == set(scene.plan().examples)
    assert 2 == scene.prune()
    assert [False, False, False, True, True] == [scene.is_there(name) for name in names]


def test_what_comes_late_about_a_pruned_run_brings_nothing_back(scene: Scene) -> None:
    scene.run("old", 40, ["a@1"], ["b@1"])
    scene.run("young", 20, ["b@1"], [])
    scene.prune()
    late = scene.events("old", 40, ["other@7"], ["b@1"], run_facets=parent_facet(run_id("parent")))
    scene.take(late)
    with pytest.raises(RunNotFoundError):
        scene.catalog.lineage.get_run(run_id("old"))
    assert () == scene.catalog.lineage.get_run(run_id("young")).writes
    assert () == folding.verify(scene.stores).differences
    closing_event(scene)
    assert 2 == len(scene.catalog.events.list_events(run_id=run_id("old")).items)
    scene.catalog.events.prune(older_than_days=30)
    assert () == scene.catalog.events.list_events(run_id=run_id("old")).items
    assert () == folding.verify(scene.stores).differences


def test_what_events_said_of_jobs_and_datasets_stays(scene: Scene) -> None:
    described = dataset("a", "1", documentation={"description": "all orders"})
    links = {"identifiers": [{"namespace": "db://other", "name": "orders", "type": "TABLE"}]}
    linked = dataset("a", "1", symlinks=links)
    at = (NOW - timedelta(days=40)).isoformat()
    facets = {"ownership": {"owners": [{"name": "ada"}]}}
    scene.take([event("COMPLETE", time=at, inputs=[described], outputs=[linked], job_facets=facets)])
    closing_event(scene)
    name, load = dataset_name("a"), Job(namespace="nightly", name="etl.load")

    def told() -> tuple[object, ...]:
        datasets, jobs = scene.stores.datasets, scene.stores.jobs
        return datasets.words([name])[name], datasets.names(name), jobs.words([load])[load]

    before = told()
    assert 2 == len(scene.stores.datasets.names(name))
    assert 1 == scene.prune()
    folding.rebuild(scene.stores)
    after = told()
    assert before == after


def test_what_read_goes_before_what_it_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineageflow_core.service.pruning._AT_ONCE", 1)
    scene.run("maker", 50, [], ["a"])
    # Nobody tells when the reader's pipeline started, so it stands before all others.
    around = parent_facet(run_id("pipeline"), "pipeline")
    at = (NOW - timedelta(days=40)).isoformat()
    scene.take([event("COMPLETE", time=at, run=run_id("reader"), inputs=[dataset("a")], run_facets=around)])
    closing_event(scene)
    assert 2 == scene.catalog.events.prune(older_than_days=30, limit=1).runs
    assert [True, False] == [scene.is_there(name) for name in ("maker", "reader")]
    assert 1 == scene.catalog.events.prune(older_than_days=30).runs


OF_DATASET = {"eventTime": "2020-01-01T00:00:00Z", "dataset": dataset("a", ownership={"owners": []})}
OF_JOB = {
    "eventTime": "2020-01-01T00:00:00Z",
    "job": {"namespace": "nightly", "name": "declared"},
    "inputs": [dataset("a")],
    "outputs": [dataset("b")],
}


def test_events_about_no_run_go_by_their_age_and_what_they_say_stays(scene: Scene) -> None:
    odd = scene.catalog.lineage.ingest([OF_DATASET, OF_JOB, {"eventTime": "2020-01-01T00:00:00Z"}])
    assert 1 == len(odd.problems)
    closing_event(scene)
    assert (0, 0) == (scene.plan(30).events, scene.plan(30).runs)  # they came just now
    scene.now += timedelta(days=20)
    assert (0, 3) == (scene.plan(30).events, scene.plan(10).events)
    job, name = Job(namespace="nightly", name="declared"), dataset_name("a")

    def said() -> Any:
        jobs = [each.job for each in scene.catalog.jobs.list_jobs().items]
        return (
            jobs,
            scene.catalog.datasets.list_known_datasets().items,
            scene.stores.datasets.words([name]),
            scene.stores.lineage.declarations(jobs=[job]),
        )

    before = said()
    done = scene.catalog.events.prune(older_than_days=10)
    assert (1, 3, False) == (done.runs, done.events, done.more)
    assert before == said()
    folding.rebuild(scene.stores)
    assert before == said()


def test_an_event_that_was_set_aside_waits_for_a_version_that_understands_it(scene: Scene) -> None:
    with scene.stores.lineage.write() as writer:
        aside = receive(OF_DATASET, at=NOW).stored
        writer.append([replace(aside, is_aside=True, problem="this version failed on it")])
    closing_event(scene)
    scene.now += timedelta(days=20)
    assert 0 == scene.plan(10).events
    scene.catalog.events.replay_events()
    assert 1 == scene.plan(10).events


def test_events_about_no_run_go_in_parts(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineageflow_core.service.pruning._AT_ONCE", 2)
    numbered = [{**OF_DATASET, "number": number} for number in range(7)]
    scene.take([{**each, "producer": "https://p", "schemaURL": "https://s"} for each in numbered])
    closing_event(scene)
    scene.now += timedelta(days=20)
    first = scene.catalog.events.prune(older_than_days=10, limit=3)
    assert (1, 2, True) == (first.runs, first.events, first.more)
    second = scene.catalog.events.prune(older_than_days=10)
    assert (0, 5, False) == (second.runs, second.events, second.more)


def test_no_place_in_the_log_is_given_again(scene: Scene) -> None:
    scene.run("old", 40)
    place = scene.catalog.live.changes().next
    scene.prune()
    scene.run("new", 0)
    assert run_id("new") in {each.id for each in scene.catalog.live.changes(after=place).items}


def test_it_goes_on_where_it_was_left(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineageflow_core.service.pruning._AT_ONCE", 2)
    for number in range(7):
        scene.run(f"r{number}", 40 + number, [], [f"a{number}@1"])
    closing_event(scene)
    first = scene.catalog.events.prune(older_than_days=30, limit=3)
    assert (4, True) == (first.runs, first.more)
    assert () == folding.verify(scene.stores).differences
    assert 3 == scene.prune()


def test_what_comes_while_it_prunes_is_folded_as_ever(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineageflow_core.service.pruning._AT_ONCE", 3)
    for number in range(30):
        scene.run(f"r{number}", 40 + number, [], [f"a{number}"])
    closing_event(scene)

    def write(number: int) -> None:
        scene.run(f"reader {number}", 20, [f"a{number}"], [f"b{number}@1"])  # as of its start
        scene.take(scene.events(f"r{29 - number}", 39, [f"late{number}@1"]))

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, number) for number in range(10)]
        while scene.catalog.events.prune(older_than_days=30, limit=3).more:
            pass
        for each in writing:
            each.result()
    assert () == folding.verify(scene.stores).differences
    for number in range(10):
        [read] = scene.catalog.lineage.get_run(run_id(f"reader {number}")).reads
        made = scene.is_there(f"r{number}")
        assert (f"run:{run_id(f'r{number}')}" if made else None) == read.version.version


@pytest.mark.parametrize("days, last", [(-1, 0), (10**9, 0), (1, -1), (1, 2**63)])
def test_what_cannot_be_is_refused(days: int, last: int) -> None:
    scene = Scene(MemoryStores())
    with pytest.raises(InvalidInputError):
        scene.plan(days, last)
    with pytest.raises(InvalidInputError):
        scene.catalog.events.prune(older_than_days=1, limit=0)


NAMES = st.sampled_from(["a", "b", "c", "a@1", "b@2", "c@3", "a@4"])
RUNS = st.lists(
    st.tuples(
        st.integers(1, 60),
        st.lists(NAMES, max_size=2),
        st.lists(NAMES, max_size=2),
        st.one_of(st.none(), st.integers(0, 9)),
    ),
    min_size=1,
    max_size=10,
)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=RUNS, last=st.integers(0, 2), seed=st.integers(0, 99))
def test_what_stays_says_the_same_as_before(
    kind: str, runs: list[Any], last: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with KINDS[kind](tmp_path_factory.mktemp("lake")) as stores:
        scene = Scene(stores)
        events = [
            told
            for number, (days, reads, writes, parent) in enumerate(runs)
            for told in scene.events(
                f"r{number}",
                days,
                reads,
                writes,
                run_facets=parent_facet(run_id(f"p{parent}")) if parent is not None else {},
            )
        ]
        random.Random(seed).shuffle(events)
        scene.take(events)
        closing_event(scene)
        names = [f"r{number}" for number in range(len(runs))]
        before = {name: scene.catalog.lineage.get_run(run_id(name)) for name in names}
        scene.prune(last=last)
        for name in names:
            if scene.is_there(name):
                assert told_as_before(before[name], scene.catalog.lineage.get_run(run_id(name)))
        scene.take(random.Random(seed).sample(events, len(events) // 2))
        assert () == folding.verify(stores).differences


def told_as_before(before: RunDetails, now: RunDetails) -> bool:
    """Tells whether a run says the same, except of which version an own dataset was that it read."""
    forgotten = {io.version.dataset for io in now.reads if io.version.version is None}
    kept = tuple(io for io in before.reads if io.version.dataset not in forgotten)
    same = replace(now, reads=tuple(io for io in now.reads if io.version.dataset not in forgotten))
    lost = [io for io in before.reads if io.version.dataset in forgotten]
    return replace(before, reads=kept) == same and all(
        io.evidence in {Evidence.AS_OF, Evidence.UNKNOWN} for io in lost
    )


def dataset_name(name: str) -> Any:
    from lineageflow_core.model.lineage import DatasetName

    return DatasetName(namespace="s3://lake", name=name)
