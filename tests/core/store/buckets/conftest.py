from uuid import uuid4

import pytest

from lineageflow_core.model.storage import parse_storage
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from tests.core.store.buckets.recording import RecordingBucket


@pytest.fixture
def bucket() -> RecordingBucket:
    """An empty bucket in memory."""
    return RecordingBucket(FsspecBucket(parse_storage(f"memory://{uuid4().hex}")))
