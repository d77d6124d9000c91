from hypothesis import given

from lineageflow_core.tree import EMPTY, NodeBuffer, StoredNodes, Value, edit, new_below, scan, walk
from tests.core.tree.maps import SMALL, TINY, edits, maps, numbered, root_of, value


@given(maps)
def test_a_walk_yields_every_node_of_a_tree_once(entries: dict[str, Value]) -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, entries)
    assert sorted(new_below(buffer, [root])) == sorted(walk(buffer, root))


@given(maps, edits)
def test_a_walk_that_skips_what_was_walked_yields_the_rest(
    entries: dict[str, Value], changes: dict[str, Value | None]
) -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, entries)
    edited = edit(buffer, root, sorted(changes.items()), shape=TINY)
    before = set(walk(buffer, root))
    assert set(walk(buffer, edited)) - before == set(walk(buffer, edited, skip=before))


def test_a_walk_yields_parents_first() -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, numbered(1_000))
    assert root == next(walk(buffer, root))


@given(maps, edits)
def test_the_new_nodes_below_a_root_are_all_that_is_left_to_be_written(
    entries: dict[str, Value], changes: dict[str, Value | None]
) -> None:
    built = NodeBuffer()
    root = root_of(built, entries)
    stored = new_below(built, [root])
    buffer = NodeBuffer(StoredNodes(lambda ids: {each: stored[each] for each in ids}))
    edited = edit(buffer, root, sorted(changes.items()), shape=TINY)
    stored |= new_below(buffer, [edited])
    whole = StoredNodes(lambda ids: {each: stored[each] for each in ids})
    assert list(scan(buffer, edited)) == list(scan(whole, edited))


def test_nodes_of_trees_on_the_way_to_a_root_are_left_out() -> None:
    buffer = NodeBuffer()
    root = EMPTY
    for n in range(100):
        root = edit(buffer, root, [(f"part-{n:06d}", value(n))], shape=SMALL)
    assert set(walk(buffer, root)) == new_below(buffer, [root]).keys()
    assert len(new_below(buffer, [root])) < len(buffer.new)
