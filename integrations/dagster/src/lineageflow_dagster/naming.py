"""How Dagster's names become LineageFlow's: pure functions, the same in every process of a run.

An asset key `["shop", "orders"]` is the dataset `shop/orders`; a partition key is one path segment below it.
Steps have run ids that any process can compute, so that what the step's own process says and what the
executor says about it later are facts about one run.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote
from uuid import UUID, uuid5

from lineageflow_core import Job
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.names import MAX_SEGMENT_BYTES, check_path, check_ref_name

JOB_NAMESPACE = "dagster"
"""The OpenLineage namespace of every job that Dagster runs."""

_NOT_IN_A_SEGMENT = re.compile(r"[\x00-\x1f\x7f/\\%\ud800-\udfff]")
# '%' is here because it starts an escape.
_MAX_BRANCH = 128


def dataset_path(asset_key: Sequence[str]) -> str:
    """Returns the dataset that the asset with this key path is kept in: `["a", "b"]` is `a/b`."""
    path = "/".join(path_segment(part) for part in asset_key)
    return check_path(re.sub("^@", "%40", path))


def path_segment(key: str) -> str:
    """Returns a partition key, or one part of an asset key, as one path segment.

    What a segment cannot hold is percent-encoded (RFC 3986, section 2.1); `partition_key` undoes it.
    Raises InvalidInputError where the key is empty or too long.
    """
    if not key:
        raise InvalidInputError("a key is empty; assets and partitions need at least one character")
    segment = _NOT_IN_A_SEGMENT.sub(lambda match: _escape(match[0]), key)
    if segment in {".", ".."} or not unicodedata.is_normalized("NFC", segment):
        segment = _escape(key)
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        raise InvalidInputError(
            f"the key {key[:80]!r} is longer than {MAX_SEGMENT_BYTES} bytes as a path segment; shorten it"
        )
    return segment


def partition_key(segment: str) -> str:
    """Returns the partition key that `path_segment` made this segment from."""
    return unquote(segment, errors="surrogatepass")


def branch_name(text: str) -> str:
    """Returns a text as the name of a branch: what a name cannot hold becomes '-' (`feature/x`: `feature-x`).

    A name that is too long is cut, and ends in a digest of the whole. Raises InvalidInputError if nothing is
    left of it.
    """
    name = re.sub(r"\.{2,}|[^A-Za-z0-9._-]+", "-", text).strip("-._")
    if len(name) > _MAX_BRANCH:
        name = f"{name[: _MAX_BRANCH - 9]}-{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"
    return check_ref_name(name)


def step_run_id(dagster_run_id: str, step_key: str, retry_number: int) -> RunId:
    """Returns the id of one attempt at one step: a name-based UUID (RFC 9562, version 5)."""
    return RunId(str(uuid5(UUID(dagster_run_id), f"{step_key}/{retry_number}")))


def partition_run_id(step_run: RunId, partition: str) -> RunId:
    """Returns the id of what a step over many partitions does for one of them, by its key."""
    return RunId(str(uuid5(UUID(step_run), f"partition/{partition}")))


def checks_run_id(step_run: RunId) -> RunId:
    """Returns the id of what the checks of a step are that it makes of its own outputs."""
    return RunId(str(uuid5(UUID(step_run), "checks")))


def pipeline_job(job_name: str) -> Job:
    """Returns the job that a whole Dagster run executes."""
    return Job(namespace=JOB_NAMESPACE, name=job_name)


def step_job(job_name: str, step_key: str) -> Job:
    """Returns the job that one step of a Dagster job executes."""
    return Job(namespace=JOB_NAMESPACE, name=f"{job_name}.{step_key}")


def checks_job(job_name: str, step_key: str) -> Job:
    """Returns the job of the checks that a step makes of its own outputs."""
    return Job(namespace=JOB_NAMESPACE, name=f"{job_name}.{step_key}.checks")


def _escape(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="surrogatepass"))
