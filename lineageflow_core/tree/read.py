"""Reads a map: look up, scan in order, list a folder, count. Every read is lazy and touches few nodes.

Ranges are half-open, `start <= key < stop`; `stop=None` has no end. A prefix is a range (`prefix_range`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lineageflow_core.tree.node import Node, Rows, Value
from lineageflow_core.tree.source import NodeSource

MOST_AHEAD = 32
"""Nodes that are read at once: enough to hide a bucket's latency, and at most some megabytes."""

_LAST_CODE_POINT = chr(0x10FFFF)


class Extent(NamedTuple):
    """How much there is."""

    entries: int
    size: int
    """The sizes of their values, added up (bytes)."""


class Child(NamedTuple):
    """What stands right below a prefix: an entry, or a folder of entries."""

    key: str
    """An entry's whole key; a folder's common prefix, '/' included."""
    entries: int
    """How many are at or below it."""
    size: int
    """Their bytes."""
    value: Value | None
    """None for a folder."""


def prefix_range(prefix: str) -> tuple[str, str | None]:
    """Returns the range of the keys that begin with `prefix`. '' is every key."""
    stem = prefix.rstrip(_LAST_CODE_POINT)
    return prefix, stem[:-1] + chr(ord(stem[-1]) + 1) if stem else None


def get(source: NodeSource, root: bytes, key: str) -> Value | None:
    """Returns what `key` maps to, or None."""
    return _find(_leaf(source, root, key), key)


def get_many(source: NodeSource, root: bytes, keys: Iterable[str]) -> Iterator[Value | None]:
    """Yields what each of the ascending `keys` maps to, or None; neighbours cost one look-up."""
    for key, leaf in _leaves(source, root, keys):
        yield _find(leaf, key)


def ceilings(source: NodeSource, root: bytes, keys: Iterable[str]) -> Iterator[str | None]:
    """Yields, for each of the ascending `keys`, the first key of the map that is not less, or None."""
    for key, leaf in _leaves(source, root, keys):
        at = bisect_left(leaf.keys, key)
        yield leaf.keys[at] if at < len(leaf.keys) else None


def scan(
    source: NodeSource, root: bytes, *, start: str = "", stop: str | None = None
) -> Iterator[tuple[str, Value]]:
    """Yields keys and values of a range in order."""
    for rows in scan_rows(source, root, start=start, stop=stop):
        yield from rows.pairs()


def scan_rows(source: NodeSource, root: bytes, *, start: str = "", stop: str | None = None) -> Iterator[Rows]:
    """Yields the entries of a range in order, a leaf's rows at a time."""
    yield from _rows_below(source, source.get(root), start, stop)


def _rows_below(source: NodeSource, node: Node, start: str, stop: str | None) -> Iterator[Rows]:
    first = bisect_left(node.keys, start)
    last = len(node.keys) if stop is None else bisect_left(node.keys, stop, first)
    if node.level == 0:
        if first < last:
            yield node.between(first, last)
        return
    # The child whose last key is beyond the range may still begin within it.
    ids = [node.id_at(at) for at in range(first, min(last + 1, len(node.keys)))]
    for child in read_ahead(source, ids):
        yield from _rows_below(source, child, start, stop)


def read_ahead(source: NodeSource, node_ids: Sequence[bytes]) -> Iterator[Node]:
    """Yields nodes, read the more at once the more are asked for: who stops early has read few in vain."""
    at, count = 0, 1
    while at < len(node_ids):
        yield from source.get_many(node_ids[at : at + count])
        at, count = at + count, min(2 * count, MOST_AHEAD)


def extent(source: NodeSource, root: bytes, *, start: str = "", stop: str | None = None) -> Extent:
    """Returns how many entries a range has, and their bytes, without visiting them."""
    if stop is None:
        node = source.get(root)
        upper = Extent(node.count, sum(node.sizes))
    else:
        upper = _seek(source, root, stop).before
    lower = _seek(source, root, start).before if start else Extent(0, 0)
    return Extent(max(0, upper.entries - lower.entries), max(0, upper.size - lower.size))


def children(
    source: NodeSource, root: bytes, prefix: str = "", *, after: str | None = None
) -> Iterator[Child]:
    """Yields what stands right below `prefix`: entries, and folders with all that is below them as one.

    Keys must be paths: none ends in '/'.
    They come in order of their keys, in which a folder's '/' counts ('a-b' is before 'a/'). `prefix` is '' or
    ends in '/'. `after` is the key of the child to go on behind. Takes time in proportion to the children.
    """
    start, stop = prefix_range(prefix)
    place = _seek(source, root, start if after is None else max(start, _behind(after)))
    while (key := place.key) is not None and (stop is None or key < stop):
        slash = key.find("/", len(prefix))
        if slash < 0:
            value = place.leaf.value_at(place.at)
            yield Child(key, 1, value.size, value)
            place = _move(source, root, place, _behind(key))
        else:
            folder = key[: slash + 1]
            behind = _move(source, root, place, _behind(folder))
            entries, size = place.before
            yield Child(folder, behind.before.entries - entries, behind.before.size - size, None)
            place = behind


class _Place(NamedTuple):
    """A position among all entries: in front of the row `at` of a leaf, or at the very end."""

    leaf: Node
    at: int
    before: Extent
    """What is in front of it."""

    @property
    def key(self) -> str | None:
        return self.leaf.keys[self.at] if self.at < len(self.leaf.keys) else None


def _behind(child: str) -> str:
    """Returns the least key that can come behind a child: an entry, or a folder with all in it."""
    return child[:-1] + chr(ord("/") + 1) if child.endswith("/") else child + "\0"


def _move(source: NodeSource, root: bytes, place: _Place, key: str) -> _Place:
    """Returns the place in front of `key`, which is behind `place`: in the same leaf if it can be."""
    leaf, at, (entries, size) = place
    end = bisect_left(leaf.keys, key, at)
    if end == len(leaf.keys):
        return _seek(source, root, key)
    return _Place(leaf, end, Extent(entries + end - at, size + sum(leaf.sizes[at:end])))


def _seek(source: NodeSource, root: bytes, key: str) -> _Place:
    """Returns the place in front of the first entry that is not less than `key`."""
    entries = size = 0
    node = source.get(root)
    while True:
        at = bisect_left(node.keys, key)
        if node.level and at == len(node.keys):
            at -= 1  # behind everything: the end of the last leaf
        size += sum(node.sizes[:at])
        if node.level == 0:
            return _Place(node, at, Extent(entries + at, size))
        entries += sum(node.counts[:at])
        node = source.get(node.id_at(at))


def _leaf(source: NodeSource, root: bytes, key: str) -> Node:
    """Returns the leaf that has `key`, if any has."""
    node = source.get(root)
    while node.level:
        at = bisect_left(node.keys, key)
        node = source.get(node.id_at(min(at, len(node.keys) - 1)))
    return node


def _leaves(source: NodeSource, root: bytes, keys: Iterable[str]) -> Iterator[tuple[str, Node]]:
    """Yields each of the ascending `keys` with its leaf, which is looked up once for neighbours."""
    leaf: Node | None = None
    for key in keys:
        if leaf is None or not leaf.keys or key > leaf.keys[-1]:
            leaf = _leaf(source, root, key)
        yield key, leaf


def _find(leaf: Node, key: str) -> Value | None:
    at = bisect_left(leaf.keys, key)
    return leaf.value_at(at) if at < len(leaf.keys) and leaf.keys[at] == key else None
