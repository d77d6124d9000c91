"""Builds trees from rows: the map's whole content, or what lies under a prefix of another map.

The invariant: a map has one root, that of the lowest level which is a single node. Equal maps have equal
roots, whether built here or arrived at by any edits (`edit.py`).
"""

from collections.abc import Iterable
from operator import ge

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import DIGEST_BYTES
from lineageflow_core.tree.node import EMPTY_NODE, Node, Note, Rows
from lineageflow_core.tree.read import prefix_range, scan_rows
from lineageflow_core.tree.shape import SHAPE, Shape
from lineageflow_core.tree.source import NodeBuffer


def build(buffer: NodeBuffer, rows: Rows, *, shape: Shape = SHAPE) -> bytes:
    """Returns the root of the map of `rows` (`Rows.of` makes them of pairs), and adds its nodes to `buffer`.

    Raises InvalidInputError if keys are not ascending (by code point: a database's collation may differ).
    """
    keys = rows.keys
    if any(map(ge, keys, keys[1:])):
        at = next(at for at in range(1, len(keys)) if keys[at - 1] >= keys[at])
        raise InvalidInputError(
            f"keys must ascend by code point, without doubles, but {keys[at]!r} comes after {keys[at - 1]!r}"
        )
    if len(rows.ids) != DIGEST_BYTES * len(keys):
        raise InvalidInputError(
            f"{len(keys)} ids of {DIGEST_BYTES} bytes were expected, not {len(rows.ids)} bytes"
        )
    return grow(buffer, add_level(buffer, rows, level=0, shape=shape), level=1, shape=shape)


def subtree(buffer: NodeBuffer, root: bytes, prefix: str, *, shape: Shape = SHAPE) -> bytes:
    """Returns the root of the map of the entries under `prefix`, their keys cut by it.

    It is what `build` would return for them. New nodes are added to `buffer`; who needs only the root may
    throw them away. Takes time in proportion to the entries under the prefix.
    """
    start, stop = prefix_range(prefix)
    rows = Rows.joined(scan_rows(buffer, root, start=start, stop=stop))
    cut = len(prefix)
    relative = Rows([key[cut:] for key in rows.keys], rows.ids, rows.sizes, rows.notes)
    return build(buffer, relative, shape=shape)


def grow(buffer: NodeBuffer, rows: Rows, *, level: int, shape: Shape) -> bytes:
    """Returns the root of the tree whose `level`, above the leaves, would hold `rows`."""
    if not rows.keys:
        return buffer.add(EMPTY_NODE)
    while len(rows.keys) > 1:
        rows = add_level(buffer, rows, level=level, shape=shape)
        level += 1
    return rows.ids


def add_level(buffer: NodeBuffer, rows: Rows, *, level: int, shape: Shape) -> Rows:
    """Adds the nodes of a whole level and returns the rows of the level above."""
    length = len(rows.keys)
    cuts = shape.cut(shape.ends(rows.keys, level=level), length=length, level=level)
    if length and (not cuts or cuts[-1] < length):
        cuts.append(length)
    return add_nodes(buffer, rows, cuts, level=level)


def add_nodes(buffer: NodeBuffer, rows: Rows, cuts: Iterable[int], *, level: int) -> Rows:
    """Adds the nodes that end at `cuts` and returns their rows in the level above."""
    keys: list[str] = []
    ids: list[bytes] = []
    sizes: list[int] = []
    counts: list[Note] = []
    start = 0
    for end in cuts:
        run = rows.between(start, end)
        node = Node(run.keys, run.ids, run.sizes, run.notes, level)
        keys.append(node.keys[-1])
        ids.append(buffer.add(node))
        sizes.append(sum(node.sizes))
        counts.append(node.count)
        start = end
    return Rows(keys, b"".join(ids), sizes, counts)
