"""Rollbacks of random lakes, against an oracle that knows every file's past and works it out naively.

Contents never repeat, so a version is one write. A run is tainted if it is the bad one or read something
tainted, and so is all that it wrote; an edit leaves the rest of a dataset as it was, so what it makes of
something tainted is tainted until nothing is left of that.
"""

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineageflow_core import connect
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import StateError
from lineageflow_core.model.ids import PlanId, RunId
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.plan import PlanAction, PlanState
from lineageflow_core.model.run import Job
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession
from lineageflow_core.run.look import look

REPOSITORIES = ("one", "two")
DATASETS = ("a", "b", "c")
FILES = ("x", "y", "z")
Files = dict[str, bytes]
Place = tuple[str, str]

places = st.tuples(st.sampled_from(REPOSITORIES), st.sampled_from(DATASETS))
runs = st.tuples(
    st.just("run"),
    places,
    st.lists(places, max_size=2, unique=True),
    st.sets(st.sampled_from(FILES), min_size=1),
)
edits: st.SearchStrategy[tuple[str, Place, list[Place], set[str]]] = st.tuples(
    st.sampled_from(["edit", "merge"]),
    places,
    st.builds(list),
    st.sets(st.sampled_from(FILES), min_size=1, max_size=1),
)
histories = st.lists(st.one_of(runs, runs, edits), min_size=2, max_size=9)


@dataclass
class State:
    """What a dataset was after one write."""

    files: Files
    run: int | None
    """Which run wrote it as one thing; None for an edit."""


@dataclass
class Oracle:
    """Everything that happened."""

    past: dict[Place, list[State]] = field(default_factory=dict)
    reads: list[list[tuple[Place, int]]] = field(default_factory=list)
    """Of each run: which datasets it read, and how many states those had had."""

    def expected(self, bad: int) -> tuple[dict[Place, Files], set[Place]]:
        """Returns what every dataset is after run `bad` is rolled back, and which of them that changes."""
        tainted = self._tainted(bad)
        after: dict[Place, Files] = {}
        for place, past in self.past.items():
            files = _clean(past, tainted.get(place, set()))
            after[place] = files
        return after, {place for place, past in self.past.items() if after[place] != past[-1].files}

    def _tainted(self, bad: int) -> dict[Place, set[int]]:
        runs = {bad}
        while True:
            tainted = {place: _tainted_states(past, runs) for place, past in self.past.items()}
            more = {
                run for run, read in enumerate(self.reads) for place, state in read if state in tainted[place]
            }
            if more <= runs:
                return tainted
            runs |= more


def _tainted_states(past: list[State], runs: set[int]) -> set[int]:
    tainted = {index for index, state in enumerate(past) if state.run in runs}
    for index, state in enumerate(past):
        if state.run is None and (base := _base(past, index, tainted)) is not None:
            before = _before(past, base, tainted)
            if _three_way(past[base].files, state.files, before) != state.files:
                tainted.add(index)
    return tainted


def _base(past: list[State], index: int, tainted: set[int]) -> int | None:
    """Returns the state that a run wrote below the edits up to `index`, if it is tainted."""
    while index >= 0 and past[index].run is None:
        index -= 1
    return index if index >= 0 and index in tainted else None


def _before(past: list[State], index: int, tainted: set[int]) -> Files:
    """Returns the last state before that is not tainted."""
    while index >= 0 and index in tainted:
        index -= 1
    return past[index].files if index >= 0 else {}


def _clean(past: list[State], tainted: set[int]) -> Files:
    last = len(past) - 1
    if last not in tainted:
        return past[last].files
    if past[last].run is not None:
        return _before(past, last, tainted)
    base = _base(past, last, tainted)
    assert base is not None
    return _three_way(past[base].files, past[last].files, _before(past, base, tainted))


def _three_way(base: Files, ours: Files, theirs: Files) -> Files:
    picked = {
        path: theirs.get(path) if ours.get(path) == base.get(path) else ours.get(path)
        for path in {*base, *ours, *theirs}
    }
    return {path: content for path, content in picked.items() if content is not None}


