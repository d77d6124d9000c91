"""What Marquez calls things: nodes as `dataset:<namespace>:<name>#<version>`, versions as UUIDs.

Its versions are UUIDs and ours are not, so one is made of each of ours by name (RFC 9562, version 5): the
same wherever and whenever it is asked for. A node's parts are not escaped, and namespaces hold ':', so a node
can be read in several ways; those that are known are tried.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.run import Job

_NAMES = UUID("b7b1a1b4-9a5e-5e0b-8f5b-3e2d5f6a0c11")
"""Made once, at random."""
_MOST_READINGS = 200


class NodeType(StrEnum):
    """What a node's id begins with."""

    DATASET = "dataset"
    FIELD = "datasetField"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read a node's id."""

    type: NodeType
    namespace: str
    name: str
    field: str | None = None
    version: str | None = None

    @property
    def dataset(self) -> DatasetName:
        """The dataset, where it is one, or one of its fields."""
        return DatasetName(namespace=self.namespace, name=self.name)

    @property
    def job(self) -> Job:
        """The job, where it is one."""
        return Job(namespace=self.namespace, name=self.name)


def version_id(version: Version) -> str:
    """Returns the UUID of a version of a dataset."""
    return _uuid(version.namespace, version.name, version.partition, version.version)


def job_version_id(
    job: Job, reads: Iterable[DatasetName], writes: Iterable[DatasetName], revision: str | None
) -> str:
    """Returns the UUID of a job's version: what it reads and writes, with which code."""
    sides = ([[each.namespace, each.name] for each in sorted(set(side))] for side in (reads, writes))
    return _uuid("job", job.namespace, job.name, *sides, revision)


def job_id(job: Job) -> str:
    """Returns the UUID of a job."""
    return _uuid("job", job.namespace, job.name)


def dataset_node(dataset: DatasetName, version: Version | None = None) -> str:
    """Returns the id of a dataset's node, or of one of its versions."""
    suffix = f"#{version_id(version)}" if version is not None else ""
    return f"{NodeType.DATASET}:{dataset.namespace}:{dataset.name}{suffix}"


def field_node(dataset: DatasetName, field: str, version: Version | None = None) -> str:
    """Returns the id of a field's node, or of the field of a version."""
    suffix = f"#{version_id(version)}" if version is not None else ""
    return f"{NodeType.FIELD}:{dataset.namespace}:{dataset.name}:{field}{suffix}"


def job_node(job: Job, run: str | None = None) -> str:
    """Returns the id of a job's node, or of one of its runs in a picture of exact versions."""
    return f"{NodeType.JOB}:{job.namespace}:{job.name}" + (f"#{run}" if run is not None else "")


def readings_of(node: str) -> list[Reading]:
    """Returns all ways to read a node's id, the likeliest first. Raises InvalidInputError without any."""
    kind, _, rest = node.partition(":")
    if kind not in set(NodeType):
        raise _no_node(node)
    found = []
    for body, version in _versions(rest):
        for namespace, name, field in _parts(body, with_field=kind == NodeType.FIELD):
            found.append(
                Reading(type=NodeType(kind), namespace=namespace, name=name, field=field, version=version)
            )
    if not found:
        raise _no_node(node)
    return found[:_MOST_READINGS]


def _versions(text: str) -> Iterator[tuple[str, str | None]]:
    body, separator, version = text.rpartition("#")
    if separator and version:
        yield body, version
    yield text, None


def _parts(text: str, *, with_field: bool) -> Iterator[tuple[str, str, str | None]]:
    for namespace, name in _cuts(text):
        if not with_field:
            yield namespace, name, None
            continue
        for head, field in _cuts(name):
            yield namespace, head, field


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """Cuts at each ':', the last one first: names hold it more seldom than namespaces do."""
    places = [place for place, sign in enumerate(text) if sign == ":"]
    for place in reversed(places):
        if 0 < place < len(text) - 1:
            yield text[:place], text[place + 1 :]


def _uuid(*parts: object) -> str:
    return str(uuid5(_NAMES, json.dumps(parts)))


def _no_node(node: str) -> InvalidInputError:
    return InvalidInputError(
        f"{node[:200]!r} is no node: dataset:<namespace>:<name>, datasetField:<namespace>:<name>:<field> or "
        "job:<namespace>:<name> was expected, each with #<version> if need be"
    )
