"""A step that writes in the very moment in which its run is closed: it gets in, or it is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from lineageflow_core.errors import TransactionClosedError
from lineageflow_core.model.change import put
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.memory.transactions import MemoryTransactionStore
from lineageflow_core.testing.catalog.scene import commit, entries, files
from tests.core.service.story import run_id

RUN = run_id("night")


class InterruptedStore(MemoryTransactionStore):
    """Lets something else happen right after a transaction was read, once."""

    meanwhile: Callable[[], object] | None = None

    def get(self, repository: str, run_id: RunId) -> Transaction | None:
        found = super().get(repository, run_id)
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        return found


class InterruptedStores(MemoryStores):
    def __init__(self) -> None:
        super().__init__()
        self.transactions = self.interrupted = InterruptedStore(self._state)


class Night:
    """A run that is open, on a repository in memory."""

    def __init__(self) -> None:
        self.stores = InterruptedStores()
        self.repo = Repository(open_embedded(self.stores), "lake", author="ada").create()
        self.transactions = self.repo.catalog.transactions
        self.transactions.begin("lake", RUN)

    def write(self, path: str) -> None:
        commit(self.repo, put(path, entries(self.repo, {"": b"1"})), branch=f"run:{RUN}")

    def publish(self) -> Transaction:
        return self.transactions.publish("lake", RUN, author="ada")

    def discard(self) -> Transaction:
        return self.transactions.discard("lake", RUN)

    def meanwhile(self, act: Callable[[], object]) -> None:
        self.stores.interrupted.meanwhile = act


@pytest.fixture
def night() -> Night:
    return Night()


@pytest.mark.parametrize("before", [[], ["early"]], ids=["its first", "another"])
def test_what_is_written_while_a_run_is_published_is_published(night: Night, before: list[str]) -> None:
    for path in before:
        night.write(path)
    night.meanwhile(lambda: night.write("late"))
    published = night.publish()
    assert {*before, "late"} == files(night.repo).keys()
    assert night.repo.head().id == published.published
    assert night.repo.head(f"run:{RUN}").id == published.head


@pytest.mark.parametrize("before", [[], ["early"]], ids=["its first", "another"])
def test_what_is_written_while_a_run_is_discarded_is_there_to_be_looked_at(
    night: Night, before: list[str]
) -> None:
    for path in before:
        night.write(path)
    night.meanwhile(lambda: night.write("late"))
    assert night.discard().head == night.repo.head(f"run:{RUN}").id
    assert {*before, "late"} == files(night.repo, f"run:{RUN}").keys()


@pytest.mark.parametrize("close", [Night.publish, Night.discard])
@pytest.mark.parametrize("before", [[], ["early"]], ids=["its first", "another"])
def test_what_is_written_to_a_run_that_is_closed_meanwhile_is_refused(
    night: Night, before: list[str], close: Callable[[Night], Transaction]
) -> None:
    for path in before:
        night.write(path)
    night.meanwhile(lambda: close(night))
    with pytest.raises(TransactionClosedError):
        night.write("late")
    assert {*before} == files(night.repo, f"run:{RUN}").keys()


def test_a_run_that_is_published_meanwhile_is_published_once(night: Night) -> None:
    night.write("early")
    night.meanwhile(night.publish)
    assert night.publish().published == night.repo.head().id
    assert 2 == len(night.repo.catalog.history.log("lake", "main").items)


def test_a_run_that_is_closed_the_other_way_meanwhile_stays_so(night: Night) -> None:
    night.write("early")
    night.meanwhile(night.discard)
    with pytest.raises(TransactionClosedError):
        night.publish()
    assert {} == files(night.repo)
    other = Night()
    other.meanwhile(other.publish)
    with pytest.raises(TransactionClosedError):
        other.discard()


def test_who_begins_a_run_removes_what_is_left_of_abandoned_ones() -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    catalog = open_embedded(MemoryStores(), clock=lambda: now[0])
    repo = Repository(catalog, "data", author="ada").create()
    abandoned = catalog.transactions.begin("data", run_id("abandoned"))
    commit(repo, put("a", entries(repo, {"": b"1"})), branch=f"run:{abandoned.run_id}")
    now[0] = abandoned.expires_at - timedelta(seconds=1)
    catalog.transactions.begin("data", run_id("next"))
    assert [abandoned.run_id] == [ref.name for ref in catalog.refs.list_refs("data", kind=RefKind.RUN).items]
    now[0] = abandoned.expires_at
    catalog.transactions.begin("data", run_id("last"))
    assert () == catalog.refs.list_refs("data", kind=RefKind.RUN).items
    assert TransactionState.EXPIRED is catalog.transactions.get_transaction("data", abandoned.run_id).state