@dataclass
class Lake:
    """A lake, and what its oracle knows of it."""

    catalog: Catalog
    oracle: Oracle = field(default_factory=Oracle)
    run_ids: list[RunId] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def repo(self, name: str) -> Repository:
        return Repository(self.catalog, name, author="ada")

    def happen(self, kind: str, place: Place, read: list[Place], names: set[str]) -> None:
        files = {name: str(next(self.numbers)).encode() for name in sorted(names)}
        if kind == "run":
            self._run(place, [each for each in read if each in self.oracle.past], files)
        else:
            self._edit(kind, place, files)

    def _run(self, place: Place, read: list[Place], files: Files) -> None:
        repository, dataset = place
        session = RunSession(self.catalog, repository, Job(namespace="test", name="job"))
        for other, name in read:
            session.record(look(self.catalog, other, session.see(other, "main"), name))
        session.write(dataset, dict(files))
        session.publish()
        past = self.oracle.past
        self.oracle.reads.append([(each, len(past[each]) - 1) for each in read])
        past.setdefault(place, []).append(State(dict(files), len(self.run_ids)))
        self.run_ids.append(session.run.id)

    def _edit(self, kind: str, place: Place, files: Files) -> None:
        if place not in self.oracle.past:
            return
        repository, dataset = place
        repo = self.repo(repository)
        branch = "main" if kind == "edit" else f"side-{next(self.numbers)}"
        if kind == "merge":
            repo.branch(branch)
        repo.put(dataset, dict(files), branch=branch)
        if kind == "merge":
            repo.put(f"aside-{branch}", b"1")  # so that there is something to merge
            repo.merge(branch)
        past = self.oracle.past[place]
        past.append(State({**past[-1].files, **files}, None))

    def contents(self) -> dict[Place, Files]:
        found: dict[Place, Files] = {place: {} for place in self.oracle.past}
        for name in REPOSITORIES:
            for entry in self.catalog.objects.list_objects(name, "main", limit=MAX_LIMIT).items:
                dataset, _, file = entry.path.partition("/")
                if not dataset.startswith("aside"):
                    with self.catalog.content.open(name, entry.object_id) as stream:
                        found[name, dataset][file] = stream.read()
        return found

    def quarantined(self) -> set[str]:
        """Returns the versions that are quarantined."""
        list_quarantines = self.catalog.quarantine.list_quarantines
        return {
            f"{name}/{held.path}/{held.snapshot}"
            for name in REPOSITORIES
            for held in list_quarantines(name, limit=MAX_LIMIT).items
        }

    def roots(self) -> list[str]:
        return [self.repo(name).head().root for name in REPOSITORIES]


@settings(max_examples=60, deadline=None)
@given(history=histories, choice=st.integers(min_value=0))
def test_a_rollback_leaves_what_the_oracle_expects_and_undoing_it_what_was_there(
    history: list[tuple[str, Place, list[Place], set[str]]], choice: int
) -> None:
    lake = Lake(connect("memory:"))
    for name in REPOSITORIES:
        lake.repo(name).create()
    for happening in history:
        lake.happen(*happening)
    if not lake.run_ids:
        return
    bad = choice % len(lake.run_ids)
    expected, changed = lake.oracle.expected(bad)
    before, roots = lake.contents(), lake.roots()
    assert {place: past[-1].files for place, past in lake.oracle.past.items()} == before
    plans = lake.catalog.plans
    made = plans.plan_rollback("one", f"run:{lake.run_ids[bad]}")
    assert changed == {(item.repository, item.dataset) for item in made.items if item.changes}
    assert not [item for item in made.items if item.action is PlanAction.CANNOT]
    if not changed:
        with pytest.raises(StateError):
            plans.apply_plan(made.id, author="ada")
        return
    applied = plans.apply_plan(made.id, author="ada")
    assert expected == lake.contents()
    after = lake.roots()
    assert (applied, after) == (plans.apply_plan(made.id, author="ada"), lake.roots())
    again = plans.plan_rollback("one", f"run:{lake.run_ids[bad]}")
    assert not [item for item in again.items if item.changes]
    held = lake.quarantined()
    undone = plans.apply_plan(plans.plan_undo(made.id).id, author="ada")
    assert (PlanState.APPLIED, roots, set()) == (undone.state, lake.roots(), lake.quarantined())
    plans.apply_plan(plans.plan_undo(undone.id).id, author="ada")
    assert (after, held) == (lake.roots(), lake.quarantined())
    assert PlanState.APPLIED is plans.get_plan(made.id).state


@settings(max_examples=40, deadline=None)
@given(history=histories, choices=st.lists(st.integers(min_value=0), min_size=2, max_size=3))
def test_rollbacks_undone_in_reverse_lead_back_step_by_step(
    history: list[tuple[str, Place, list[Place], set[str]]], choices: list[int]
) -> None:
    lake = Lake(connect("memory:"))
    for name in REPOSITORIES:
        lake.repo(name).create()
    for happening in history:
        lake.happen(*happening)
    plans = lake.catalog.plans
    steps: list[tuple[PlanId, list[str], set[str]]] = []
    for choice in choices if lake.run_ids else ():
        made = plans.plan_rollback("one", f"run:{lake.run_ids[choice % len(lake.run_ids)]}")
        if any(item.changes for item in made.items):
            steps.append((made.id, lake.roots(), lake.quarantined()))
            plans.apply_plan(made.id, author="ada")
    for plan, roots, held in reversed(steps):
        plans.apply_plan(plans.plan_undo(plan).id, author="ada")
        assert (roots, held) == (lake.roots(), lake.quarantined())
