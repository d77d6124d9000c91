"""Collection in a bucket that fails, and by clocks that are wrong: nothing that is held is lost.

Each fault comes once, where a call is repeated, and for so long that the collection gives up and the next one
has to finish what it left.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import ObjectMissingError, StorageError
from lineageflow_core.model.change import put
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.settings import RepositorySettings, RetentionRule
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.repository import Repository
from lineageflow_core.service import repacking
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.buckets import Bucket
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.buckets.retries import ATTEMPTS
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import ContentStore
from lineageflow_core.testing.catalog.clock import StandingClock
from lineageflow_core.testing.catalog.scene import commit, entries, files
from lineageflow_core.testing.faults import Fault, FaultKind, FaultyBucket
from lineageflow_core.testing.storage_clock import AgingStores, StorageClock
from tests.stateful.packs import FromPacks

MONTH = timedelta(days=30)
HELD = {"a": b"back", "b": b"held", "c/1": b"held", "c/2": b"held too"}
EVER = range(1, 1_000_000)
OPERATIONS = {
    "create": [FaultKind.THROTTLED, FaultKind.LOST_RESPONSE, FaultKind.TORN_WRITE],
    "replace": [FaultKind.THROTTLED, FaultKind.LOST_RESPONSE, FaultKind.TORN_WRITE],
    "read": [FaultKind.THROTTLED, FaultKind.LOST_RESPONSE],
    "copy": [FaultKind.THROTTLED, FaultKind.LOST_RESPONSE],
    "remove": [FaultKind.THROTTLED, FaultKind.LOST_RESPONSE],
    "list": [FaultKind.THROTTLED, FaultKind.LOST_RESPONSE],
}
FAULTS = [(name, kind) for name, kinds in OPERATIONS.items() for kind in kinds]


class StoresOver(MemoryStores):
    """Rows in memory, and content in a bucket."""

    def use(self, bucket: Bucket) -> None:
        """Has content in this bucket from now on, with nothing known of it."""
        self._bucket = bucket
        self._state.contents.clear()

    def content(self, repository: str, *, storage: str | None = None) -> ContentStore:
        content = BucketContentStore(self._bucket, pause=lambda _: None)
        return self._state.contents.setdefault(repository, content)


class Scene:
    """A lake in a bucket, with all that a collection does to be done."""

    def __init__(self) -> None:
        self.clock, self.storage_clock = StandingClock(), StorageClock()
        self.bucket: Bucket = FsspecBucket(parse_storage(f"memory://{uuid4().hex}"))
        self.stores = StoresOver()
        catalog = self.open(self.bucket)
        repo = Repository(catalog, "r", author="ada").create()
        self.repository = repo.info.id
        rules = RepositorySettings(retention_rules=(RetentionRule(keep_versions=1),))
        catalog.settings.update_settings("r", rules, author="ada")
        for content in (b"old", b"back", b"now"):
            repo.put("a", content)
        self.collect(catalog)
        catalog.merging.revert("r", ["main"], branch="main", author="ada")
        for branch in ("topic", "main"):  # two packs have its tree
            if branch != "main":
                catalog.refs.create_branch("r", branch, source="main", author="ada")
            commit(repo, put("c", entries(repo, {"1": b"held", "2": b"held too"})), branch=branch)
        repo.put("b", b"to be trashed")
        repo.put("b", b"held")

    def open(self, bucket: Bucket) -> Catalog:
        """Opens the lake as a new process does, over a bucket."""
        self.stores.use(bucket)
        return open_embedded(AgingStores(self.stores, self.storage_clock), clock=self.clock)

    def collect(self, catalog: Catalog) -> None:
        """Collects a month later."""
        self.clock.move_on(MONTH)
        self.storage_clock.move_on(MONTH)
        catalog.collection.collect("r", author="ada")

    def check(self, held: Mapping[str, bytes] = HELD) -> None:
        """Sees, by the bucket itself, that everything held is there; and in the end nothing else."""
        for _ in range(3):
            catalog = self.open(self.bucket)
            repo = Repository(catalog, "r", author="ada")
            assert held == files(repo)
            self.collect(catalog)
        trash = self.stores.content(self.repository).trash
        assert [] == list(trash.list())
        ids = {entry.object_id for entry in catalog.objects.list_objects("r", "main", limit=MAX_LIMIT).items}
        assert ids == {each.id for each in trash.list_stored(ContentKind.OBJECT)}
        sizes = {each.id: each.size for each in trash.list_stored(ContentKind.PACK)}
        packs = FromPacks(self.stores.content(self.repository), sizes)
        for each in catalog.history.log("r", "main").items:
            packs.read(each.id)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(repacking, "WORTH", 0)
    monkeypatch.setattr(repacking, "SPARSE", 0.9)
    return Scene()


@pytest.mark.parametrize("operation, kind", FAULTS, ids=str)
def test_a_fault_that_goes_away_is_survived(operation: str, kind: FaultKind, scene: Scene) -> None:
    fault = Fault(kind=kind, operation=operation, calls=range(1, EVER.stop, 2))
    with FaultyBucket(scene.bucket, [fault]) as faulty:
        scene.collect(scene.open(faulty))
    scene.check()


@pytest.mark.parametrize("operation, kind", FAULTS, ids=str)
def test_wherever_a_storage_goes_down_the_next_collection_finishes(
    operation: str, kind: FaultKind, scene: Scene
) -> None:
    first, met = 0, True
    while met:
        first += 1
        fault = Fault(kind=kind, operation=operation, calls=range(first, first + ATTEMPTS))
        faulty = FaultyBucket(scene.bucket, [fault])
        with suppress(StorageError):
            scene.collect(scene.open(faulty))
        scene.check()
        met = bool(faulty.met[fault])
        scene = Scene()
    assert first > 1


def test_a_listing_that_is_late_costs_nothing_but_time(scene: Scene) -> None:
    catalog = scene.open(scene.bucket)
    late = Fault(kind=FaultKind.LATE_LISTING, operation="list", calls=EVER)
    with FaultyBucket(scene.bucket, [late]) as faulty:
        catalog = scene.open(faulty)
        repo = Repository(catalog, "r", author="ada")
        repo.put("b", b"not listed yet")
        repo.put("b", b"held")
        with pytest.raises(StorageError, match="does not list what was just written"):
            scene.collect(catalog)
    scene.check()


@pytest.mark.parametrize("hours", [-1000, -30, -5, 5, 30, 1000])
@pytest.mark.parametrize("listing", range(1, 9))
def test_clocks_that_are_wrong_lose_nothing(listing: int, hours: int, scene: Scene) -> None:
    """Whichever listing tells wrong times, and who writes meanwhile."""
    skewed = Fault(
        kind=FaultKind.SKEWED_CLOCK,
        operation="list",
        calls=range(listing, listing + 1),
        skew=timedelta(hours=hours),
    )
    with FaultyBucket(scene.bucket, [skewed]) as faulty:
        catalog = scene.open(faulty)
        repo = Repository(catalog, "r", author="ada")
        uploads = {"3": b"not held", "4": b"yet"}
        uploaded = entries(repo, uploads)
        for number in range(3):
            repo.put("b", b"%d" % number)
            catalog.collection.collect("r", author="ada")
        try:
            commit(repo, put("c", uploaded))
        except ObjectMissingError:  # what is not held yet may be gone, and who commits it is told
            assert hours > 0  # only a clock that runs ahead makes the days in the trash shorter
            commit(repo, put("c", entries(repo, uploads)))
        repo.put("b", b"held")
        scene.collect(catalog)
    scene.check({**HELD, "c/3": b"not held", "c/4": b"yet"})
