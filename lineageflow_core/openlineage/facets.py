"""Our facts as OpenLineage facets: standard ones wherever one fits, else one of our own two.

Importing this imports openlineage-python, so `events` does it only when an event is built. The schemas of
our own facets lie in `schemas/`; a change to one is a new file with a new version in its URL.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final, TypeVar

import attr
from openlineage.client import facet_v2 as standard
from openlineage.client.generated.base import (
    BaseFacet,
    DatasetFacet,
    InputDatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
)
from openlineage.client.generated.input_statistics_input_dataset import InputStatisticsInputDatasetFacet

from lineageflow_core.model.run import CodeVersion, Run
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.openlineage.vocabulary import SPECIFICATION, Facet, producer

_F = TypeVar("_F", bound=BaseFacet)

_HIVE_SEGMENT = re.compile(r"(?P<name>[^=]+)=(?P<value>.*)", re.DOTALL)
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


def run_facets(run: Run, *, parent: Run | None, root: Run | None) -> dict[str, RunFacet]:
    """Returns the facets about a run: whose step it is, what it was given, what it ran on, how it failed."""
    found: dict[str, RunFacet] = {}
    if parent is not None:
        found[Facet.PARENT] = _parent(parent, root or parent)
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
    return _signed(found)


def job_facets(code: CodeVersion | None) -> dict[str, JobFacet]:
    """Returns the facets about a job: the code that it ran."""
    if code is None:
        return {}
    location = standard.source_code_location_job.SourceCodeLocationJobFacet(
        type="git",
        url=_code_url(code),
        repoUrl=code.repository_url,
        path=code.path,
        version=code.revision,
        branch=code.branch,
    )
    return _signed({Facet.CODE: location})


def dataset_facets(access: DatasetAccess) -> dict[str, DatasetFacet]:
    """Returns the facets about a dataset as such: exact version, type, schema."""
    whole = _whole_snapshot(access)
    found: dict[str, DatasetFacet] = {
        Facet.OUR_COMMIT: LineageFlowCommitDatasetFacet(
            repository=access.repository,
            commit=access.commit,
            ref=access.ref,
            snapshot=whole,
            partitions=[]
            if whole
            else [
                PartitionContent(partition=snapshot.partition, snapshot=snapshot.snapshot)
                for snapshot in access.snapshots
            ],
        ),
        # A receiver that does not know our facet still tells versions apart: some partitions are not the
        # whole dataset, whose version is the commit then.
        Facet.VERSION: standard.dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=whole or access.commit
        ),
    }
    if access.dataset_type:
        found[Facet.TYPE] = standard.dataset_type_dataset.DatasetTypeDatasetFacet(
            datasetType=access.dataset_type
        )
    if access.schema:
        found[Facet.SCHEMA] = standard.schema_dataset.SchemaDatasetFacet(
            fields=[
                standard.schema_dataset.SchemaDatasetFacetFields(name=name, type=kind, ordinal_position=place)
                for place, (name, kind) in enumerate(access.schema, start=1)
            ]
        )
    return _signed(found)


def input_facets(access: DatasetAccess) -> dict[str, InputDatasetFacet]:
    """Returns the facets about reading a dataset: which partitions, how much."""
    found: dict[str, InputDatasetFacet] = {
        Facet.INPUT_STATISTICS: InputStatisticsInputDatasetFacet(**_statistics(access))
    }
    if condition := _partitions(access):
        found[Facet.SUBSET] = standard.base_subset_dataset.InputSubsetInputDatasetFacet(
            inputCondition=condition
        )
    return _signed(found)


def output_facets(access: DatasetAccess) -> dict[str, OutputDatasetFacet]:
    """Returns the facets about writing a dataset: which partitions, how much."""
    found: dict[str, OutputDatasetFacet] = {
        Facet.OUTPUT_STATISTICS: standard.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            **_statistics(access)
        )
    }
    if condition := _partitions(access):
        found[Facet.SUBSET] = standard.base_subset_dataset.OutputSubsetOutputDatasetFacet(
            outputCondition=condition
        )
    return _signed(found)


def _signed(found: dict[str, _F]) -> dict[str, _F]:
    """Names us as the maker of each facet, which would otherwise be openlineage-python."""
    maker = producer()
    return {str(key): attr.evolve(facet, producer=maker) for key, facet in found.items()}


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


def _whole_snapshot(access: DatasetAccess) -> str | None:
    only = access.snapshots[0]
    return only.snapshot if len(access.snapshots) == 1 and not only.partition else None


def _statistics(access: DatasetAccess) -> Mapping[str, Any]:
    return {
        "rowCount": access.rows,
        "size": sum(snapshot.size for snapshot in access.snapshots),
        "fileCount": sum(snapshot.objects for snapshot in access.snapshots),
    }


def _partitions(access: DatasetAccess) -> standard.base_subset_dataset.PartitionSubsetCondition | None:
    partitions = sorted({snapshot.partition for snapshot in access.snapshots if snapshot.partition})
    if not partitions:
        return None
    module = standard.base_subset_dataset
    return module.PartitionSubsetCondition(
        partitions=[
            module.Partition(identifier=partition, dimensions=_dimensions(partition))
            for partition in partitions
        ]
    )


def _dimensions(partition: str) -> dict[str, str]:
    """Hive-style segments (`month=2013-07`) name their dimension; others have only a place."""
    dimensions = {}
    for place, segment in enumerate(partition.split("/")):
        named = _HIVE_SEGMENT.fullmatch(segment)
        dimensions[named["name"] if named else f"level_{place}"] = named["value"] if named else segment
    return dimensions


def _code_url(code: CodeVersion) -> str:
    if code.repository_url is None:
        return f"git:{code.revision}"  # the facet needs a URI, and without a remote there is no better one
    short = None if "://" in code.repository_url else _SCP_URL.fullmatch(code.repository_url)
    return f"ssh://{short['host']}/{short['path']}" if short else code.repository_url
