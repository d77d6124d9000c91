import os
from pathlib import Path

import pytest
from blake3 import blake3

from lineageflow_core.errors import IntegrityError, ObjectMissingError
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.buckets.caching import BLOCK_BYTES, CachingBucket
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.cache import ReadCache
from lineageflow_core.store.layout import object_name
from tests.core.store.buckets.recording import RecordingBucket


@pytest.fixture
def content(bucket: RecordingBucket, tmp_path: Path) -> BucketContentStore:
    return BucketContentStore(CachingBucket(bucket, ReadCache(tmp_path)))


def test_a_small_object_is_fetched_once(bucket: RecordingBucket, content: BucketContentStore) -> None:
    [stored] = content.write_objects([b"content"])
    bucket.calls.clear()
    assert [b"content"] * 3 == [content.open_object(stored.object_id).read() for _ in range(3)]
    assert ["read"] == bucket.calls


def test_a_large_object_drives_nothing_out(content: BucketContentStore, tmp_path: Path) -> None:
    [stored] = content.write_objects([bytes(9 << 20)])
    with content.open_object(stored.object_id) as file:
        assert bytes(9 << 20) == file.read()
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "tally"]


def test_the_nodes_of_a_pack_take_one_request(bucket: RecordingBucket, content: BucketContentStore) -> None:
    pack = os.urandom(BLOCK_BYTES)
    bucket.replace(f"packs/ab/{'ab' * 32}", pack)
    bucket.calls.clear()
    parts = [content.read_pack("ab" * 32, at, 10_000) for at in range(0, len(pack) - 10_000, 10_000)]
    assert [pack[at : at + 10_000] for at in range(0, len(pack) - 10_000, 10_000)] == parts
    assert ["read"] == bucket.calls


def test_a_part_across_blocks_is_whole(content: BucketContentStore) -> None:
    pack = os.urandom(2 * BLOCK_BYTES + 100)
    content.write_pack(blake3(pack).hexdigest(), pack)
    start = BLOCK_BYTES - 50
    for length in (0, 50, 51, BLOCK_BYTES + 50, BLOCK_BYTES + 150):
        assert pack[start : start + length] == content.read_pack(blake3(pack).hexdigest(), start, length)


def test_a_new_pack_is_not_fetched_at_all(bucket: RecordingBucket, content: BucketContentStore) -> None:
    content.write_pack("ab" * 32, bytes(3 * BLOCK_BYTES))
    bucket.calls.clear()
    content.read_pack("ab" * 32, 5, 2 * BLOCK_BYTES)
    assert [] == bucket.calls


def test_what_is_mended_in_the_storage_is_mended(
    bucket: RecordingBucket, content: BucketContentStore
) -> None:
    [stored] = content.write_objects([b"content"])
    bucket.replace(object_name(stored.object_id), b"damaged")
    with pytest.raises(IntegrityError):
        content.open_object(stored.object_id)
    bucket.replace(object_name(stored.object_id), b"content")
    assert b"content" == content.open_object(stored.object_id).read()


def test_a_cache_gives_nothing_from_another_place(
    bucket: RecordingBucket, content: BucketContentStore, tmp_path: Path
) -> None:
    [stored] = content.write_objects([b"content"])
    content.open_object(stored.object_id)
    elsewhere = FsspecBucket(bucket.url.below("elsewhere"))
    with pytest.raises(ObjectMissingError):
        BucketContentStore(CachingBucket(elsewhere, ReadCache(tmp_path))).open_object(stored.object_id)
