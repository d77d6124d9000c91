"""The contract of content, kept by every kind of bucket."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import StorageUrl, parse_storage
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.buckets import Bucket
from lineageflow_core.store.buckets.caching import CachingBucket
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.buckets.over_obstore import ObstoreBucket
from lineageflow_core.store.cache import ReadCache
from lineageflow_core.store.layout import object_name
from lineageflow_core.testing.content_store import ContentStoreContract
from tests.servers.objectstores import SERVERS, in_environment

pytestmark = pytest.mark.filterwarnings(
    # gcsfs and adlfs give their whole body at once; a few megabytes do not hold up a loop of their own
    "ignore:Sending a large body directly with raw bytes:ResourceWarning"
)

_KINDS: dict[str, tuple[str, Callable[[StorageUrl], Bucket]]] = {
    "memory": ("memory", FsspecBucket),
    "memory+cache": ("memory", FsspecBucket),
    "file": ("file", FsspecBucket),
    "gcs": ("gcs", FsspecBucket),
    "s3": ("s3", FsspecBucket),
    "s3+obstore": ("s3", ObstoreBucket),
    "azure": ("azure", FsspecBucket),
}
"""Where, and what speaks with it."""

_numbers = count()


@pytest.fixture(scope="module", params=list(_KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def place(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a place that is there."""
    where, _ = _KINDS[kind]
    if where == "memory":
        yield "memory://contracts"
    elif where == "file":
        yield f"file://{tmp_path_factory.mktemp('bucket')}"
    else:
        with SERVERS[where]() as server, in_environment(server.environment):
            yield server.url


@pytest.fixture
def bucket(kind: str, place: str) -> Bucket:
    """An empty folder in a bucket."""
    return _KINDS[kind][1](parse_storage(f"{place}/{next(_numbers)}"))


@pytest.fixture
def content(kind: str, bucket: Bucket, tmp_path: Path) -> BucketContentStore:
    cached = kind.endswith("+cache")
    return BucketContentStore(CachingBucket(bucket, ReadCache(tmp_path / "cache")) if cached else bucket)


@pytest.fixture
def damage(bucket: Bucket) -> Callable[[ObjectId], None]:
    def change(object_id: ObjectId) -> None:
        name = object_name(object_id)
        whole = bytearray(bucket.read(name, 0, bucket.size(name) or 0))
        whole[0] ^= 1
        bucket.replace(name, bytes(whole))

    return change


class TestContent(ContentStoreContract): ...
