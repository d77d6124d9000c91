"""Random histories, collected and looked through object by object; collections taken apart between writers.

The oracle is naive: it keeps the bytes of everything that was ever committed, and finds out what must be
there by walking all commits of all refs, one by one.
"""

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    ObjectCollectedError,
    StateError,
)
from lineageflow_core.model.change import Change, delete, put
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.run import Job, TransactionState
from lineageflow_core.model.settings import RepositorySettings, RetentionRule
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession
from lineageflow_core.service import repacking
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.testing.catalog.clock import StandingClock
from lineageflow_core.testing.catalog.scene import entries
from lineageflow_core.testing.storage_clock import AgingStores, StorageClock
from tests.stateful.packs import FromPacks

_REFUSALS = (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    ObjectCollectedError,
    StateError,
)

HISTORIES = 1000
STEPS = 25
CHUNK = 50
"""Histories in one test."""


@pytest.fixture(autouse=True)
def rewrites_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """These histories are small, and so are their packs: almost every one that has lost something counts."""
    monkeypatch.setattr(repacking, "WORTH", 0)
    monkeypatch.setattr(repacking, "SPARSE", 0.9)


class History:
    """One repository, and everything that is done to it."""

    def __init__(self, seed: int, *, rules: bool) -> None:
        self.random = random.Random(seed)
        self.clock, self.storage_clock = StandingClock(), StorageClock()
        self.stores = MemoryStores()
        self.catalog = self.open()
        self.repo = Repository(self.catalog, "r", author="ada").create()
        self.number = 0
        self.runs: list[RunSession] = []
        if rules:
            limits = tuple(
                RetentionRule(
                    branches=self.random.choice(["main", "*", "b*"]),
                    datasets=datasets,
                    keep_days=self.random.choice([None, 3, 30]),
                    keep_versions=self.random.choice([1, 2, 4]),
                )
                for datasets in self.random.sample(["*", "d1", "d*", "d2"], self.random.randint(1, 2))
            )
            self.catalog.settings.update_settings(
                "r", RepositorySettings(retention_rules=limits, trash_days=2), author="ada"
            )

    def open(self) -> Catalog:
        """Opens the lake as a new process would, with empty caches."""
        return open_embedded(AgingStores(self.stores, self.storage_clock, self.meanwhile), clock=self.clock)

    def meanwhile(self) -> None:
        """Is called before each step of what touches the storage or collections."""

    def branches(self) -> list[str]:
        """Returns the names of all branches."""
        return [ref.name for ref in self.catalog.refs.list_refs("r", limit=MAX_LIMIT).items]

    def step(self) -> None:
        """Does something."""
        steps = [*[self.commit] * 4, self.branch, self.merge, self.tag, self.remove, self.revert, self.reset]
        steps += [self.stage, self.run, self.wait, self.collect, self.go_back]
        # What cannot be done is refused, and nothing happens: a conflict, or a past that is gone.
        with suppress(*_REFUSALS):
            self.random.choice(steps)()

    def change(self) -> Change:
        dataset = f"d{self.random.randint(1, 4)}"
        if self.random.random() < 0.15:
            return delete(dataset)
        self.number += 1
        content = self.random.choice([b"common", b"%d" % self.random.randint(1, 10), b"new %d" % self.number])
        return put(dataset, entries(self.repo, {f"f{self.random.randint(1, 3)}": content}), dataset=dataset)

    def commit(self) -> None:
        branch = self.random.choice(self.branches())
        self.catalog.history.commit("r", branch, [self.change()], author="ada", message="m")

    def branch(self) -> None:
        source = self.random.choice(self.branches()) + self.random.choice(["", "~1", "~3"])
        self.catalog.refs.create_branch("r", f"b{self.random.randint(1, 4)}", source=source, author="ada")

    def merge(self) -> None:
        one, other = self.random.choice(self.branches()), self.random.choice(self.branches())
        self.catalog.merging.merge("r", one, into=other, author="ada")

    def tag(self) -> None:
        source = self.random.choice(self.branches())
        self.catalog.refs.create_tag("r", f"t{self.random.randint(1, 9)}", source=source, author="ada")

    def remove(self) -> None:
        if self.random.random() < 0.5:
            self.catalog.refs.delete_branch("r", self.random.choice(self.branches()), author="ada")
        else:
            self.catalog.refs.delete_tag("r", f"t{self.random.randint(1, 9)}", author="ada")

    def revert(self) -> None:
        branch = self.random.choice(self.branches())
        self.catalog.merging.revert(
            "r", [f"{branch}~{self.random.randint(0, 3)}"], branch=branch, author="ada"
        )

    def reset(self) -> None:
        branch = self.random.choice(self.branches())
        to = f"{branch}~{self.random.randint(1, 5)}"
        self.catalog.merging.reset("r", branch, to=to, author="ada")

    def stage(self) -> None:
        branch = self.random.choice(self.branches())
        self.catalog.staging.stage("r", branch, [self.change()], author="bob")
        if self.random.random() < 0.3:
            self.catalog.staging.commit_staged("r", branch, author="bob", message="m")

    def run(self) -> None:
        if self.runs and self.random.random() < 0.6:
            session = self.runs.pop(self.random.randrange(len(self.runs)))
            session.publish()
            return
        session = RunSession(self.catalog, "r", Job(namespace="t", name="job"), author="runner")
        session.write(f"d{self.random.randint(1, 4)}", {"f1": b"run %d" % self.random.randint(1, 99)})
        self.runs.append(session)

    def wait(self) -> None:
        time = timedelta(hours=self.random.choice([1, 20, 80]))
        self.clock.move_on(time)
        self.storage_clock.move_on(time)

    def collect(self) -> None:
        self.catalog.collection.collect("r", author="gc")

    def go_back(self) -> None:
        """Undoes an operation, or makes a branch at any commit that ever was."""
        if self.random.random() < 0.5:
            page = self.catalog.operations.list_operations("r", limit=10)
            self.catalog.operations.undo_operation("r", self.random.choice(page.items).id, author="ada")
        else:
            commit = self.random.choice(list(self.stores._state.commits))[1]
            self.catalog.refs.create_branch("r", f"b{self.random.randint(1, 4)}", source=commit, author="ada")

    def check(self) -> None:
        """Reads everything that must be there, as a new process would; and sees that nothing else is."""
        catalog = self.open()
        limited = bool(catalog.settings.get_settings("r").retention_rules)
        tips = [ref.commit for ref in self.stores._state.refs.values()]
        past = self.past([*tips, *self.read_by_runs()])
        needed: set[str] = set()
        for commit in set(tips) if limited else past:
            for entry in catalog.objects.list_objects("r", commit, limit=MAX_LIMIT).items:
                needed.add(entry.object_id)
                with catalog.content.open("r", entry.object_id) as file:
                    assert entry.size == len(file.read())
        trash = self.stores.content(self.repository).trash
        stored = {each.id for each in trash.list_stored(ContentKind.OBJECT)}
        if limited:
            assert needed <= stored
            for commit in past:  # commits and their trees are there, whatever rules say
                catalog.objects.list_objects("r", commit, limit=MAX_LIMIT)
        else:
            assert needed == stored
        self.check_packs(past)

    def check_packs(self, commits: set[CommitId]) -> None:
        """Sees that history can be rebuilt from the packs alone."""
        content = self.stores.content(self.repository)
        stored = {each.id: each.size for each in content.trash.list_stored(ContentKind.PACK)}
        packs = FromPacks(content, stored)
        for commit in commits:
            assert self.stores._state.commits[self.repository, commit] == packs.commits[commit]
            packs.read(commit)

    def past(self, tips: Sequence[CommitId]) -> set[CommitId]:
        """Returns commits and all their ancestors."""
        found, pending = set(tips), list(tips)
        while pending:
            commit = self.stores._state.commits[self.repository, pending.pop()]
            pending += set(commit.parents) - found
            found |= set(commit.parents)
        return found

    def read_by_runs(self) -> list[CommitId]:
        """Returns what runs see that are not over."""
        return [
            run.base
            for run in self.stores._state.transactions.values()
            if run.state in {TransactionState.OPEN, TransactionState.DISCARDED}
        ]

    @property
    def repository(self) -> str:
        return self.catalog.repositories.get_repository("r").id


