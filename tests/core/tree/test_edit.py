from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.tree import EMPTY, NodeBuffer, Value, edit, new_below, scan
from tests.core.tree.maps import (
    SMALL,
    TINY,
    applied,
    edits,
    keys_that_end_nothing,
    maps,
    numbered,
    root_of,
    value,
)


@given(maps, edits)
def test_an_edited_map_has_the_root_of_a_built_one(
    entries: dict[str, Value], changes: dict[str, Value | None]
) -> None:
    buffer = NodeBuffer()
    edited = edit(buffer, root_of(buffer, entries), sorted(changes.items()), shape=TINY)
    assert root_of(buffer, applied(entries, changes)) == edited


@given(maps, maps)
def test_one_map_edited_into_another_has_its_root(one: dict[str, Value], other: dict[str, Value]) -> None:
    buffer = NodeBuffer()
    changes = {**dict.fromkeys(one), **other}
    edited = edit(buffer, root_of(buffer, one), sorted(changes.items()), shape=TINY)
    assert root_of(buffer, other) == edited


@given(maps, st.randoms(use_true_random=False))
def test_the_order_of_edits_does_not_matter(entries: dict[str, Value], random: Random) -> None:
    buffer = NodeBuffer()
    order = list(entries.items())
    random.shuffle(order)
    root = EMPTY
    for pair in order:
        root = edit(buffer, root, [pair], shape=TINY)
    assert root_of(buffer, entries) == root


@given(maps, st.lists(edits, max_size=4))
def test_edits_do_not_depend_on_how_they_are_grouped(
    entries: dict[str, Value], groups: list[dict[str, Value | None]]
) -> None:
    buffer = NodeBuffer()
    step_by_step = at_once = root_of(buffer, entries)
    everything: dict[str, Value | None] = {}
    for group in groups:
        step_by_step = edit(buffer, step_by_step, sorted(group.items()), shape=TINY)
        everything |= group
    assert step_by_step == edit(buffer, at_once, sorted(everything.items()), shape=TINY)


@given(maps, edits)
def test_edits_taken_back_lead_to_the_root_before(
    entries: dict[str, Value], changes: dict[str, Value | None]
) -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, entries)
    edited = edit(buffer, root, sorted(changes.items()), shape=TINY)
    back = {key: entries.get(key) for key in changes}
    assert root == edit(buffer, edited, sorted(back.items()), shape=TINY)


@given(maps)
def test_edits_that_change_nothing_return_the_root(entries: dict[str, Value]) -> None:
    buffer = NodeBuffer()
    root = root_of(buffer, entries)
    assert root == edit(buffer, root, [], shape=TINY)
    assert root == edit(buffer, root, sorted(entries.items()), shape=TINY)
    assert root == edit(buffer, root, [("missing", None)], shape=TINY)


@given(maps, edits)
def test_a_map_put_again_with_some_changes_has_the_root_of_a_built_one(
    entries: dict[str, Value], changes: dict[str, Value | None]
) -> None:
    buffer = NodeBuffer()
    again = {**entries, **changes}
    expected = root_of(buffer, {key: value for key, value in again.items() if value is not None})
    root = root_of(buffer, entries)
    assert expected == edit(buffer, root, sorted(again.items()), shape=TINY)


def test_edits_that_change_nothing_make_no_node() -> None:
    built = NodeBuffer()
    entries = numbered(1_000)
    buffer = NodeBuffer(built)
    edit(buffer, root_of(built, entries), [("part-000500", entries["part-000500"])], shape=TINY)
    edit(buffer, root_of(built, entries), sorted(entries.items()), shape=TINY)
    assert 0 == len(buffer.new)


def test_a_fact_that_is_equal_but_of_another_type_is_a_change() -> None:
    buffer = NodeBuffer()
    whole, truth = Value.of(bytes(32), 1, {"n": 1}), Value.of(bytes(32), 1, {"n": True})
    edited = edit(buffer, root_of(buffer, {"a": whole}), [("a", truth)], shape=TINY)
    assert root_of(buffer, {"a": truth}) == edited


@pytest.mark.parametrize(
    "key", ["!first", "part-000000", "part-005000", "part-005000a", "part-009999", "zlast"]
)
def test_a_small_edit_of_a_large_map_makes_few_nodes(key: str) -> None:
    built = NodeBuffer()
    root = root_of(built, numbered(10_000), SMALL)
    buffer = NodeBuffer(built)
    edited = edit(buffer, root, [(key, value(-1))], shape=SMALL)
    height = built.get(root).level + 1
    assert len(buffer.new) <= 2 * height
    assert new_below(buffer, [edited]).keys() <= buffer.new.keys()


def test_an_edit_goes_on_where_full_nodes_shift() -> None:
    keys = keys_that_end_nothing(13_000)
    entries = {key: value(1) for key in keys}
    buffer = NodeBuffer()
    root = edit(buffer, EMPTY, sorted(entries.items()))
    del entries[keys[0]]
    edited = edit(buffer, root, [(keys[0], None)])
    assert sorted(entries) == [key for key, _ in scan(buffer, edited)]
    assert edited == edit(NodeBuffer(), EMPTY, sorted(entries.items()))


def test_a_map_emptied_has_the_empty_root() -> None:
    buffer = NodeBuffer()
    entries = numbered(1_000)
    assert EMPTY == edit(buffer, root_of(buffer, entries), [(key, None) for key in entries], shape=TINY)


def test_edits_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="'a' comes after 'b'"):
        edit(NodeBuffer(), EMPTY, [("b", None), ("a", None)])
