"""Our own facets as classes of openlineage-python, for those who build events with it, and who look at them.

Importing this imports openlineage-python, which takes a fifth of a second: our own events are built without
it. The schemas of our own facets lie in `schemas/`; a change to one is a new file with a new version in its
URL.
"""

from importlib.resources import files
from typing import Final, TypeVar

import attr
from openlineage.client.generated.base import (
    BaseFacet,
    DatasetFacet,
    RunFacet,
)

from lineageflow_core.openlineage.plain_facets import schema_url
from lineageflow_core.openlineage.vocabulary import Facet, producer

_F = TypeVar("_F", bound=BaseFacet)


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


@attr.define
class RepositoryBranch:
    """Where a run read and wrote in one repository."""

    repository: str
    branch: str | None = attr.field(default=None)
    """The branch that it wrote to; `run:<id>` is one that is published as a whole."""
    into: str | None = attr.field(default=None)
    """The branch that this is published to; None: the repository's default branch."""
    base: str | None = attr.field(default=None)
    """The ref that was named to read from; None: the branch that it is published to."""
    commits: list[str] = attr.field(factory=list)
    """What it committed, oldest first."""


@attr.define
class LineageFlowDataBranchRunFacet(RunFacet):
    """The branches that a run wrote to, and its commits there."""

    repositories: list[RepositoryBranch]

    @staticmethod
    def _get_schema() -> str:
        return schema_url("LineageFlowDataBranchRunFacet")


OWN_FACETS: Final[dict[str, type[BaseFacet]]] = {
    Facet.OUR_COMMIT: LineageFlowCommitDatasetFacet,
    Facet.OUR_DATA_BRANCH: LineageFlowDataBranchRunFacet,
    Facet.OUR_ENVIRONMENT: LineageFlowEnvironmentRunFacet,
}
"""Our own facets, by their key."""


def schema_text(facet: str) -> str:
    """Returns the JSON schema of one of our facets, by its class name."""
    return (files(__package__) / "schemas" / f"{facet}.json").read_text(encoding="utf-8")


def signed(found: dict[str, _F]) -> dict[str, _F]:
    """Names us as the maker of each facet, which would otherwise be openlineage-python."""
    maker = producer()
    return {str(key): attr.evolve(facet, producer=maker) for key, facet in found.items()}
