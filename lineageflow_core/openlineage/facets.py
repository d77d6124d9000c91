"""Our facts about runs and jobs as OpenLineage facets: standard ones wherever one fits, else one of our own.

Importing this imports openlineage-python, so `events` does it only when an event is built. The schemas of
our own facets lie in `schemas/`; a change to one is a new file with a new version in its URL.
"""

import re
from importlib.resources import files
from typing import Final, TypeVar

import attr
from openlineage.client import facet_v2 as standard
from openlineage.client.generated.base import (
    BaseFacet,
    DatasetFacet,
    JobFacet,
    RunFacet,
)

from lineageflow_core.model.run import CodeVersion, Run
from lineageflow_core.openlineage.about import About, JobType
from lineageflow_core.openlineage.vocabulary import SPECIFICATION, Facet, producer

_F = TypeVar("_F", bound=BaseFacet)

_SCP_URL = re.compile(r"(?P<host>[^/:]+):(?P<path>[^/].*)")
"""git's short form of an SSH address, `git@host:path`, which is not a URL."""


@attr.define
class PartitionContent:
    """A partition and its exact content."""

    partition: str
    """The partition's path inside the dataset; '' is the whole dataset."""
    snapshot: str


@attr.define
class LineageFlowCommitDatasetFacet(DatasetFacet):
    """The exact content of a dataset that a run read or wrote."""

    repository: str
    commit: str
    """Where the content is: for a read the commit read from, for a write the one it made."""
    ref: str | None = attr.field(default=None)
    snapshot: str | None = attr.field(default=None)
    """The whole dataset's, where it was read or written as a whole."""
    partitions: list[PartitionContent] = attr.field(factory=list)
    """Otherwise each partition's."""

    @staticmethod
    def _get_schema() -> str:
        return schema_url("LineageFlowCommitDatasetFacet")


@attr.define
class LineageFlowEnvironmentRunFacet(RunFacet):
    """What a run ran on: interpreter, platform, versions of packages that matter."""

    environment: dict[str, str]

    @staticmethod
    def _get_schema() -> str:
        return schema_url("LineageFlowEnvironmentRunFacet")


OWN_FACETS: Final[dict[str, type[BaseFacet]]] = {
    Facet.OUR_COMMIT: LineageFlowCommitDatasetFacet,
    Facet.OUR_ENVIRONMENT: LineageFlowEnvironmentRunFacet,
}
"""Our own facets, by their key."""


def schema_url(facet: str) -> str:
    """Returns the immutable address of the schema of one of our facets, by its class name."""
    return f"{SPECIFICATION}/1-0-0/{facet}.json#/$defs/{facet}"


def schema_text(facet: str) -> str:
    """Returns the JSON schema of one of our facets, by its class name."""
    return (files(__package__) / "schemas" / f"{facet}.json").read_text(encoding="utf-8")


def run_facets(
    run: Run, *, parent: Run | None, root: Run | None, after: Run | None = None
) -> dict[str, RunFacet]:
    """Returns the facets about a run: whose step it is, what it was given, what it ran on, how it failed."""
    found: dict[str, RunFacet] = {}
    if parent is not None:
        found[Facet.PARENT] = _parent(parent, root or parent)
    if after is not None:
        found[Facet.DEPENDENCIES] = _after(after)
    if run.params:
        found[Facet.PARAMETERS] = standard.execution_parameters_run.ExecutionParametersRunFacet(
            parameters=[
                standard.execution_parameters_run.ExecutionParameter(key=name, name=name, value=value)
                for name, value in run.params.items()
            ]
        )
    if run.environment:
        found[Facet.OUR_ENVIRONMENT] = LineageFlowEnvironmentRunFacet(environment=dict(run.environment))
    if python := run.environment.get("python"):
        found[Facet.PROCESSING_ENGINE] = standard.processing_engine_run.ProcessingEngineRunFacet(
            version=python, name="Python"
        )
    if run.error is not None:
        found[Facet.ERROR] = standard.error_message_run.ErrorMessageRunFacet(
            message=run.error, programmingLanguage="PYTHON"
        )
    return signed(found)


def job_facets(
    code: CodeVersion | None, *, job_type: JobType | None = None, about: About | None = None
) -> dict[str, JobFacet]:
    """Returns the facets about a job: the code that it ran, what kind of job it is, what people say of it."""
    found: dict[str, JobFacet] = {}
    if code is not None:
        found[Facet.CODE] = standard.source_code_location_job.SourceCodeLocationJobFacet(
            type="git",
            url=_code_url(code),
            repoUrl=code.repository_url,
            path=code.path,
            version=code.revision,
            branch=code.branch,
        )
    if job_type is not None:
        found[Facet.JOB_TYPE] = standard.job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration=job_type.integration, jobType=job_type.type
        )
    said = about or About()
    if said.description:
        found[Facet.DOCUMENTATION] = standard.documentation_job.DocumentationJobFacet(
            description=said.description
        )
    if said.owners:
        found[Facet.OWNERSHIP] = standard.ownership_job.OwnershipJobFacet(
            owners=[standard.ownership_job.Owner(name=owner) for owner in said.owners]
        )
    if said.tags:
        found[Facet.TAGS] = standard.tags_job.TagsJobFacet(
            tags=[standard.tags_job.TagsJobFacetFields(key=key, value=value) for key, value in said.tags]
        )
    return signed(found)


def signed(found: dict[str, _F]) -> dict[str, _F]:
    """Names us as the maker of each facet, which would otherwise be openlineage-python."""
    maker = producer()
    return {str(key): attr.evolve(facet, producer=maker) for key, facet in found.items()}


def _after(run: Run) -> RunFacet:
    module = standard.job_dependencies_run
    return module.JobDependenciesRunFacet(
        upstream=[
            module.JobDependency(
                job=module.JobIdentifier(namespace=run.job.namespace, name=run.job.name),
                run=module.RunIdentifier(runId=run.id),
                sequence_trigger_rule="FINISH_TO_START",
            )
        ]
    )


def _parent(parent: Run, root: Run) -> RunFacet:
    module = standard.parent_run
    return module.ParentRunFacet(
        run=module.Run(runId=parent.id),
        job=module.Job(namespace=parent.job.namespace, name=parent.job.name),
        root=module.Root(
            run=module.RootRun(runId=root.id),
            job=module.RootJob(namespace=root.job.namespace, name=root.job.name),
        ),
    )


def _code_url(code: CodeVersion) -> str:
    if code.repository_url is None:
        return f"git:{code.revision}"  # the facet needs a URI, and without a remote there is no better one
    short = None if "://" in code.repository_url else _SCP_URL.fullmatch(code.repository_url)
    return f"ssh://{short['host']}/{short['path']}" if short else code.repository_url
