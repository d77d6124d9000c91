"""Packs that are mostly dead are rewritten: nothing is lost, and they go as dead packs do."""

from datetime import timedelta

import pytest

from lineageflow_core.model.change import put
from lineageflow_core.model.collection import Collection, ContentKind
from lineageflow_core.repository import Repository
from lineageflow_core.service import repacking
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.sweeping import REWRITTEN
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.memory.content import MemoryContentStore
from lineageflow_core.testing.catalog.clock import StandingClock
from lineageflow_core.testing.catalog.scene import commit, entries, files
from lineageflow_core.testing.storage_clock import AgingStores, StorageClock

FILES = {f"{number:03}": b"%d" % number for number in range(300)}


class Twice:
    """A repository whose branches were given the same, one after the other: two packs have its tree."""

    def __init__(self) -> None:
        self.clock, self.storage_clock = StandingClock(), StorageClock()
        self.stores = MemoryStores()
        self.catalog = open_embedded(AgingStores(self.stores, self.storage_clock), clock=self.clock)
        self.repo = Repository(self.catalog, "r", author="ada").create()
        self.catalog.refs.create_branch("r", "topic", source="main", author="ada")
        commit(self.repo, put("a", entries(self.repo, FILES)), branch="topic")
        commit(self.repo, put("b", entries(self.repo, {"": b"main went on"})))
        commit(self.repo, put("a", entries(self.repo, FILES)))

    @property
    def content(self) -> MemoryContentStore:
        """Returns the repository's content."""
        content = self.stores.content(self.repo.info.id)
        assert isinstance(content, MemoryContentStore)
        return content

    def packs(self) -> dict[str, int]:
        """Returns the packs that are not in the trash, with their sizes."""
        return {each.id: each.size for each in self.content.trash.list_stored(ContentKind.PACK)}

    def collect(self) -> Collection:
        """Collects, when everything is old."""
        self.clock.move_on(timedelta(days=15))
        self.storage_clock.move_on(timedelta(days=15))
        return self.catalog.collection.collect("r", author="ada")


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch) -> Twice:
    monkeypatch.setattr(repacking, "WORTH", 1000)
    return Twice()


def test_a_pack_that_is_mostly_dead_goes_and_nothing_is_lost(twice: Twice) -> None:
    before = twice.packs()
    assert 1 == twice.collect().repacked
    assert 0 == twice.collect().repacked
    [gone] = before.keys() - twice.packs().keys()
    assert sum(twice.packs().values()) < sum(before.values()) - before[gone] * 0.7
    fresh = open_embedded(twice.stores, clock=twice.clock)
    for ref in ("topic", "main"):
        repo = Repository(fresh, "r", author="ada")
        assert {f"a/{name}": content for name, content in FILES.items()}.items() <= files(repo, ref).items()


def test_a_plan_tells_what_would_be_rewritten_and_changes_nothing(twice: Twice) -> None:
    twice.clock.move_on(timedelta(days=15))
    twice.storage_clock.move_on(timedelta(days=15))
    before = twice.packs()
    planned = twice.catalog.collection.plan_collection("r")
    assert before == twice.packs()
    done = twice.catalog.collection.collect("r", author="ada")
    assert (planned.trashed, planned.repacked) == (done.trashed, done.repacked)
    [group] = done.trashed
    assert (REWRITTEN, ContentKind.PACK, 1) == (group.reason, group.kind, group.count)


def test_what_would_free_little_waits(twice: Twice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repacking, "WORTH", 1 << 20)
    before = twice.packs()
    assert 0 == twice.collect().repacked
    assert before == twice.packs()


def test_a_damaged_pack_is_left_alone(twice: Twice) -> None:
    twice.clock.move_on(timedelta(days=15))
    twice.storage_clock.move_on(timedelta(days=15))
    [sparse] = twice.packs().keys() - _live_after_repacking(Twice())
    content = twice.content._packs[sparse]
    twice.content._packs[sparse] = content[:-1] + bytes([content[-1] ^ 1])
    before = twice.packs()
    assert 0 == twice.collect().repacked
    assert before == twice.packs()


def test_a_pack_that_an_interrupted_collection_left_is_taken_out_of_the_trash(
    twice: Twice, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = Twice()
    before = twin.packs()
    twin.collect()
    [left] = twin.packs().keys() - before.keys()
    assert before == twice.packs()
    twice.content.write_pack(left, twin.content._packs[left])
    twice.storage_clock.move_on(timedelta(days=2))
    monkeypatch.setattr(repacking, "WORTH", 1 << 20)
    twice.catalog.collection.collect("r", author="ada")
    monkeypatch.setattr(repacking, "WORTH", 1000)
    assert [left] == [entry.id for entry in twice.catalog.collection.list_trash("r").items]
    assert 1 == twice.catalog.collection.collect("r", author="ada").repacked
    assert left in twice.packs()
    assert left not in [entry.id for entry in twice.catalog.collection.list_trash("r").items]


def _live_after_repacking(twin: Twice) -> set[str]:
    """Returns the packs of an equal repository that stay."""
    twin.collect()
    return set(twin.packs())
