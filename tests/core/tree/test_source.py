from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from lineageflow_core.errors import IntegrityError, ObjectMissingError
from lineageflow_core.tree import EMPTY, Node, NodeBuffer, StoredNodes, get
from lineageflow_core.tree.node import EMPTY_NODE
from lineageflow_core.tree.source import NodeCache
from tests.core.tree.maps import numbered, root_of, value


def node(*keys: str) -> Node:
    return Node(list(keys), bytes(32 * len(keys)), [1] * len(keys), [None] * len(keys), 0)


def test_a_stored_node_is_read_once_while_it_is_held() -> None:
    buffer = NodeBuffer()
    node_id = buffer.add(node("a"))
    reads: list[bytes] = []

    def read(node_ids: Sequence[bytes]) -> dict[bytes, bytes]:
        reads.extend(node_ids)
        return {each: buffer.new[each] for each in node_ids}

    source = StoredNodes(read)
    assert source.get(node_id) is source.get(node_id)
    assert [node_id] == reads


def test_the_cache_holds_no_more_entries_than_it_may() -> None:
    cache = NodeCache(capacity=3)
    for name in (b"1", b"2"):
        cache.put(name, node("a"))
    cache.get(b"1")
    cache.put(b"3", node("a", "b"))
    assert [True, False, True] == [cache.get(name) is not None for name in (b"1", b"2", b"3")]


def test_a_node_too_large_for_the_cache_is_not_held() -> None:
    cache = NodeCache(capacity=1)
    cache.put(b"1", node("a", "b"))
    assert cache.get(b"1") is None


def test_putting_a_node_twice_counts_it_once() -> None:
    cache = NodeCache(capacity=2)
    for name in (b"1", b"1", b"1", b"2"):
        cache.put(name, node("a"))
    assert cache.get(b"1") is not None


def test_threads_read_through_a_cache_that_is_too_small() -> None:
    buffer = NodeBuffer()
    entries = numbered(2_000)
    root = root_of(buffer, entries)
    source = StoredNodes(lambda ids: {each: buffer.new[each] for each in ids}, capacity=50)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda key: get(source, root, key), entries))
    assert list(entries.values()) == found


def test_a_damaged_stored_node_is_found_when_it_is_read() -> None:
    buffer = NodeBuffer()
    node_id = buffer.add(node("a"))
    with pytest.raises(IntegrityError):
        StoredNodes(lambda _: {node_id: buffer.new[node_id][:-1]}).get(node_id)


def test_every_source_has_the_empty_map() -> None:
    assert EMPTY_NODE == NodeBuffer().get(EMPTY)
    assert get(NodeBuffer(), EMPTY, "a") is None


def test_a_buffer_has_its_new_nodes_and_those_below_it() -> None:
    below = NodeBuffer()
    stored, new = below.add(node("a")), node("b")
    buffer = NodeBuffer(below, capacity=0)
    added = buffer.add(new)
    assert [new, node("a")] == [buffer.get(added), buffer.get(stored)]
    assert {added} == buffer.new.keys()


def test_a_node_that_nobody_has_is_named() -> None:
    missing = bytes(range(32))
    with pytest.raises(ObjectMissingError, match=missing.hex()):
        NodeBuffer().get(missing)


def test_a_node_that_is_held_is_new_when_it_is_added() -> None:
    below = NodeBuffer()
    root_of(below, {"a": value(1)})
    buffer = NodeBuffer(below)
    root = root_of(buffer, {"a": value(1)})
    assert {root} == buffer.new.keys()
