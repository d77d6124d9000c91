"""What every catalog promises about cards of datasets, jobs and runs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lineageflow_core.catalog import Catalog, Overview
from lineageflow_core.errors import DatasetNotFoundError, InvalidInputError, JobNotFoundError
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.page import TimeOrder
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, new_run_id
from lineageflow_core.testing.signatures import assert_same_signatures

Event = dict[str, Any]


class World:
    """Datasets and jobs in a namespace that no other test uses."""

    def __init__(self, repo: Repository) -> None:
        self.namespace = f"s3://{repo.name}"
        self.lineage = repo.catalog.lineage

    def name(self, dataset: str) -> DatasetName:
        """Returns the name of a dataset."""
        return DatasetName(namespace=self.namespace, name=dataset)

    def job(self, name: str) -> Job:
        """Returns a job."""
        return Job(namespace=self.namespace, name=name)

    def version(self, dataset: str, run: RunId) -> Version:
        """Returns what a run wrote of a dataset."""
        return Version(namespace=self.namespace, name=dataset, version=f"run:{run}")

    def dataset(self, name: str, **facets: Event) -> Event:
        """Returns a dataset as an event has it."""
        return {"namespace": self.namespace, "name": name, "facets": facets}

    def tell(
        self,
        job: str,
        minute: int,
        event_type: str = "COMPLETE",
        *,
        run: RunId | None = None,
        inputs: list[Event] | None = None,
        outputs: list[Event] | None = None,
        facets: Event | None = None,
    ) -> RunId:
        """Hands in one event about a run, a new one if none is given."""
        run = run or new_run_id()
        event: Event = {
            "eventType": event_type,
            "eventTime": at(minute).isoformat(),
            "producer": "https://producer.example/1",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
            "run": {"runId": run, "facets": facets or {}},
            "job": {"namespace": self.namespace, "name": job},
            "inputs": inputs or [],
            "outputs": outputs or [],
        }
        self.lineage.ingest([event])
        return run


def at(minute: int) -> datetime:
    """Returns a minute of one day."""
    return datetime(2026, 5, 1, minute // 60, minute % 60, tzinfo=UTC)


def schema(*columns: str) -> Event:
    """Returns the facet `schema`."""
    return {"fields": [{"name": name} for name in columns]}


class OverviewContract(CatalogContract):
    """Cards say what the operations on one thing say."""

    @pytest.fixture
    def world(self, repo: Repository) -> World:
        """Returns an empty namespace."""
        return World(repo)

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Overview, catalog.overview)

    def test_a_dataset_has_the_version_written_last_and_the_last_words(
        self, catalog: Catalog, world: World
    ) -> None:
        world.tell("etl", 1, outputs=[world.dataset("a", schema=schema("x"), more={"said": "once"})])
        last = world.tell("etl", 2, outputs=[world.dataset("a", schema=schema("x", "y"))])
        [card] = catalog.overview.get_dataset_cards([world.name("a"), world.name("b"), world.name("a")])
        details = catalog.datasets.get_known_dataset(world.namespace, "a")
        assert (details.known.current, details.known.written_at) == (card.version, card.written_at)
        assert (world.version("a", last), at(1), details.facets) == (card.version, card.first_at, card.facets)
        assert card.run is not None
        assert last == card.run.id
        assert (card,) == catalog.overview.list_dataset_cards(namespace=world.namespace).items

    def test_a_dataset_as_of_a_time_is_what_it_was_then(self, catalog: Catalog, world: World) -> None:
        first = world.tell("etl", 1, outputs=[world.dataset("a", schema=schema("x"))])
        world.tell("etl", 2, outputs=[world.dataset("a", schema=schema("x", "y"))])
        [then] = catalog.overview.get_dataset_cards([world.name("a")], at=at(1))
        assert (world.version("a", first), {"schema": schema("x")}) == (then.version, then.facets)
        assert () == catalog.overview.get_dataset_cards([world.name("a")], at=at(0))
        listed = catalog.overview.list_dataset_cards(namespace=world.namespace, at=at(0))
        assert ((), 0) == (listed.items, listed.total)

    def test_versions_have_what_their_runs_said(self, catalog: Catalog, world: World) -> None:
        for minute, columns in ((1, "x"), (2, "xy"), (3, "x")):
            world.tell("etl", minute, outputs=[world.dataset("a", schema=schema(*columns))])
        found = catalog.overview.list_version_cards(world.namespace, "a", offset=1, limit=1)
        history = catalog.datasets.list_dataset_versions(world.namespace, "a").items
        assert ([history[1].version], 3) == ([card.version for card in found.items], found.total)
        assert {"schema": schema("x", "y")} == found.items[0].facets
        with pytest.raises(DatasetNotFoundError):
            catalog.overview.list_version_cards(world.namespace, "b")

    def test_a_job_has_its_latest_run_and_what_it_reads_and_writes(
        self, catalog: Catalog, world: World
    ) -> None:
        world.tell("etl", 1, inputs=[world.dataset("a")], outputs=[world.dataset("b")])
        going = world.tell("etl", 2, "START", inputs=[world.dataset("c")])
        [card] = catalog.overview.get_job_cards([world.job("etl"), world.job("none")])
        assert card.latest == catalog.jobs.get_job(world.namespace, "etl").known.latest
        assert going == card.told_by[0]
        # The run that goes on has not said yet what it writes: the last complete one counts beside it.
        assert (world.name("a"), world.name("c")) == card.reads
        assert (world.name("b"),) == card.writes
        listed = catalog.overview.list_job_cards(namespace=world.namespace, states=[RunState.RUNNING])
        assert (card,) == listed.items
        assert 0 == catalog.overview.list_job_cards(namespace=world.namespace, pattern="x%").total

    @pytest.mark.parametrize("pattern", ["ÄPFEL", "größ%_100!", "GR"])
    def test_names_of_any_alphabet_are_found(self, catalog: Catalog, world: World, pattern: str) -> None:
        name = "größen/ÄPFEL_100!"
        world.tell(name, 1, outputs=[world.dataset(name)])
        jobs = catalog.overview.list_job_cards(namespace=world.namespace, pattern=pattern)
        assert [world.job(name)] == [card.job for card in jobs.items]
        found = catalog.overview.list_dataset_cards(namespace=world.namespace, pattern=pattern)
        assert [world.name(name)] == [card.name for card in found.items]
        catalog.overview.list_dataset_cards(pattern=f"{pattern}\0")  # which no database's text holds

    def test_a_job_without_a_run_has_what_it_declares(self, catalog: Catalog, world: World) -> None:
        declared = {
            "eventTime": at(1).isoformat(),
            "job": {"namespace": world.namespace, "name": "etl", "facets": {"sql": {"query": "select"}}},
            "inputs": [world.dataset("a")],
            "outputs": [world.dataset("b")],
        }
        catalog.lineage.ingest([declared])
        [card] = catalog.overview.get_job_cards([world.job("etl")])
        assert ((world.name("a"),), (world.name("b"),), None) == (card.reads, card.writes, card.latest)
        assert {"sql": {"query": "select"}} == card.facets
        wiring = catalog.overview.wiring(datasets=[world.name("a")])
        assert (world.job("etl"),) == wiring.jobs

    def test_a_job_as_of_a_time_has_the_run_of_then_still_going(self, catalog: Catalog, world: World) -> None:
        run = world.tell("etl", 1, "START", inputs=[world.dataset("a")])
        world.tell("etl", 5, run=run, outputs=[world.dataset("b")])
        [then] = catalog.overview.get_job_cards([world.job("etl")], at=at(3))
        assert then.latest
        assert (RunState.RUNNING, None) == (then.latest.state, then.latest.ended_at)
        assert ((world.name("a"),), ()) == (then.reads, then.writes)
        assert () == catalog.overview.get_job_cards([world.job("etl")], at=at(0))

    def test_a_run_has_all_that_it_said(self, catalog: Catalog, world: World) -> None:
        run = world.tell(
            "etl",
            1,
            inputs=[world.dataset("a", schema=schema("x"))],
            outputs=[world.dataset("b", columnLineage=lineage(world, "y", "a", "x"))],
            facets={"note": {"text": "ü"}},
        )
        [card] = catalog.overview.get_run_cards([run, new_run_id(), run])
        details, said = catalog.lineage.get_run(run), catalog.jobs.get_run_facets(run)
        assert (details.run, details.reads, details.writes) == (card.run, card.reads, card.writes)
        assert (said.facets, said.job_facets) == (card.facets, card.job_facets)
        assert (said.reads, said.writes) == (card.read_facets, card.write_facets)
        [columns] = card.columns
        assert (world.name("b"), ["x"]) == (columns.output, [edge.source_field for edge in columns.edges])
        listed = catalog.overview.list_run_cards(world.namespace, "etl")
        assert ((card,), 1) == (listed.items, listed.total)
        [then] = catalog.overview.get_run_cards([run], at=at(0))
        assert (RunState.RUNNING, ()) == (then.run.state, then.writes)
        with pytest.raises(JobNotFoundError):
            catalog.overview.list_run_cards(world.namespace, "none")

    def test_wiring_goes_up_and_down_the_stream_and_never_turns(self, catalog: Catalog, world: World) -> None:
        for minute, (source, target) in enumerate(map(tuple, ["ab", "bc", "cd", "ax", "yc"]), start=1):
            world.tell(
                source + target, minute, inputs=[world.dataset(source)], outputs=[world.dataset(target)]
            )
        wiring = catalog.overview.wiring(datasets=[world.name("b")], depth=9)
        assert ["a", "b", "c", "d"] == [dataset.name for dataset in wiring.datasets]
        assert ["ab", "bc", "cd"] == [job.name for job in wiring.jobs]
        wired = {(wire.job.name, wire.dataset.name, wire.written) for wire in wiring.wires}
        ends = {("ab", "a", False), ("bc", "b", False), ("cd", "c", False)}
        assert ends | {("ab", "b", True), ("bc", "c", True), ("cd", "d", True)} == wired
        near = catalog.overview.wiring(jobs=[world.job("ab")], depth=0)
        assert ["a", "b"] == [dataset.name for dataset in near.datasets]
        one = catalog.overview.wiring(datasets=[world.name("b")], depth=1)
        assert (["a", "b", "c"], False) == ([dataset.name for dataset in one.datasets], one.truncated)

    def test_wiring_as_of_a_time_is_that_of_then(self, catalog: Catalog, world: World) -> None:
        world.tell("etl", 1, inputs=[world.dataset("a")], outputs=[world.dataset("b")])
        world.tell("etl", 2, inputs=[world.dataset("c")], outputs=[world.dataset("b")])
        sources = [
            [
                dataset.name
                for dataset in catalog.overview.wiring(datasets=[world.name("b")], at=moment).datasets
            ]
            for moment in (at(0), at(1), None)
        ]
        assert [["b"], ["a", "b"], ["b", "c"]] == sources

    def test_wiring_stops_where_there_is_no_room(self, catalog: Catalog, world: World) -> None:
        world.tell("etl", 1, inputs=[world.dataset("a")], outputs=[world.dataset(f"b{n}") for n in range(5)])
        wiring = catalog.overview.wiring(datasets=[world.name("a")], limit=4)
        assert (4, True) == (len(wiring.datasets) + len(wiring.jobs), wiring.truncated)
        for limit in (0, 10_001):
            with pytest.raises(InvalidInputError):
                catalog.overview.wiring(limit=limit)

    def test_cycles_end(self, catalog: Catalog, world: World) -> None:
        for minute, (source, target) in enumerate(map(tuple, ["ab", "ba", "aa"]), start=1):
            world.tell(
                source + target, minute, inputs=[world.dataset(source)], outputs=[world.dataset(target)]
            )
        assert 3 == len(catalog.overview.wiring(datasets=[world.name("a")], depth=50).jobs)

    def test_a_facet_is_listed_of_all_datasets_that_have_it(self, catalog: Catalog, world: World) -> None:
        facet = f"of {world.namespace}"
        world.tell("etl", 1, outputs=[world.dataset("b", **{facet: {"x": 1}}), world.dataset("a")])
        [said] = catalog.overview.list_said(facet)
        assert (world.name("b"), {"x": 1}) == (said.dataset, said.facet)

    def test_events_are_listed_by_their_time(self, catalog: Catalog, world: World) -> None:
        runs = [world.tell("etl", minute) for minute in (700, 300, 500)]
        found = catalog.overview.list_events_by_time(
            kind=EventKind.RUN, since=at(300), until=at(701), order=TimeOrder.OLDEST_FIRST, limit=1000
        )
        ours = [event.run_id for event in found.items if event.run_id in runs]
        assert [runs[1], runs[2], runs[0]] == ours


def lineage(world: World, field: str, source: str, source_field: str) -> Event:
    """Returns the facet `columnLineage` of one field."""
    input_field = {"namespace": world.namespace, "name": source, "field": source_field}
    return {"fields": {field: {"inputFields": [input_field]}}}
