"""Uploads in parts that go on where they stopped, on servers of all three clouds."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError, StorageError
from lineageflow_core.model.storage import StorageUrl, parse_storage
from lineageflow_core.store.buckets import over_fsspec, over_obstore, parts
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.buckets.over_obstore import ObstoreBucket
from lineageflow_core.store.buckets.retries import RetryingBucket
from tests.servers.objectstores import SERVERS, in_environment

pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")

PART = 5 << 20
"""Bytes: the least that S3 takes."""
PARTS = 8
NAME = "objects/ab/cd é"

_KINDS: dict[str, tuple[str, Callable[[StorageUrl], FsspecBucket]]] = {
    "s3": ("s3", FsspecBucket),
    "s3+obstore": ("s3", ObstoreBucket),
    "gcs": ("gcs", FsspecBucket),
    "azure": ("azure", FsspecBucket),
}
_numbers = count()


@pytest.fixture(scope="module", params=list(_KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def place(kind: str) -> Iterator[str]:
    with SERVERS[_KINDS[kind][0]]() as server, in_environment(server.environment):
        yield server.url


@pytest.fixture
def bucket(kind: str, place: str, monkeypatch: pytest.MonkeyPatch) -> FsspecBucket:
    for module in (over_fsspec, over_obstore):
        monkeypatch.setattr(module, "PART_BYTES", PART)
        monkeypatch.setattr(module, "LARGE_BYTES", 2 * PART)
    return _KINDS[kind][1](parse_storage(f"{place}/{next(_numbers)}"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each part was sent, by its number."""
    found: Counter[int] = Counter()
    for upload in (parts._S3Upload, parts._AzureUpload, parts._GcsUpload):
        send = upload.send

        def counted(self: Any, number: int, content: bytes, send: Any = send) -> Any:
            found[number] += 1
            return send(self, number, content)

        monkeypatch.setattr(upload, "send", counted)
    return found


@pytest.fixture(scope="module")
def whole() -> bytes:
    return os.urandom(PARTS * PART - 12_345)


def test_an_upload_that_was_killed_goes_on_where_it_was(
    bucket: FsspecBucket, sent: Counter[int], whole: bytes
) -> None:
    kill_in_upload(bucket, whole, after=7 * PART)
    assert bucket.size(NAME) is None
    upload(bucket, whole)
    assert whole == bucket.read(NAME, 0, len(whole) + 1)
    assert {PARTS} <= set(sent)
    assert not {1, 2, 3} & set(sent)
    assert [1] * len(sent) == list(sent.values())


def test_an_upload_that_lost_the_network_sends_nothing_twice(
    bucket: FsspecBucket, sent: Counter[int], whole: bytes
) -> None:
    cuts = iter([3 * PART, 6 * PART])

    def chunks() -> Iterator[bytes]:
        cut = next(cuts, None)
        yield from pieces(whole, cut)
        if cut is not None:
            raise StorageError("the network is gone")

    send_all(RetryingBucket(bucket, pause=lambda _: None), chunks, len(whole))
    assert whole == bucket.read(NAME, 0, len(whole) + 1)
    assert dict.fromkeys(range(1, PARTS + 1), 1) == sent


def test_parts_of_other_bytes_are_not_taken_for_these(bucket: FsspecBucket, whole: bytes) -> None:
    kill_in_upload(bucket, os.urandom(len(whole)), after=7 * PART)
    upload(bucket, whole)
    assert whole == bucket.read(NAME, 0, len(whole) + 1)


def test_an_upload_whose_source_fails_is_not_gone_on_with(
    bucket: FsspecBucket, sent: Counter[int], whole: bytes, kind: str
) -> None:
    def chunks() -> Iterator[bytes]:
        yield from pieces(whole, 6 * PART)
        raise InvalidInputError("the source changed")

    with pytest.raises(InvalidInputError, match="the source changed"):
        send_all(bucket, chunks, len(whole))
    assert [] == list(bucket.list(""))
    sent.clear()
    upload(bucket, whole)
    assert kind == "azure" or set(range(1, PARTS + 1)) == set(sent)


def test_two_who_upload_the_same_at_once_do_not_disturb_each_other(
    bucket: FsspecBucket, whole: bytes
) -> None:
    kill_in_upload(bucket, whole, after=7 * PART)
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(
            lambda each: upload(each, whole), [RetryingBucket(bucket, pause=lambda _: None) for _ in range(2)]
        ):
            pass  # raises the first error
    assert whole == bucket.read(NAME, 0, len(whole) + 1)
    assert [NAME] == [blob.name for blob in bucket.list("")]


def test_more_parts_than_are_composed_at_once_are_whole(
    bucket: FsspecBucket, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_COMPOSED", 2)
    upload(bucket, whole)
    assert whole == bucket.read(NAME, 0, len(whole) + 1)
    assert [NAME] == [blob.name for blob in bucket.list("")]


def test_a_bucket_that_is_missing_is_told(bucket: FsspecBucket) -> None:
    missing = type(bucket)(parse_storage(f"{bucket.url.provider.value}://no-such-bucket/a"))
    with pytest.raises((FileNotFoundError, StorageError)):
        upload(missing, bytes(2 * PART))


def kill_in_upload(bucket: FsspecBucket, whole: bytes, *, after: int) -> None:
    """Uploads in a process that is killed when it has read so many bytes."""
    process = os.fork()
    if not process:

        def chunks() -> Iterator[bytes]:
            yield from pieces(whole, after)
            os.kill(os.getpid(), signal.SIGKILL)

        send_all(bucket, chunks, len(whole))
        os._exit(0)
    assert signal.SIGKILL == os.WTERMSIG(os.waitpid(process, 0)[1])


def upload(bucket: FsspecBucket | RetryingBucket, whole: bytes) -> None:
    send_all(bucket, lambda: pieces(whole), len(whole))


def send_all(bucket: FsspecBucket | RetryingBucket, chunks: Callable[[], Iterator[bytes]], size: int) -> None:
    bucket.upload(NAME, chunks, size=size)


def pieces(whole: bytes, end: int | None = None) -> Iterator[bytes]:
    """Yields bytes in chunks that do not fit into parts."""
    for start in range(0, len(whole) if end is None else end, 3 << 20):
        yield whole[start : start + (3 << 20)]
