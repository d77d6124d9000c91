"""Walks over writes that are settled, where a layer is sets of nodes, and over what lies behind those."""

from dataclasses import replace

import pytest

from lineageflow_core.model.lineage import DatasetName, Direction, Evidence, Flow, Version
from lineageflow_core.service.graph import Question, trace
from lineageflow_core.service.nodes import Start
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import LineageStore, RunFacts
from lineageflow_core.testing.facts import facts_of
from lineageflow_core.testing.values import later, run_id

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


def named(node: str) -> Version:
    """Returns the version that is called so: `a1`, or `a` where nobody knows which it is."""
    return Version(namespace="s3://lake", name=node[0], version=node[1:] or None)


def run(number: int, reads: str, writes: str, flows: tuple[Flow, ...] = ()) -> RunFacts:
    """Returns facts about a run of this minute."""
    read, wrote = ([named(node) for node in nodes.split()] for nodes in (reads, writes))
    facts = facts_of(number, at=number, reads=read, writes=wrote, flows=flows)
    return replace(facts, run=replace(facts.run, ended_at=later(number)))


def flow(number: int, source: str, target: str) -> Flow:
    """Returns what a run says of what fed an output."""
    fed, made = (DatasetName(namespace="s3://lake", name=name) for name in (source, target))
    return Flow(run_id=run_id(number), source=fed, target=made, evidence=Evidence.LINEAGE)


def store_of(*facts: RunFacts) -> LineageStore:
    store = MemoryStores().lineage
    with store.write() as writer:
        for each in facts:
            writer.put_facts(each)
    return store


def found(store: LineageStore, start: str, direction: Direction) -> tuple[set[str], set[int]]:
    """Returns the versions that a walk comes to, and the numbers of the runs."""
    question = Question(direction=direction, depth=9, limit=99)
    graph = trace(store, Start(versions=(named(start),)), question)
    versions = {node.version.name + (node.version.version or "") for node in graph.nodes if node.version}
    numbers = {run_id(number): number for number in range(10)}
    return versions, {numbers[node.run.id] for node in graph.nodes if node.run}


@pytest.mark.parametrize(
    "start, direction, versions, runs",
    [
        ("a1", DOWN, {"a1", "b1", "c1", "e1"}, {1, 3, 4}),
        ("f1", UP, {"f1", "d1", "z1"}, {2, 3, 5}),
        ("e1", UP, {"e1", "c1", "b1", "a1"}, {0, 1, 3, 4}),
    ],
)
def test_a_run_behind_settled_writes_hands_on_only_what_it_says(
    start: str, direction: Direction, versions: set[str], runs: set[int]
) -> None:
    says = (flow(3, "b", "c"), flow(3, "z", "d"))
    store = store_of(
        run(0, "", "a1"),
        run(1, "a1", "b1"),
        run(2, "", "z1"),
        run(3, "b1 z1", "c1 d1", says),
        run(4, "c1", "e1"),
        run(5, "d1", "f1"),
    )
    assert (versions, runs) == found(store, start, direction)


def test_a_run_that_says_what_fed_what_is_passed_again_over_another_dataset_further_away() -> None:
    says = (flow(4, "b", "d"), flow(4, "c", "e"))
    store = store_of(
        run(1, "a1", "b1 x1"), run(2, "x1", "y1"), run(3, "y1", "c1"), run(4, "b1 c1", "d1 e1", says)
    )
    assert ({"a1", "b1", "x1", "y1", "c1", "d1", "e1"}, {1, 2, 3, 4}) == found(store, "a1", DOWN)


def test_content_with_two_writers_is_passed_to_both_by_readers_of_both_at_different_distances() -> None:
    store = store_of(
        run(1, "", "v1"),
        run(2, "v1", "x1"),
        run(3, "", "v1"),
        run(4, "v1", "y1"),
        run(5, "y1", "q1"),
        run(6, "x1 q1", "z1"),
    )
    assert ({"z1", "x1", "q1", "y1", "v1"}, {6, 2, 5, 4, 1, 3}) == found(store, "z1", UP)
    assert ({"x1", "v1"}, {1, 2}) == found(store, "x1", UP)


def test_no_walk_goes_on_from_a_version_that_is_not_known() -> None:
    store = store_of(run(1, "", "d"), run(2, "d", "x1"), run(3, "x1", "y1"))
    assert ({"y1", "x1", "d"}, {2, 3}) == found(store, "y1", UP)
    store = store_of(run(1, "a1", "b1"), run(2, "b1", "d"), run(3, "d", "x1"))
    assert ({"a1", "b1", "d"}, {1, 2}) == found(store, "a1", DOWN)
