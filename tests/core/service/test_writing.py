"""A process that writes for the first time builds before its turn, so that nobody waits for its caches."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.writing import move_branch
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.memory.refs import MemoryRefStore
from lineageflow_core.testing.catalog.scene import files
from lineageflow_core.testing.values import NOON
from lineageflow_core.tree.source import NodeBuffer
from tests.core.service.story import run_id

MAIN = RefName(kind=RefKind.BRANCH, name="main")


class QueueingRefStore(MemoryRefStore):
    """Notes when turns begin, and lets something else happen before one does, once."""

    def __init__(self, stores: MemoryStores, events: list[str]) -> None:
        super().__init__(stores._state)
        self._events = events
        self.meanwhile: Callable[[], object] | None = None

    def turn(self, repository: str, ref: RefName) -> AbstractContextManager[None]:
        return self._turn(repository, ref)

    @contextmanager
    def _turn(self, repository: str, ref: RefName) -> Iterator[None]:
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        with super().turn(repository, ref):
            self._events.append("turn")
            yield


class Writer:
    """A process that has just begun, on a repository that another one made."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.stores = MemoryStores()
        self.other = Repository(open_embedded(self.stores), "lake", author="bob").create()
        self.refs = self.stores.refs = QueueingRefStore(self.stores, self.events)
        self.opened = Lake(self.stores, lambda: NOON).repository("lake")

    def write(self, message: str) -> Commit:
        def build(tip: Commit, _nodes: NodeBuffer) -> Commit:
            self.events.append("build")
            return make_commit(parents=[tip], root=tip.root, author="ada", message=message, created_at=NOON)

        return move_branch(self.opened, MAIN, "commit", actor="ada", key=None, build=build)


def test_the_first_write_is_built_before_its_turn() -> None:
    writer = Writer()
    writer.write("first")
    assert ["build", "turn"] == writer.events


def test_later_writes_are_built_during_their_turns() -> None:
    writer = Writer()
    writer.write("first")
    writer.events.clear()
    writer.write("second")
    assert ["turn", "build"] == writer.events


def test_what_was_built_before_the_turn_is_built_again_if_the_branch_has_moved() -> None:
    writer = Writer()
    writer.refs.meanwhile = lambda: writer.other.put("a", b"1", branch="main")
    made = writer.write("first")
    assert "first" == next(commit.message for commit in writer.other.log(ref="main"))
    assert ["a"] == [dataset.path for dataset in writer.other.datasets(ref=made.id)]


def test_what_was_built_before_the_turn_is_built_again_if_the_run_that_it_publishes_has_moved() -> None:
    writer, run = Writer(), run_id("night")
    writer.other.catalog.transactions.begin("lake", run)
    writer.other.put("a", b"1", branch=f"run:{run}")
    writer.refs.meanwhile = lambda: writer.other.put("late", b"2", branch=f"run:{run}")
    published = Repository(open_embedded(writer.stores), "lake", author="ada")
    published.catalog.transactions.publish("lake", run, author="ada")
    assert {"a": b"1", "late": b"2"} == files(published)
