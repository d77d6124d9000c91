"""What every catalog promises about the jobs that events name, and about their runs."""

import pytest

from lineageflow_core.catalog import Catalog, Jobs
from lineageflow_core.errors import (
    InvalidInputError,
)
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Job
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract
from lineageflow_core.testing.catalog.world import World
from lineageflow_core.testing.signatures import assert_same_signatures


class JobsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Jobs, catalog.jobs)

    def test_a_job_has_what_it_said_last_and_what_its_latest_run_touched(self, repo: Repository) -> None:
        world = World(repo)
        world.run(reads=["a"], writes=["b"], job_facets={"sql": {"query": "SELECT 1"}})
        depends = {"upstream": [{"job": {"namespace": world.namespace, "name": "before"}}]}
        latest = world.run(reads=["c"], writes=["d"], run_facets={"jobDependencies": depends})
        world.lineage.ingest(
            [
                {
                    "eventTime": "2026-05-01T00:00:00Z",
                    "producer": "https://producer.example/1",
                    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent",
                    "job": {"namespace": world.namespace, "name": "etl"},
                    "inputs": [{"namespace": world.namespace, "name": "declared"}],
                }
            ]
        )
        found = world.jobs.get_job(world.namespace, "etl")
        assert (2, latest) == (found.known.runs, found.known.latest and found.known.latest.id)
        assert "SELECT 1" == found.facets["sql"]["query"]
        assert ((world.name("c"),), (world.name("d"),)) == (found.reads, found.writes)
        assert ((world.name("declared"),), ()) == (found.declared_reads, found.declared_writes)
        assert (Job(namespace=world.namespace, name="before"),) == found.before
        assert ["before", "etl"] == [
            each.job.name
            for each in every(
                lambda after, _limit: world.jobs.list_jobs(namespace=world.namespace, after=after, limit=1)
            )
        ]
        runs = every(
            lambda after, _limit: world.jobs.list_job_runs(world.namespace, "etl", after=after, limit=1)
        )
        assert latest == next(iter(runs)).id

    def test_a_run_tree_has_all_descendants_up_to_a_limit(self, repo: Repository) -> None:
        world = World(repo)
        top = world.run("pipeline")
        parent, job = {"runId": top}, {"namespace": world.namespace, "name": "pipeline"}
        step = world.run("step", run_facets={"parent": {"run": parent, "job": job}})
        inner = {"run": {"runId": step}, "job": {"namespace": world.namespace, "name": "step"}}
        leaf = world.run("leaf", run_facets={"parent": inner})
        whole = world.jobs.get_run_tree(top)
        assert (top, [step, leaf], False) == (
            whole.run.id, [each.id for each in whole.descendants], whole.truncated
        )  # fmt: skip
        part = world.jobs.get_run_tree(top, limit=1)
        assert ([step], True) == ([each.id for each in part.descendants], part.truncated)
        with pytest.raises(InvalidInputError):
            world.jobs.get_run_tree(top, limit=0)

    def test_a_run_keeps_every_facet_known_or_not(self, repo: Repository) -> None:
        world = World(repo)
        odd = {"huge": 1 << 70, "deep": [{"a": [None, 1.5, True]}]}
        run = world.run(
            reads=[world.dataset("a", {"ours_odd": odd})],
            writes=[world.dataset("b", outputFacets={"outputStatistics": {"rowCount": 1}})],
            run_facets={"ours_run": {"a": 1}},
            job_facets={"sql": {"query": "SELECT 1"}},
        )
        said = world.jobs.get_run_facets(run)
        assert (1, "SELECT 1") == (said.facets["ours_run"]["a"], said.job_facets["sql"]["query"])
        [read], [written] = said.reads, said.writes
        assert (world.name("a"), world.name("b")) == (read.dataset, written.dataset)
        assert {"huge": str(1 << 70), "deep": odd["deep"]} == {
            key: read.facets["ours_odd"][key] for key in odd
        }
        assert 1 == written.facets["outputStatistics"]["rowCount"]