@pytest.mark.parametrize("rules", ["no rules", "rules"])
@pytest.mark.parametrize("chunk", range(HISTORIES // CHUNK // 2))
def test_a_random_history_keeps_what_is_held_and_nothing_else(chunk: int, rules: str) -> None:
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        history = History(seed, rules=rules == "rules")
        for _ in range(STEPS):
            history.step()
        for _ in range(3):
            history.clock.move_on(timedelta(days=10))
            history.storage_clock.move_on(timedelta(days=10))
            history.collect()
        history.check()


class Disturbed(History):
    """A history in which others do something between any two steps of a collection, and of a writer.

    What collects may be killed between any two steps, too, and writers may be overtaken by whole collections,
    with days between them.
    """

    depth = 0
    collecting = False

    def meanwhile(self) -> None:
        if self.depth >= 2 or not hasattr(self, "runs") or self.random.random() > 0.1:
            return
        if self.collecting and self.random.random() < 0.1:
            raise _KilledError
        self.depth += 1
        collecting, self.collecting = self.collecting, False
        try:
            for _ in range(self.random.randint(1, 3)):
                self.step()
        finally:
            self.depth -= 1
            self.collecting = collecting

    def collect(self) -> None:
        before, self.collecting = self.collecting, True
        try:
            super().collect()
        except _KilledError:
            pass
        finally:
            self.collecting = before


class _KilledError(BaseException):
    """A process died here."""


@pytest.mark.parametrize("rules", ["no rules", "rules"])
@pytest.mark.parametrize("chunk", range(2))
def test_a_collection_between_whose_steps_others_write_loses_nothing(chunk: int, rules: str) -> None:
    for seed in range(chunk * CHUNK // 2, (chunk + 1) * CHUNK // 2):
        history = Disturbed(seed, rules=rules == "rules")
        history.catalog.settings.update_settings(
            "r",
            replace(history.catalog.settings.get_settings("r"), trash_days=0, grace_hours=1),
            author="ada",
        )
        for _ in range(STEPS):
            history.step()
            history.wait()
        history.depth = 2  # the others rest
        for _ in range(3):
            history.clock.move_on(timedelta(days=10))
            history.storage_clock.move_on(timedelta(days=10))
            history.collect()
        history.check()
