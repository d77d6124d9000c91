import msgspec
import pytest
import zstandard
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import IntegrityError, InvalidInputError
from lineageflow_core.tree.node import EMPTY, EMPTY_NODE, MAX_NODE_BYTES, Node, Rows, Value, decode, encode
from tests.core.tree.maps import maps

ID = bytes(range(32))


def leaf(entries: dict[str, Value]) -> Node:
    rows = Rows.of(sorted(entries.items()))
    return Node(rows.keys, rows.ids, rows.sizes, rows.notes, 0)


def stored_as(plain: bytes) -> tuple[bytes, bytes]:
    """Returns the id and stored form of any encoding, also of one that no honest writer makes."""
    return blake3(plain).digest(), b"\x01" + zstandard.compress(plain)


@given(maps)
def test_a_node_survives_being_stored(entries: dict[str, Value]) -> None:
    node = leaf(entries)
    assert node == decode(*encode(node))
    assert entries == dict(node.pairs())


def test_the_id_of_a_node_never_changes() -> None:
    node = leaf({"": Value(ID, 3), "a/b": Value.of(ID[::-1], 1 << 40, {"rows": 7, "kind": "csv"})})
    assert "e758c814124404bea1edb1bc4123ee8cc18163e2b5a901ae58590335bcab820b" == encode(node)[0].hex()
    assert "56b5dd072b9236d81a4a34d9b500d31b5e96174395d0373e353c7d623c407b97" == EMPTY.hex()


def test_extra_facts_are_equal_whatever_their_order() -> None:
    one = Value.of(ID, 1, {"a": 1, "b": {"x": 1, "y": 2}})
    other = Value.of(ID, 1, {"b": {"y": 2, "x": 1}, "a": 1})
    assert one == other
    assert {"a": 1, "b": {"x": 1, "y": 2}} == other.extra


def test_extra_facts_of_different_types_differ() -> None:
    assert Value.of(ID, 1, {"rows": 1}) != Value.of(ID, 1, {"rows": True})


def test_no_extra_facts_and_none_at_all_are_the_same() -> None:
    assert Value(ID, 1) == Value.of(ID, 1, {}) == Value.of(ID, 1)
    assert {} == Value(ID, 1).extra


def test_any_damaged_byte_is_found() -> None:
    node_id, stored = encode(leaf({"a": Value(ID, 1), "b": Value(ID, 2)}))
    for at in range(len(stored)):
        damaged = stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]
        with pytest.raises(IntegrityError):
            decode(node_id, damaged)


@given(st.integers(0, 200))
def test_a_node_cut_short_is_found(length: int) -> None:
    node_id, stored = encode(leaf({"a": Value(ID, 1), "b": Value(ID, 2)}))
    with pytest.raises(IntegrityError):
        decode(node_id, stored[: min(length, len(stored) - 1)])


def test_another_node_in_its_place_is_found() -> None:
    with pytest.raises(IntegrityError, match="another hash"):
        decode(ID, encode(EMPTY_NODE)[1])


def test_a_node_that_would_fill_the_memory_is_not_unpacked() -> None:
    with pytest.raises(IntegrityError, match="its length"):
        decode(*stored_as(bytes(MAX_NODE_BYTES + 1)))


@pytest.mark.parametrize(
    "columns",
    [
        [["a"], ID, [1], [None], -1],
        [["a"], ID, [1], [1], 1 << 40],
        [["a"], ID[1:], [1], [None], 0],
        [["a"], ID, [], [None], 0],
        [["a"], ID, [1], [], 0],
        [["a"], ID, [1], [1], 0],
        [["a"], ID, [1], [None], 1],
        [[], b"", [], [], 1],
        [["b", "a"], ID + ID, [1, 1], [None, None], 0],
        [["a", "a"], ID + ID, [1, 1], [None, None], 0],
        [["a"], ID, ["1"], [None], 0],
        [["a"], ID, [1], [None]],
        [["a"], ID, [1], [None], 0, 0],
        {"a": 1},
    ],
)
def test_a_node_that_is_not_well_formed_is_found_though_its_hash_is_right(columns: object) -> None:
    with pytest.raises(IntegrityError):
        decode(*stored_as(msgspec.msgpack.encode(columns)))


def test_a_node_that_could_not_be_read_again_is_not_stored() -> None:
    with pytest.raises(InvalidInputError, match="less metadata"):
        encode(leaf({"a": Value(ID, 1, bytes(MAX_NODE_BYTES))}))


def test_an_id_that_is_no_digest_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="32 bytes"):
        encode(leaf({"a": Value(b"short", 1)}))
