"""Compares two maps: what differs, in order of keys, lazily, in time proportional to the difference.

Both trees are read from left to right. Where both stand in front of the same nodes, these are stepped over
unread, at whatever level; otherwise the higher node is opened. Columns are compared as they are before any
value is made.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from lineageflow_core.model.ids import DIGEST_BYTES
from lineageflow_core.tree.node import Node, Rows, Value
from lineageflow_core.tree.read import MOST_AHEAD
from lineageflow_core.tree.source import NodeSource


class Change(NamedTuple):
    """A key that maps to different values. One of them is None where the key is missing."""

    key: str
    left: Value | None
    right: Value | None


def diff(
    source: NodeSource, left: bytes, right: bytes, *, start: str = "", stop: str | None = None
) -> Iterator[Change]:
    """Yields what differs between two roots, in order of keys, in the range `start <= key < stop`."""
    if left == right:
        return
    one = _Side(source, left, start, stop)
    other = _Side(source, right, start, stop)
    while one.left and other.left:
        if one.level > other.level:
            one.open(other)
        elif one.level < other.level:
            other.open(one)
        elif same := _count_same(one, other):
            one.step(same)
            other.step(same)
        elif one.level:
            one.open(other)
            other.open(one)
        else:
            yield _take_change(one, other)
    for key, value in one.take_rest():
        yield Change(key, value, None)
    for key, value in other.take_rest():
        yield Change(key, None, value)


class _Side:
    """What is left to compare of a tree: runs of rows, the leftmost in hand, the others on a stack."""

    __slots__ = ("_ahead", "_count", "_later", "_source", "_start", "_stop", "at", "left", "level", "rows")

    def __init__(self, source: NodeSource, root: bytes, start: str, stop: str | None) -> None:
        self._source = source
        self._start = start
        self._stop = stop
        self._later: list[tuple[Rows, int, int, int, int]] = []
        self._ahead: dict[bytes, Node] = {}
        """Nodes that were read together with one before them."""
        self._enter(source.get(root))

    def _enter(self, node: Node) -> None:
        self.rows: Rows = node
        self.level = node.level
        self._count = 1
        self.at = bisect_left(node.keys, self._start)
        end = len(node.keys)
        if self._stop is not None:
            end = bisect_left(node.keys, self._stop, self.at)
            if node.level and end < len(node.keys):
                end += 1  # this child's last key is beyond the range, but its first may be within
        self.left = end - self.at
        self.step(0)

    def step(self, count: int) -> None:
        """Moves over rows of the run in hand, and on to the next run when it is used up."""
        self.at += count
        self.left -= count
        while self.left == 0 and self._later:
            self.rows, self.level, self.at, self.left, self._count = self._later.pop()

    def open(self, other: "_Side | None" = None) -> None:
        """Replaces the child in front by its rows."""
        node_id = self.rows.id_at(self.at)
        if node_id not in self._ahead:
            self._read_ahead(other)
        node = self._ahead.pop(node_id)
        self._later.append((self.rows, self.level, self.at + 1, self.left - 1, self._count))
        self._enter(node)

    def _read_ahead(self, other: "_Side | None") -> None:
        """Reads the child in front, and with it those behind it that the other side has not.

        The more of them the more there were before: who stops early has read few in vain.
        """
        there = other.ids() if other is not None else set[bytes]()
        first, *rest = (self.rows.id_at(at) for at in range(self.at, self.at + self.left))
        wanted = [first, *(each for each in rest if each not in there)][: self._count]
        self._ahead.update(zip(wanted, self._source.get_many(wanted), strict=True))
        self._count = min(2 * self._count, MOST_AHEAD)

    def ids(self) -> set[bytes]:
        """Returns the ids in the run in hand."""
        return {self.rows.id_at(at) for at in range(self.at, self.at + self.left)}

    def take(self) -> tuple[str, Value]:
        """Returns the entry in front, and moves over it."""
        pair = self.rows.keys[self.at], self.rows.value_at(self.at)
        self.step(1)
        return pair

    def take_rest(self) -> Iterator[tuple[str, Value]]:
        while self.left:
            if self.level:
                self.open()
            else:
                end = self.at + self.left
                pairs = self.rows.between(self.at, end).pairs()
                self.step(self.left)
                yield from pairs


def _count_same(one: _Side, other: _Side) -> int:
    """Returns how many rows in front are surely the same: 0 exactly if the first differ."""
    limit = min(one.left, other.left)
    same = 0
    step = 1
    while same < limit:
        step = min(step, limit - same)
        if not _are_equal(one.rows, one.at + same, other.rows, other.at + same, step):
            break
        same += step
        step *= 2
    return same


def _are_equal(one: Rows, at: int, other: Rows, other_at: int, count: int) -> bool:
    end, other_end = at + count, other_at + count
    return (
        one.ids[DIGEST_BYTES * at : DIGEST_BYTES * end]
        == other.ids[DIGEST_BYTES * other_at : DIGEST_BYTES * other_end]
        and one.keys[at:end] == other.keys[other_at:other_end]
        and one.sizes[at:end] == other.sizes[other_at:other_end]
        and one.notes[at:end] == other.notes[other_at:other_end]
    )


def _take_change(one: _Side, other: _Side) -> Change:
    key, other_key = one.rows.keys[one.at], other.rows.keys[other.at]
    left = one.take()[1] if key <= other_key else None
    right = other.take()[1] if other_key <= key else None
    return Change(min(key, other_key), left, right)
