"""What every catalog promises about the datasets that events name."""

import pytest

from lineageflow_core.catalog import Catalog, KnownDatasets
from lineageflow_core.errors import (
    DatasetNotFoundError,
    InvalidInputError,
    JobNotFoundError,
    RunNotFoundError,
)
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.known import KnownColumn, VersionState
from lineageflow_core.model.lineage import Direction, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.page import every
from lineageflow_core.model.quality import Outcome, Verdict
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, new_run_id
from lineageflow_core.testing.catalog.world import World, schema, tests
from lineageflow_core.testing.signatures import assert_same_signatures


class KnownDatasetsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(KnownDatasets, catalog.datasets)

    def test_a_dataset_is_found_with_what_was_said_of_it_last(self, repo: Repository) -> None:
        world = World(repo)
        first = {**schema(id="int"), "documentation": {"description": "Orders"}}
        world.run(writes=[world.dataset("orders", first)])
        written = world.run(writes=[world.dataset("orders", schema(id="long"))])
        found = world.datasets.get_known_dataset(world.namespace, "orders")
        assert (world.version("orders", written), 2) == (found.known.current, found.known.versions)
        assert (KnownColumn(name="id", type="long"),) == found.columns
        assert "Orders" == found.facets["documentation"]["description"]
        [listed] = world.datasets.list_known_datasets(namespace=world.namespace).items
        assert found.known == listed

    def test_datasets_are_listed_in_pages(self, repo: Repository) -> None:
        world = World(repo)
        world.run(reads=["c/d", "b"], writes=["a"])
        found = every(
            lambda after, _limit: world.datasets.list_known_datasets(
                namespace=world.namespace, after=after, limit=1
            )
        )
        assert ["a", "b", "c/d"] == [each.name.name for each in found]
        [namespace] = [
            each
            for each in every(lambda after, limit: world.datasets.list_namespaces(after=after, limit=limit))
            if each.namespace == world.namespace
        ]
        assert (3, 1) == (namespace.datasets, namespace.jobs)

    def test_a_dataset_is_found_under_all_its_names(self, repo: Repository) -> None:
        world = World(repo)
        other = {"namespace": world.namespace, "name": "warehouse.orders", "type": "TABLE"}
        world.run(writes=[world.dataset("orders", {"symlinks": {"identifiers": [other]}})])
        one, same = (
            world.datasets.get_known_dataset(world.namespace, name) for name in ("orders", "warehouse.orders")
        )
        assert one == same
        assert (world.name("orders"), world.name("warehouse.orders")) == one.names

    def test_what_nobody_named_is_not_found(self, repo: Repository) -> None:
        world = World(repo)
        with pytest.raises(DatasetNotFoundError):
            world.datasets.get_known_dataset(world.namespace, "orders")
        with pytest.raises(DatasetNotFoundError):
            world.datasets.list_dataset_versions(world.namespace, "orders")
        with pytest.raises(DatasetNotFoundError):
            world.datasets.list_quality(namespace=world.namespace, name="orders")
        with pytest.raises(InvalidInputError):
            world.datasets.list_quality(name="orders")
        with pytest.raises(JobNotFoundError):
            world.jobs.get_job(world.namespace, "etl")
        with pytest.raises(JobNotFoundError):
            world.jobs.list_job_runs(world.namespace, "etl")
        with pytest.raises(RunNotFoundError):
            world.jobs.get_run_tree(new_run_id())
        with pytest.raises(RunNotFoundError):
            world.jobs.get_run_facets(new_run_id())

    def test_versions_tell_who_wrote_them_and_which_columns_changed(self, repo: Repository) -> None:
        world = World(repo)
        statistics = {"outputStatistics": {"rowCount": 3, "size": 100}}
        first = world.run(writes=[world.dataset("orders", schema(id="int", name="text"))])
        world.run(writes=["orders"])
        code = {"sourceCodeLocation": {"type": "git", "url": "https://x", "version": "c0ffee"}}
        last = world.run(
            "load",
            writes=[world.dataset("orders", schema(id="long", email="text"), outputFacets=statistics)],
            job_facets=code,
        )
        newest, silent, oldest = every(
            lambda after, _limit: world.datasets.list_dataset_versions(
                world.namespace, "orders", after=after, limit=1
            )
        )
        assert newest.run is not None
        assert (world.version("orders", last), VersionState.COMMITTED) == (newest.version, newest.state)
        assert ("load", "c0ffee") == (newest.run.job.name, newest.run.code and newest.run.code.revision)
        assert [
            ("id", DiffKind.CHANGED), ("email", DiffKind.ADDED), ("name", DiffKind.REMOVED)
        ] == [(each.name, each.kind) for each in newest.changes]  # fmt: skip
        assert newest.measurements is not None
        assert (3, 100) == (newest.measurements.rows, newest.measurements.bytes)
        assert (None, ()) == (silent.columns, silent.changes)
        assert (world.version("orders", first), ()) == (oldest.version, oldest.changes)

    def test_a_dataset_is_a_node_for_what_was_written_of_it_last(self, repo: Repository) -> None:
        world = World(repo)
        world.run(writes=["raw"])
        last, reader = world.run(writes=["raw"]), world.run(reads=["raw"], writes=["clean"])
        graph = world.lineage.trace(format_node(world.name("raw")), direction=Direction.DOWNSTREAM)
        assert (format_node(world.version("raw", last)),) == graph.start
        assert [reader] == [node.run.id for node in graph.nodes if node.run]
        with pytest.raises(DatasetNotFoundError, match="dataset list"):
            world.lineage.trace(format_node(world.name("never")), direction=Direction.DOWNSTREAM)

    def test_a_dataset_that_nobody_wrote_is_a_node_for_whoever_read_it(self, repo: Repository) -> None:
        world = World(repo)
        reader = world.run(reads=["source"], writes=["clean"])
        graph = world.lineage.trace(format_node(world.name("source")), direction=Direction.DOWNSTREAM)
        assert [
            format_node(Version(namespace=world.namespace, name="source")),
            f"run:{reader}",
            format_node(world.version("clean", reader)),
        ] == [node.id for node in graph.nodes]
        found = world.lineage.paths(graph.nodes[0].id, format_node(world.name("clean")))
        assert (tuple(node.id for node in graph.nodes),) == found.paths
        with pytest.raises(InvalidInputError, match="nobody told which version"):
            world.lineage.impact(format_node(world.name("source")))

    def test_a_failed_run_leaves_a_dirty_entry_and_a_reader_a_placeholder(self, repo: Repository) -> None:
        world = World(repo)
        world.run(writes=["orders"], end="FAIL")
        world.run(writes=["orders"], end="")
        world.run(reads=[world.dataset("orders", {"version": {"datasetVersion": "7"}})])
        found = world.datasets.list_dataset_versions(world.namespace, "orders").items
        assert [
            ("7", VersionState.PLACEHOLDER), (None, VersionState.PENDING), (None, VersionState.DIRTY)
        ] == [(each.version.version, each.state) for each in found]  # fmt: skip

    def test_tests_are_told_of_the_version_that_was_tested(self, repo: Repository) -> None:
        world = World(repo)
        written = world.run(writes=["orders"])
        failed = {"assertion": "not_null", "success": False, "column": "id", "expected": "0", "actual": "2"}
        warned = {"assertion": "row_count", "success": False, "severity": "warn"}
        world.run(
            "check", reads=[world.dataset("orders", inputFacets=tests(failed, warned, {"success": True}))]
        )
        [found] = world.datasets.list_quality(namespace=world.namespace, name="orders").items
        assert (world.version("orders", written),) == found.versions
        assert [
            ("not_null", Outcome.FAILED), ("row_count", Outcome.WARNED), ("test", Outcome.PASSED)
        ] == [(each.assertion, each.outcome) for each in found.assertions]  # fmt: skip
        assert ("id", "0", "2") == (
            found.assertions[0].column,
            found.assertions[0].expected,
            found.assertions[0].actual,
        )
        [version] = world.datasets.list_dataset_versions(world.namespace, "orders").items
        assert (found,) == version.quality

    def test_what_failed_is_listed_by_itself(self, repo: Repository) -> None:
        world = World(repo)
        world.run(writes=[world.dataset("good", tests({"assertion": "unique", "success": True}))])
        bad = world.run(writes=[world.dataset("bad", tests({"assertion": "unique", "success": False}))])
        listed = list(
            every(
                lambda after, limit: world.datasets.list_quality(
                    verdict=Verdict.FAILED, after=after, limit=limit
                )
            )
        )
        assert [bad] == [each.run.id for each in listed if each.dataset.namespace == world.namespace]
        for name, verdict in (("good", Verdict.FAILED), ("bad", Verdict.PASSED)):
            page = world.datasets.list_quality(namespace=world.namespace, name=name, verdict=verdict)
            assert () == page.items

    def test_tests_of_a_run_are_of_all_that_it_read(self, repo: Repository) -> None:
        world = World(repo)
        world.run(writes=["orders"])
        result = {"name": "no_orphans", "status": "fail", "type": "custom_sql"}
        world.run("check", reads=["orders"], run_facets={"test": {"tests": [result]}})
        [found] = world.datasets.list_quality(namespace=world.namespace, name="orders").items
        assert [("custom_sql", "no_orphans", Outcome.FAILED)] == [
            (each.assertion, each.name, each.outcome) for each in found.assertions
        ]

    def test_what_is_made_of_a_version_that_failed_a_test_is_tainted(self, repo: Repository) -> None:
        world = World(repo)
        world.run(writes=["raw"])
        bad = world.run(
            reads=["raw"], writes=[world.dataset("clean", tests({"assertion": "unique", "success": False}))]
        )
        report = world.run("report", reads=["clean"], writes=["report"])
        raw = world.run(writes=["raw"])
        [tainted] = world.datasets.get_taint(f"run:{report}")
        assert (world.version("report", report), True, [bad]) == (
            tainted.version,
            tainted.tainted,
            [cause.run.id for cause in tainted.causes],
        )
        [itself] = world.datasets.get_taint(format_node(world.version("clean", bad)))
        [before] = world.datasets.get_taint(format_node(world.version("raw", raw)))
        assert (True, False) == (itself.tainted, before.tainted)

    def test_a_test_that_passes_later_and_a_warning_taint_nothing(self, repo: Repository) -> None:
        world = World(repo)
        unique = {"assertion": "unique", "column": "id"}
        world.run(writes=["raw"])
        world.run("check", reads=[world.dataset("raw", inputFacets=tests({**unique, "success": False}))])
        report = world.run("report", reads=["raw"], writes=["report"])
        [tainted] = world.datasets.get_taint(f"run:{report}")
        world.run("check", reads=[world.dataset("raw", inputFacets=tests({**unique, "success": True}))])
        warned = {"assertion": "rows", "success": False, "severity": "warn"}
        world.run("check", reads=[world.dataset("raw", inputFacets=tests(warned))])
        [cleared] = world.datasets.get_taint(f"run:{report}")
        assert (True, False) == (tainted.tainted, cleared.tainted)

    def test_datasets_and_jobs_are_found_by_what_was_said_of_them(self, repo: Repository) -> None:
        world = World(repo)
        facets = {
            **schema(id="int", email="text"),
            "tags": {"tags": [{"key": "pii", "value": "true"}]},
            "ownership": {"owners": [{"name": "user:ada"}]},
        }
        world.run("load orders", writes=[world.dataset("sales/orders", facets)], end="FAIL")
        world.run(writes=["orders", world.dataset("old_orders", {"datasetType": {"datasetType": "MODEL"}})])

        def found(query: str) -> list[str]:
            where = f'namespace:"{world.namespace}"'
            pages = every(
                lambda after, _limit: world.datasets.search(f"{query} {where}", after=after, limit=1)
            )
            return [
                each.dataset.name.name if each.dataset else str(each.job and each.job.job.name)
                for each in pages
            ]

        assert ["orders", "old_orders", "sales/orders", "load orders"] == found("orders")
        assert ["sales/orders"] == found("ORDERS owner:ada tag:pii column:e*")
        assert ["old_orders", "orders"] == found("orders kind:dataset -tag:pii -state:failed")[::-1]
        assert ["old_orders"] == found("kind:model")
        assert ["load orders"] == found('kind:job name:"load orders" state:failed')
        assert [] == found("orders age:<1h")
        assert found("orders") == found("orders age:<999999w")
        assert [] == found("orders age:>999999w")
        with pytest.raises(InvalidInputError, match=r"'ovner:ada'.*owner"):
            world.datasets.search("ovner:ada")

    def test_what_was_made_of_a_dataset_is_found(self, repo: Repository) -> None:
        world = World(repo)
        fed = {"lineage": {"inputs": [{"namespace": world.namespace, "name": "raw", "type": "DATASET"}]}}
        world.run("load", writes=["raw", "codes"])
        world.run("clean", reads=["raw", "codes"], writes=[world.dataset("in/clean", fed), "joined"])
        world.run("loop", reads=["joined"], writes=["joined", "codes"])
        world.run("fails", reads=["raw"], writes=["never"], end="FAIL")

        def found(query: str) -> list[str]:
            items = world.datasets.search(f'{query} namespace:"{world.namespace}"').items
            named = (each.dataset.name if each.dataset else each.job and each.job.job for each in items)
            return [each.name for each in named if each]

        jobs = ["clean", "fails"]
        assert ["in/clean", "joined", *jobs] == found(f"based_on:{world.namespace}/raw")
        assert ["joined"] == found(f"based_on:{world.namespace}/codes kind:dataset")
        assert ["codes", "in/clean", "joined", *jobs, "loop"] == found(f'based_on+:"{world.namespace}/raw"')
        assert found("based_on:raw") == found(f"based_on:{world.namespace}/RAW")
        assert ["joined"] == found(f"based_on:{world.namespace}/c?des -based_on:in/* kind:dataset")
        assert [] == found("based_on:nothing")
        assert [] == found(f"based_on:{world.namespace}/in/clean")
