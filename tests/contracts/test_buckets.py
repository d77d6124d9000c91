"""The contract of content, kept by every kind of bucket."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import Provider, parse_storage
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

_KINDS: dict[str, tuple[str, Callable[..., Bucket]]] = {
    "memory": ("", FsspecBucket),
    "file": ("", FsspecBucket),
    "gcs": ("gcs", FsspecBucket),
    "s3": ("s3", FsspecBucket),
    "s3+obstore": ("s3", ObstoreBucket),
    "azure": ("azure", FsspecBucket),
}
"""Which server, and what speaks with it."""

_numbers = count()


@pytest.fixture(scope="module", params=list(_KINDS))
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Bucket]]:
    """Opens an empty folder in a bucket."""
    server, opens = _KINDS[request.param]
    if not server:
        place = (
            f"memory://{request.param}"
            if request.param == "memory"
            else f"file://{tmp_path_factory.mktemp('b')}"
        )
        yield lambda: opens(parse_storage(f"{place}/{next(_numbers)}"))
        return
    with SERVERS[server]() as running, in_environment(running.environment):
        yield lambda: opens(parse_storage(f"{running.url}/folder/{next(_numbers)}"))


@pytest.fixture
def bucket(opened: Callable[[], Bucket]) -> Bucket:
    return opened()


@pytest.fixture(params=["straight", "cached"])
def content(request: pytest.FixtureRequest, bucket: Bucket, tmp_path: Path) -> BucketContentStore:
    if request.param == "straight":
        return BucketContentStore(bucket)
    if bucket.url.provider is not Provider.MEMORY:
        pytest.skip("a cache does not know what it is in front of")
    return BucketContentStore(CachingBucket(bucket, ReadCache(tmp_path / "cache")))


@pytest.fixture
def damage(bucket: Bucket) -> Callable[[ObjectId], None]:
    def change(object_id: ObjectId) -> None:
        name = object_name(object_id)
        whole = bytearray(bucket.read(name, 0, bucket.size(name) or 0))
        whole[0] ^= 1
        bucket.replace(name, bytes(whole))

    return change


class TestContent(ContentStoreContract): ...
