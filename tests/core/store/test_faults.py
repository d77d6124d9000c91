"""Content in a bucket that fails: nothing is lost, nothing wrong is read, and every planned fault is met."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from lineageflow_core.errors import StorageError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.buckets import Bucket
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.buckets.retries import ATTEMPTS
from lineageflow_core.store.layout import object_name
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import ContentStore
from lineageflow_core.store.probe import probe
from lineageflow_core.testing.content_store import ContentStoreContract
from lineageflow_core.testing.faults import Fault, FaultKind, FaultyBucket

EVER = range(1, 1_000_000)

WRITES = [
    Fault(kind=kind, operation=operation)
    for operation in ("create", "upload")
    for kind in (FaultKind.THROTTLED, FaultKind.LOST_RESPONSE, FaultKind.TORN_WRITE)
]
READS = [
    Fault(kind=kind, operation=operation)
    for operation in ("read", "size")
    for kind in (FaultKind.THROTTLED, FaultKind.LOST_RESPONSE)
]


def new_bucket() -> Bucket:
    return FsspecBucket(parse_storage(f"memory://{uuid4().hex}"))


def content_in(bucket: Bucket) -> BucketContentStore:
    return BucketContentStore(bucket, pause=lambda _: None)


@pytest.mark.parametrize("fault", [*WRITES, *READS], ids=lambda fault: f"{fault.operation} {fault.kind}")
def test_a_fault_is_survived(fault: Fault, tmp_path: Path) -> None:
    large = os.urandom(9 << 20)
    (tmp_path / "large").write_bytes(large)
    with FaultyBucket(new_bucket(), [fault]) as faulty:
        content = content_in(faulty)
        small, streamed = content.write_objects([b"small content", tmp_path / "large"])
        content.write_pack("ab" * 32, b"0123456789")
        assert b"small content" == content.open_object(small.object_id).read()
        assert large == content.open_object(streamed.object_id).read()
        assert b"345" == content.read_pack("ab" * 32, 3, 3)
        assert set() == content.missing_objects([small.object_id, streamed.object_id])


@pytest.mark.parametrize("fault", [*WRITES, *READS], ids=lambda fault: f"{fault.operation} {fault.kind}")
def test_commits_are_whole_whatever_fails(fault: Fault, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(9 << 20))
    with FaultyBucket(new_bucket(), [fault]) as faulty:
        repo = Repository(open_embedded(StoresOver(content_in(faulty))), "r", author="ada").create()
        repo.put("a", b"first")
        repo.put("large", tmp_path / "large")
        repo.branch("topic")
        repo.put("a", b"second", branch="topic")
        repo.merge("topic")
        assert (b"second", bytes(9 << 20)) == (repo.read_bytes("a"), repo.read_bytes("large"))
        assert b"first" == repo.read_bytes("a", ref="main~1")
        assert [] == list(repo.catalog.history.diff("r", "main", "topic").items)


def test_a_storage_that_stays_down_fails_and_nothing_is_published() -> None:
    down = Fault(kind=FaultKind.THROTTLED, operation="create", calls=range(2, 1_000_000))
    with FaultyBucket(new_bucket(), [down]) as faulty:
        repo = Repository(open_embedded(StoresOver(content_in(faulty))), "r", author="ada").create()
        before = repo.head()
        with pytest.raises(StorageError):
            repo.put("a", b"1")
        assert ATTEMPTS == faulty.met[down]
        assert before == repo.head()


def test_a_write_that_was_torn_when_its_writer_died_is_mended_by_the_next() -> None:
    bucket = new_bucket()
    torn = Fault(kind=FaultKind.TORN_WRITE, operation="create", calls=EVER)
    with FaultyBucket(bucket, [torn]) as faulty, pytest.raises(StorageError):
        content_in(faulty).write_objects([b"whole content"])
    [stored] = content_in(bucket).write_objects([b"whole content"])
    assert b"whole content" == content_in(bucket).open_object(stored.object_id).read()


def test_a_listing_that_is_late_is_told_by_a_check() -> None:
    with FaultyBucket(new_bucket(), [Fault(kind=FaultKind.LATE_LISTING, operation="list")]) as faulty:
        assert {"list"} <= {check.name for check in probe(faulty).checks if not check.ok}


def test_no_commit_and_no_reading_depends_on_a_listing() -> None:
    late = Fault(kind=FaultKind.LATE_LISTING, operation="list", calls=EVER)
    with FaultyBucket(new_bucket(), [late]) as faulty:
        content = content_in(faulty)
        repo = Repository(open_embedded(StoresOver(content)), "r", author="ada").create()
        repo.put("a", b"1")
        assert [] == list(content.list_packs())
        assert b"1" == repo.read_bytes("a")


@pytest.mark.parametrize("skew", [timedelta(hours=-2), timedelta(hours=2)])
def test_a_clock_that_is_wrong_is_told_by_a_check_and_harms_no_commit(skew: timedelta) -> None:
    wrong = Fault(kind=FaultKind.SKEWED_CLOCK, operation="list", calls=EVER, skew=skew)
    with FaultyBucket(new_bucket(), [wrong]) as faulty:
        report = probe(faulty)
        assert ["clock"] == [check.name for check in report.checks if not check.ok]
        assert report.usable
        stores = StoresOver(content_in(faulty))
        repo = Repository(open_embedded(stores, clock=lambda: datetime.now(UTC) + skew), "r", author="ada")
        repo.create().put("a", b"1")
        repo = Repository(open_embedded(stores), "r", author="ada")
        repo.put("a", b"2")
        assert (b"1", b"2") == (repo.read_bytes("a", ref="main~1"), repo.read_bytes("a"))


def test_a_plan_that_is_not_carried_out_is_told() -> None:
    with (
        pytest.raises(AssertionError, match="never met"),
        FaultyBucket(new_bucket(), [Fault(kind=FaultKind.THROTTLED, operation="remove")]),
    ):
        pass


class StoresOver(MemoryStores):
    """Rows in memory, and this content."""

    def __init__(self, content: ContentStore) -> None:
        super().__init__()
        self._over = content

    def content(self, repository: str, *, storage: str | None = None) -> ContentStore:
        return self._state.contents.setdefault(repository, self._over)


class TestUnreliable(ContentStoreContract):
    """The contract, where whatever is asked about a name fails the first time."""

    @pytest.fixture
    def bucket(self) -> Bucket:
        return new_bucket()

    @pytest.fixture
    def content(self, bucket: Bucket) -> BucketContentStore:
        kinds = {
            "create": FaultKind.TORN_WRITE,
            "replace": FaultKind.LOST_RESPONSE,
            "upload": FaultKind.TORN_WRITE,
            "read": FaultKind.THROTTLED,
            "size": FaultKind.LOST_RESPONSE,
        }
        faults = [Fault(kind=kind, operation=name, per_name=True) for name, kind in kinds.items()]
        return content_in(FaultyBucket(bucket, faults))

    @pytest.fixture
    def damage(self, bucket: Bucket) -> Callable[[ObjectId], None]:
        def change(object_id: ObjectId) -> None:
            name = object_name(object_id)
            whole = bytearray(bucket.read(name, 0, bucket.size(name) or 0))
            whole[0] ^= 1
            bucket.replace(name, bytes(whole))

        return change

    def test_a_store_that_can_be_used_says_so(self, content: ContentStore) -> None:
        assert not content.check().usable  # a check does not try twice
