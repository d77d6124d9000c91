"""Our facts about runs and jobs as OpenLineage facets: standard ones where one fits, else one of our own."""

import re

from lineageflow_core.model.run import CodeVersion, Job, Run
from lineageflow_core.openlineage.about import About, JobType
from lineageflow_core.openlineage.plain_facets import PlainFacet, own, part, standard
from lineageflow_core.openlineage.vocabulary import Facet

_SCP_URL = re.compile(r"(?P<host>[^/:]+):(?P<path>[^/].*)")
"""git's short form of an SSH address, `git@host:path`, which is not a URL."""


def run_facets(
    run: Run, *, parent: Run | None, root: Run | None, after: Run | None = None
) -> dict[str, PlainFacet]:
    """Returns the facets about a run: whose step it is, what it was given, what it ran on, how it failed."""
    found: dict[str, PlainFacet] = {}
    if parent is not None:
        found[Facet.PARENT.value] = _parent(parent, root or parent)
    if after is not None:
        found[Facet.DEPENDENCIES.value] = _after(after)
    if run.params:
        found[Facet.PARAMETERS.value] = standard(
            "ExecutionParametersRunFacet",
            parameters=[part(key=name, name=name, value=value) for name, value in run.params.items()],
        )
    if run.environment:
        environment = dict(run.environment)
        found[Facet.OUR_ENVIRONMENT.value] = own("LineageFlowEnvironmentRunFacet", environment=environment)
    if python := run.environment.get("python"):
        found[Facet.PROCESSING_ENGINE.value] = standard(
            "ProcessingEngineRunFacet", version=python, name="Python"
        )
    if run.error is not None:
        found[Facet.ERROR.value] = standard(
            "ErrorMessageRunFacet", message=run.error, programmingLanguage="PYTHON"
        )
    return found


def job_facets(
    code: CodeVersion | None, *, job_type: JobType | None = None, about: About | None = None
) -> dict[str, PlainFacet]:
    """Returns the facets about a job: the code that it ran, what kind of job it is, what people say of it."""
    found: dict[str, PlainFacet] = {}
    if code is not None:
        found[Facet.CODE.value] = standard(
            "SourceCodeLocationJobFacet",
            type="git",
            url=_code_url(code),
            repoUrl=code.repository_url,
            path=code.path,
            version=code.revision,
            branch=code.branch,
        )
    if job_type is not None:
        found[Facet.JOB_TYPE.value] = standard(
            "JobTypeJobFacet",
            processingType="BATCH",
            integration=job_type.integration,
            jobType=job_type.type,
        )
    said = about or About()
    if said.description:
        found[Facet.DOCUMENTATION.value] = standard("DocumentationJobFacet", description=said.description)
    if said.owners:
        found[Facet.OWNERSHIP.value] = standard(
            "OwnershipJobFacet", owners=[part(name=owner) for owner in said.owners]
        )
    if said.tags:
        tags = [part(key=key, value=value) for key, value in said.tags]
        found[Facet.TAGS.value] = standard("TagsJobFacet", tags=tags)
    return found


def _after(run: Run) -> PlainFacet:
    return standard(
        "JobDependenciesRunFacet",
        upstream=[part(job=_named(run.job), run=part(runId=run.id), sequence_trigger_rule="FINISH_TO_START")],
    )


def _parent(parent: Run, root: Run) -> PlainFacet:
    return standard(
        "ParentRunFacet",
        run=part(runId=parent.id),
        job=_named(parent.job),
        root=part(run=part(runId=root.id), job=_named(root.job)),
    )


def _named(job: Job) -> dict[str, str]:
    return part(namespace=job.namespace, name=job.name)


def _code_url(code: CodeVersion) -> str:
    if code.repository_url is None:
        return f"git:{code.revision}"  # the facet needs a URI, and without a remote there is no better one
    short = None if "://" in code.repository_url else _SCP_URL.fullmatch(code.repository_url)
    return f"ssh://{short['host']}/{short['path']}" if short else code.repository_url
