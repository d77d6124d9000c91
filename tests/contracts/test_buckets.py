"""The contract of content, kept by every kind of bucket."""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from lineageflow_core.errors import InvalidInputError, StorageError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import Provider, StorageUrl, parse_storage
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.buckets import Bucket
from lineageflow_core.store.buckets.caching import CachingBucket
from lineageflow_core.store.buckets.over_fsspec import PART_BYTES, FsspecBucket
from lineageflow_core.store.buckets.over_obstore import ObstoreBucket
from lineageflow_core.store.cache import ReadCache
from lineageflow_core.store.layout import object_name
from lineageflow_core.testing.content_store import ContentStoreContract, TrashContract
from tests.servers.objectstores import BUCKET, SERVERS, in_environment

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


class TestTrash(TrashContract):
    @pytest.fixture
    def content(self, bucket: Bucket) -> BucketContentStore:
        """Without the cache: what is kept there is read there, wherever it lies in the storage."""
        return BucketContentStore(bucket)


def test_a_file_of_several_parts_is_whole(content: BucketContentStore, tmp_path: Path) -> None:
    whole = os.urandom(2 * PART_BYTES + 12_345)
    (tmp_path / "file").write_bytes(whole)
    [stored] = content.write_objects([tmp_path / "file"])
    with content.open_object(stored.object_id) as file:
        assert whole == file.read()


@pytest.mark.parametrize("parts", [0, 1, 2])
def test_an_upload_that_is_given_up_leaves_nothing(bucket: Bucket, parts: int) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(parts):
            yield bytes(PART_BYTES)
        yield b"the beginning of a part"
        raise InvalidInputError("the source changed")

    with pytest.raises(InvalidInputError, match="the source changed"):
        bucket.upload("objects/ab/cd", chunks, size=(parts + 1) * PART_BYTES)
    gc.collect()
    assert bucket.size("objects/ab/cd") is None


def test_a_name_is_created_once(bucket: Bucket) -> None:
    assert bucket.create("objects/ab/cd", b"first")
    assert not bucket.create("objects/ab/cd", b"second")
    assert b"first" == bucket.read("objects/ab/cd", 0, 100)


def test_a_listing_tells_names_sizes_and_times(bucket: Bucket) -> None:
    began = datetime.now(UTC)
    for name in ("objects/ab/cd", "objects/ab/ef", "packs/ab/abcd"):
        bucket.replace(name, name.encode())
    found = {blob.name: blob for blob in bucket.list("objects")}
    assert {"objects/ab/cd": 13, "objects/ab/ef": 13} == {blob.name: blob.size for blob in found.values()}
    assert all(abs(blob.modified_at - began) < timedelta(minutes=5) for blob in found.values())


def test_what_is_removed_is_gone_and_may_be_removed_again(bucket: Bucket) -> None:
    bucket.replace("objects/ab/cd", b"x")
    for _ in range(2):
        bucket.remove("objects/ab/cd")
    assert bucket.size("objects/ab/cd") is None
    with pytest.raises(FileNotFoundError):
        bucket.read("objects/ab/cd", 0, 1)


@pytest.mark.parametrize(
    "start, end, part", [(0, 5, b"01234"), (3, 100, b"3456789"), (10, 20, b""), (4, 4, b"")]
)
def test_a_range_ends_where_the_bytes_do(bucket: Bucket, start: int, end: int, part: bytes) -> None:
    bucket.replace("objects/ab/cd", b"0123456789")
    assert part == bucket.read("objects/ab/cd", start, end)


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_forked_process_goes_on_using_it(bucket: Bucket) -> None:
    if bucket.url.provider is Provider.MEMORY:
        return  # it is each process's own
    bucket.replace("objects/ab/cd", b"parent")
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # a child that hangs is not to outlive the tests
        try:
            bucket.replace("objects/ab/ef", bucket.read("objects/ab/cd", 0, 100))
            os._exit(0)
        finally:
            os._exit(1)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert b"parent" == bucket.read("objects/ab/ef", 0, 100)


def test_a_place_that_is_not_there_is_named(place: str, kind: str) -> None:
    if "file" in kind or "memory" in kind:
        return  # they are made when they are needed
    url = parse_storage(place.replace(BUCKET, "no-such-bucket"))
    bucket = _KINDS[kind][1](url)
    with pytest.raises(StorageError, match="there is no bucket"):
        BucketContentStore(bucket).write_objects([b"x"])
    [write] = BucketContentStore(bucket).check().checks
    assert not write.ok
    assert "no such bucket" in write.detail
