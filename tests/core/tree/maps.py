"""Maps to try the tree with: small ones in tiny nodes, so that a few entries make several levels."""

from collections.abc import Mapping

from blake3 import blake3
from hypothesis import strategies as st

from lineageflow_core.tree import NodeBuffer, Rows, Value, build
from lineageflow_core.tree.shape import SHAPE, Shape

TINY = Shape(leaf=3, fan_out=2, slack=2)
"""Nodes of at most six entries; being full ends them about as often as a key's rank does."""
SMALL = Shape(leaf=16, fan_out=8)

EDGES = ("", "/", "a", "a/", "a-b", "a/b", "a/b/c", "a0", "a\U0010ffff", "é", "\uffff", "\U0001f600")
KEYS = (*EDGES, "\U0010ffff", *(f"{n % 3}/{n % 5}/{n}" for n in range(120)))
VALUES = tuple(
    Value.of(bytes([digest]) * 32, size, extra)
    for digest in range(2)
    for size in range(2)
    for extra in (None, {"rows": 1}, {"rows": 1, "kind": "csv"})
)

keys = st.sampled_from(KEYS)
values = st.sampled_from(VALUES)
maps = st.dictionaries(keys, values, max_size=12) | st.dictionaries(keys, values, min_size=30, max_size=60)
edits = st.dictionaries(keys, st.none() | values, max_size=12)
prefixes = st.sampled_from(["", "0/", "1/2/", "2/4/119", "a", "a/", "\U0010ffff", "none/"])


def root_of(buffer: NodeBuffer, entries: Mapping[str, Value], shape: Shape = TINY) -> bytes:
    return build(buffer, Rows.of(sorted(entries.items())), shape=shape)


def applied(entries: Mapping[str, Value], changes: Mapping[str, Value | None]) -> dict[str, Value]:
    """Returns what entries are after changes: the truth that edits of trees are compared with."""
    return {key: value for key, value in {**entries, **changes}.items() if value is not None}


def value(n: int) -> Value:
    return Value(blake3(str(n).encode()).digest(), n)


def numbered(count: int) -> dict[str, Value]:
    return {f"part-{n:06d}": value(n) for n in range(count)}


def keys_that_end_nothing(count: int) -> list[str]:
    """Returns keys that hash high: only being full ends a node of them."""
    some = [f"{n:06d}" for n in range(2 * count)]
    ends = set(SHAPE.ends(some, level=0))
    return [key for end, key in enumerate(some, 1) if end not in ends][:count]
