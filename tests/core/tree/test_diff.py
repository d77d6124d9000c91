from collections.abc import Sequence
from itertools import islice

import pytest
from hypothesis import given

from lineageflow_core.tree import EMPTY, Change, Node, NodeBuffer, NodeSource, Value, diff, edit
from lineageflow_core.tree.shape import SHAPE
from tests.core.tree.maps import SMALL, TINY, applied, edits, keys, maps, numbered, root_of, value


class Counting:
    """A source that counts what is read through it."""

    def __init__(self, source: NodeSource) -> None:
        self.reads = 0
        self.requests = 0
        self._source = source

    def get(self, node_id: bytes, /) -> Node:
        return self.get_many([node_id])[0]

    def get_many(self, node_ids: Sequence[bytes], /) -> list[Node]:
        self.reads += len(node_ids)
        self.requests += 1
        return self._source.get_many(node_ids)


def expected(left: dict[str, Value], right: dict[str, Value]) -> list[Change]:
    return [
        Change(key, left.get(key), right.get(key))
        for key in sorted(left.keys() | right.keys())
        if left.get(key) != right.get(key)
    ]


@given(maps, maps)
def test_a_diff_is_what_differs_in_order(left: dict[str, Value], right: dict[str, Value]) -> None:
    buffer = NodeBuffer()
    assert expected(left, right) == list(diff(buffer, root_of(buffer, left), root_of(buffer, right)))


@given(maps, edits)
def test_a_diff_of_an_edit_is_what_it_changed(
    entries: dict[str, Value], changes: dict[str, Value | None]
) -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, entries)
    edited = edit(buffer, root, sorted(changes.items()), shape=TINY)
    assert expected(entries, applied(entries, changes)) == list(diff(buffer, root, edited))


@given(maps, maps)
def test_a_diff_the_other_way_round_swaps_sides(left: dict[str, Value], right: dict[str, Value]) -> None:
    buffer = NodeBuffer()
    one, other = root_of(buffer, left), root_of(buffer, right)
    there = [(key, after, before) for key, before, after in diff(buffer, one, other)]
    assert there == [tuple(change) for change in diff(buffer, other, one)]


@given(maps, maps, keys, keys)
def test_a_diff_can_be_kept_to_a_range(
    left: dict[str, Value], right: dict[str, Value], start: str, stop: str
) -> None:
    buffer = NodeBuffer()
    one, other = root_of(buffer, left), root_of(buffer, right)
    found = list(diff(buffer, one, other, start=start, stop=stop))
    assert [change for change in expected(left, right) if start <= change.key < stop] == found


def test_maps_of_different_heights_are_compared() -> None:
    buffer = NodeBuffer()
    small, large = {"part-000500": value(-1)}, numbered(1_000)
    found = list(diff(buffer, root_of(buffer, small), root_of(buffer, large)))
    assert expected(small, large) == found


def test_a_map_compared_with_nothing_is_all_new() -> None:
    buffer = NodeBuffer()
    entries = numbered(100)
    assert expected({}, entries) == list(diff(buffer, EMPTY, root_of(buffer, entries)))


def test_a_fact_that_is_equal_but_of_another_type_differs() -> None:
    buffer = NodeBuffer()
    whole, truth = Value.of(bytes(32), 1, {"n": 1}), Value.of(bytes(32), 1, {"n": True})
    found = list(diff(buffer, root_of(buffer, {"a": whole}), root_of(buffer, {"a": truth})))
    assert [Change("a", whole, truth)] == found


@pytest.mark.parametrize(
    "key", ["!first", "part-000000", "part-005000", "part-005000a", "part-009999", "zlast"]
)
def test_a_small_difference_of_large_maps_takes_few_reads(key: str) -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, numbered(10_000), SMALL)
    edited = edit(buffer, root, [(key, value(-1))], shape=SMALL)
    source = Counting(buffer)
    assert [key] == [change.key for change in diff(source, root, edited)]
    assert source.reads <= 4 * (buffer.get(root).level + 1)


def test_the_first_difference_of_large_maps_takes_few_reads() -> None:
    buffer = NodeBuffer()
    source = Counting(buffer)
    entries = root_of(buffer, numbered(10_000), SMALL)
    assert ["part-000000"] == [change.key for change in islice(diff(source, EMPTY, entries), 1)]
    assert source.reads <= 2 * (buffer.get(entries).level + 1)


def test_a_large_difference_takes_few_requests() -> None:
    buffer = NodeBuffer()
    entries = numbered(50_000)
    root = root_of(buffer, entries, SHAPE)
    edited = edit(buffer, root, [(key, value(-1)) for key in sorted(entries)[::100]])
    source = Counting(buffer)
    assert 500 == len(list(diff(source, root, edited)))
    assert source.requests < source.reads / 5
