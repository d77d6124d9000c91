"""What content in a bucket does beyond the contract: how few requests it makes, and what it survives."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.layout import object_name
from lineageflow_core.testing.content_store import object_of
from tests.core.store.buckets.conftest import bucket
from tests.core.store.buckets.recording import RecordingBucket

__all__ = ["bucket"]


@pytest.fixture
def content(bucket: RecordingBucket) -> BucketContentStore:
    return BucketContentStore(bucket)


def test_what_is_stored_is_not_sent_again(bucket: RecordingBucket, content: BucketContentStore) -> None:
    contents = [os.urandom(100) for _ in range(200)]
    content.write_objects(contents)
    bucket.calls.clear()
    content.write_objects(contents)
    assert ["size"] * 200 == bucket.calls


def test_new_objects_are_not_asked_for_first(bucket: RecordingBucket, content: BucketContentStore) -> None:
    content.write_objects([os.urandom(100) for _ in range(200)])
    assert 200 == bucket.calls.count("create")
    assert bucket.calls.count("size") < 50  # those that begin together do not know yet


def test_an_interrupted_transfer_goes_on(bucket: RecordingBucket, content: BucketContentStore) -> None:
    contents = [os.urandom(100) for _ in range(300)]
    content.write_objects(contents[:150])
    bucket.calls.clear()
    assert [object_of(each) for each in contents] == content.write_objects(contents)
    assert 150 == bucket.calls.count("create")


def test_a_torn_object_is_replaced(bucket: RecordingBucket, content: BucketContentStore) -> None:
    torn = object_of(b"whole content")
    bucket.replace(object_name(torn.object_id), b"whole")
    assert [torn] == content.write_objects([b"whole content"])
    assert b"whole content" == content.open_object(torn.object_id).read()


def test_a_torn_large_object_is_replaced(
    bucket: RecordingBucket, content: BucketContentStore, tmp_path: Path
) -> None:
    whole = os.urandom(9 << 20)
    (tmp_path / "file").write_bytes(whole)
    bucket.replace(object_name(object_of(whole).object_id), whole[:1000])
    [stored] = content.write_objects([tmp_path / "file"])
    assert whole == content.open_object(stored.object_id).read()


class ChangingBucket(RecordingBucket):
    """A bucket to which a file is sent that changes meanwhile."""

    file: Path

    def size(self, name: str) -> int | None:
        with self.file.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"!")
        return super().size(name)


def test_a_large_file_that_changes_while_it_is_read_is_not_stored(
    bucket: RecordingBucket, tmp_path: Path
) -> None:
    changing = ChangingBucket(bucket.bucket)
    changing.file = tmp_path / "file"
    changing.file.write_bytes(bytes(9 << 20))
    with pytest.raises(InvalidInputError, match="changed while it was read"):
        BucketContentStore(changing).write_objects([changing.file])
    assert [] == list(_names(bucket))


def _names(bucket: RecordingBucket) -> Iterator[str]:
    return (blob.name for blob in bucket.list("objects"))
