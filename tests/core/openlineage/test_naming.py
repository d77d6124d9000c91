"""Our names in OpenLineage."""

from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.model.run import Job
from lineageflow_core.openlineage.naming import (
    dataset_namespace,
    pipeline_job,
    repository_of,
    step_job,
    version_of,
)


def test_a_repository_is_a_namespace_and_back() -> None:
    assert "flights" == repository_of(dataset_namespace("flights"))


def test_the_namespace_of_another_system_is_no_repository() -> None:
    assert repository_of("s3://flights") is None


def test_a_snapshot_is_a_version_without_a_ref() -> None:
    snapshot = Snapshot(
        dataset="raw/flights", partition="2013-07", snapshot=SnapshotId("a" * 64), objects=1, size=2
    )
    expected = Version(namespace="lf://lake", name="raw/flights", partition="2013-07", version="a" * 64)
    assert expected == version_of("lake", snapshot)


def test_a_steps_job_belongs_to_its_pipelines_job() -> None:
    pipeline = Job(namespace="dagster", name="flights")
    assert Job(namespace="dagster", name="flights.clean.dedupe") == step_job(pipeline, "clean.dedupe")
    assert pipeline == pipeline_job(step_job(pipeline, "clean.dedupe"))
