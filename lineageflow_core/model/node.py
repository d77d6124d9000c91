"""Nodes of the lineage graph as people and programs write them.

- `run:<id>` is a run; a pipeline's run stands for all of its steps.
- `job:<namespace>/<name>` is the last run of a job; of one that never ran, what it declares.
- `version:<namespace>/<name>[partition]@<version>` is one exact version.
- `dataset:<namespace>/<name>` is the version of a dataset that was written last.
- `lf://repository/[@ref/]dataset[/partition]` is whatever is at that address now.

`parse_node(format_node(node)) == node` for all of them.
"""

import re
from typing import TypeAlias
from urllib.parse import unquote

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.address import SCHEME, Address, parse_address
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.run import Job

Node: TypeAlias = RunId | Version | DatasetName | Job | Address
"""A run, an exact version, or what names them only once it is looked up: a dataset, a job, or an address."""

JOB_PREFIX = "job:"
"""What the node of a job starts with."""
_RUN = "run:"
_VERSION = "version:"
_DATASET = "dataset:"
_ESCAPES = str.maketrans({character: f"%{ord(character):02X}" for character in "%@[]"})
_VERSION_TEXT = re.compile(
    r"(?P<namespace>(?:[^/]*://)?[^/]*)/(?P<name>[^\[\]@]*)(?:\[(?P<partition>[^\[\]@]*)\])?(?:@(?P<version>[^@]*))?",
    re.DOTALL,
)


def format_node(node: Node) -> str:
    """Returns a node as text: the id that it has in a graph."""
    if isinstance(node, Address):
        return str(node)
    if isinstance(node, Version):
        return _VERSION + _format_version(node)
    if isinstance(node, DatasetName):
        return _DATASET + _format_version(Version(namespace=node.namespace, name=node.name))
    if isinstance(node, Job):
        return JOB_PREFIX + _format_version(Version(namespace=node.namespace, name=node.name))
    return f"{_RUN}{node}"


def parse_node(text: str) -> Node:
    """Parses a node as people write it. Raises InvalidInputError."""
    if text.startswith(_RUN):
        return parse_run_id(text.removeprefix(_RUN))
    if text.startswith(_VERSION):
        return _parse_version(text, _VERSION)
    if text.startswith(_DATASET):
        version = _parse_version(text, _DATASET)
        if not version.partition and version.version is None:
            return version.dataset
    if text.startswith(JOB_PREFIX):
        job = _parse_version(text, JOB_PREFIX)
        if job.partition or job.version is not None:
            raise _not_a_node(text)
        return Job(namespace=job.namespace, name=job.name)
    if text.startswith(f"{SCHEME}://"):
        address = parse_address(text)
        if address.path:
            return address
    raise _not_a_node(text)


def _format_version(version: Version) -> str:
    scheme, separator, rest = version.namespace.partition("://")
    # Without a scheme, ':' is escaped, too: together with a name that starts with '//' it could pass for one.
    namespace = f"{_escape(scheme, '/')}://{_escape(rest, '/')}" if separator else _escape(scheme, "/:")
    partition = f"[{_escape(version.partition)}]" if version.partition else ""
    content = f"@{_escape(version.version)}" if version.version is not None else ""
    return f"{namespace}/{_escape(version.name)}{partition}{content}"


def _parse_version(text: str, kind: str) -> Version:
    match = _VERSION_TEXT.fullmatch(text.removeprefix(kind))
    if match is None:
        raise _not_a_node(text)
    content = match["version"]
    return Version(
        namespace=unquote(match["namespace"]),
        name=unquote(match["name"]),
        partition=unquote(match["partition"] or ""),
        version=None if content is None else unquote(content),
    )


def _escape(text: str, more: str = "") -> str:
    escaped = text.translate(_ESCAPES)
    for character in more:
        escaped = escaped.replace(character, f"%{ord(character):02X}")
    return escaped


def _not_a_node(text: str) -> InvalidInputError:
    return InvalidInputError(
        f"{text[:200]!r} is not a node of the lineage graph; write 'run:<id>', "
        f"'{SCHEME}://repository/[@ref/]dataset[/partition]', 'dataset:<namespace>/<name>', "
        "'version:<namespace>/<name>[partition]@<version>' or 'job:<namespace>/<name>'"
    )
