"""How our names become OpenLineage's, and back.

A dataset of ours has the namespace `lf://<repository>` and its path as name: no ref, because equal content is
one version on every branch. A step's job is named `<pipeline>.<step>`, as the OpenLineage naming conventions
have it (https://openlineage.io/docs/spec/naming).
"""

from lineageflow_core.model.address import SCHEME
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.model.run import Job

_PREFIX = f"{SCHEME}://"


def dataset_namespace(repository: str) -> str:
    """Returns the namespace of the datasets in a repository."""
    return f"{_PREFIX}{repository}"


def repository_of(namespace: str) -> str | None:
    """Returns the repository that a namespace stands for; None where its datasets are not ours."""
    return namespace.removeprefix(_PREFIX) if namespace.startswith(_PREFIX) else None


def version_of(repository: str, snapshot: Snapshot) -> Version:
    """Returns exact content of ours as the version that lineage knows it by."""
    return Version(
        namespace=dataset_namespace(repository),
        name=snapshot.dataset,
        partition=snapshot.partition,
        version=snapshot.snapshot,
    )


def step_job(pipeline: Job, step: str) -> Job:
    """Returns the job of one step of a pipeline."""
    return Job(namespace=pipeline.namespace, name=f"{pipeline.name}.{step}")


def pipeline_job(step: Job) -> Job:
    """Returns the job of the pipeline that a step's job belongs to: its name up to the first '.'."""
    return Job(namespace=step.namespace, name=step.name.partition(".")[0])
