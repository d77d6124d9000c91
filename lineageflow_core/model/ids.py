"""The ids of the model: plain strings at run time, distinct types for the checker.

Content ids are the 64 lower-case hex digits of a BLAKE3-256 digest
(https://github.com/BLAKE3-team/BLAKE3-specs). Equal content has an equal id, everywhere.
"""

import re
from typing import NewType
from uuid import UUID

from lineageflow_core.errors import InvalidInputError

ObjectId = NewType("ObjectId", str)
"""Digest of an object's bytes."""
SnapshotId = NewType("SnapshotId", str)
"""Digest of a dataset's or partition's tree: its exact content."""
CommitId = NewType("CommitId", str)
"""Digest of a commit."""
RunId = NewType("RunId", str)
"""A run's UUID, as OpenLineage has it, in its canonical lower-case form."""
PlanId = NewType("PlanId", str)
"""Names a stored plan."""

DIGEST_BYTES = 32
"""Length of a digest in bytes."""

_HEX_ID = re.compile(r"[0-9a-f]{64}")


def parse_object_id(text: str) -> ObjectId:
    """Returns `text` as an object id, or raises InvalidInputError."""
    if not _HEX_ID.fullmatch(text):
        raise InvalidInputError(f"{text!r} is not an object id: 64 lower-case hex digits were expected")
    return ObjectId(text)


def parse_run_id(text: str) -> RunId:
    """Returns `text` as a run id, or raises InvalidInputError."""
    try:
        return RunId(str(UUID(text)))
    except ValueError:
        raise InvalidInputError(f"{text!r} is not a run id: a UUID was expected") from None
