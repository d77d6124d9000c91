import pytest
from hypothesis import given

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.tree import EMPTY, NodeBuffer, Rows, Value, build, scan, subtree
from lineageflow_core.tree.shape import Shape
from tests.core.tree.maps import TINY, keys_that_end_nothing, maps, numbered, prefixes, root_of, value


@given(maps)
def test_a_built_map_holds_its_entries(entries: dict[str, Value]) -> None:
    buffer = NodeBuffer()
    assert sorted(entries.items()) == list(scan(buffer, root_of(buffer, entries)))


def test_the_root_of_a_map_never_changes() -> None:
    entries = {
        f"date=2026-01-{n % 28:02d}/part-{n}": Value.of(
            bytes([n % 256]) * 32, n, {"rows": n} if n % 3 else None
        )
        for n in range(20_000)
    }
    buffer = NodeBuffer()
    root = build(buffer, Rows.of(sorted(entries.items())))
    assert "1e11bb0c0165afb7e78dd2261e8711be8d91832ae9ac3a2f9202dbb9562b8bc8" == root.hex()
    assert 96 == len(buffer.new)


def test_a_map_without_entries_has_the_empty_root() -> None:
    assert EMPTY == build(NodeBuffer(), Rows.of([]))


def test_keys_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="'B' comes after 'a'"):
        build(NodeBuffer(), Rows.of([("a", value(1)), ("B", value(2))]))


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="without doubles"):
        build(NodeBuffer(), Rows.of([("a", value(1)), ("a", value(2))]))


def test_ids_that_are_no_digests_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="32 bytes"):
        build(NodeBuffer(), Rows.of([("a", Value(b"short", 1))]))


def test_keys_chosen_to_end_no_node_make_no_node_too_large() -> None:
    buffer = NodeBuffer()
    build(buffer, Rows.of([(key, value(1)) for key in keys_that_end_nothing(10_000)]))
    assert 16 * 256 == max(len(buffer.get(node_id).keys) for node_id in buffer.new)


def test_keys_chosen_to_end_every_node_still_come_to_a_root() -> None:
    shape = Shape(leaf=2, fan_out=2)
    some = [f"{n:07d}" for n in range(300_000)]
    keys = [some[end - 1] for end in shape.ends(some, level=10)]
    buffer = NodeBuffer()
    root = root_of(buffer, {key: value(1) for key in keys}, shape)
    assert keys == [key for key, _ in scan(buffer, root)]
    assert 10 < buffer.get(root).level < 20


@given(maps, prefixes)
def test_a_subtree_is_the_map_below_its_prefix(entries: dict[str, Value], prefix: str) -> None:
    buffer = NodeBuffer()
    below = {key.removeprefix(prefix): value for key, value in entries.items() if key.startswith(prefix)}
    root = root_of(buffer, entries)
    assert root_of(buffer, below) == subtree(buffer, root, prefix, shape=TINY)


def test_equal_content_has_one_root_wherever_it_lies() -> None:
    buffer = NodeBuffer()
    day = numbered(1_000)
    months = {f"{month}/{key}": value for month in ("jan", "feb") for key, value in day.items()}
    root = root_of(buffer, months)
    assert subtree(buffer, root, "jan/") == subtree(buffer, root, "feb/")
