"""Edits a map: a new root that shares every node the edits do not touch.

Level by level from the leaves: take apart the nodes that edits fall into, cut them anew until a cut falls
where one was before, and hand the change of nodes to the level above as edits of its own.

The invariant: the result is the root that `build` gives for the edited entries, whatever the order and
grouping of edits. Nothing is checked about what keys mean: a path that is an object and a folder at once is
for callers to refuse.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from typing import TypeAlias

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import DIGEST_BYTES
from lineageflow_core.tree.build import add_nodes, grow
from lineageflow_core.tree.node import NO_ROWS, Entry, Node, Rows, Value
from lineageflow_core.tree.shape import SHAPE, Shape
from lineageflow_core.tree.source import NodeBuffer, NodeSource

Edit: TypeAlias = tuple[str, Value | None]
"""A key and its new value; None takes the key out, if it is there."""

_Edit: TypeAlias = tuple[str, Entry | None]

_key = itemgetter(0)


def edit(buffer: NodeBuffer, root: bytes, edits: Sequence[Edit], *, shape: Shape = SHAPE) -> bytes:
    """Returns the root of the map after `edits`, which ascend by key; adds new nodes to `buffer`.

    Edits that change nothing return `root`. Takes time in proportion to the nodes touched, not to the map.
    Raises InvalidInputError if the keys do not ascend.
    """
    for (one, _), (other, _) in pairwise(edits):
        if one >= other:
            raise InvalidInputError(
                f"edits must ascend by key, by code point and without doubles: {other!r} comes after {one!r}"
            )
    top = buffer.get(root)
    changes: Sequence[_Edit] = edits
    for level in range(top.level + 1):
        if changes:
            changes = _edit_level(buffer, root, changes, level=level, shape=shape)
    if not changes:
        return root
    above = Rows.of([(top.keys[-1], (root, sum(top.sizes), top.count))]) if top.keys else NO_ROWS
    edited = grow(buffer, _splice(NO_ROWS, above, changes), level=top.level + 1, shape=shape)
    return _lowest_single(buffer, edited)


def _lowest_single(source: NodeSource, root: bytes) -> bytes:
    """Steps down from nodes with a single child, which deletions can leave on top."""
    node = source.get(root)
    while node.level and len(node.keys) == 1:
        root = node.ids
        node = source.get(root)
    return root


def _edit_level(
    buffer: NodeBuffer, root: bytes, edits: Sequence[_Edit], *, level: int, shape: Shape
) -> Sequence[_Edit]:
    """Applies edits to the nodes of a level, and returns the edits that this means for the level above."""
    old: dict[str, bytes] = {}
    new: dict[str, Entry] = {}
    cursor = _Cursor(buffer, root, level)
    cursor.seek(edits[0][0])
    rest = NO_ROWS  # the start of a node whose end is not found yet
    done = 0
    while True:
        node = cursor.node
        end = len(edits) if cursor.is_last else bisect_right(edits, node.keys[-1], done, key=_key)
        mine = edits[done:end]
        done = end
        if rest.keys or not _says(node, mine):  # it does where a folder is put again that has not changed
            if node.keys:
                old[node.keys[-1]] = cursor.node_id
            rows = _splice(rest, node, mine)
            length = len(rows.keys)
            cuts = shape.cut(_ends(rows, node, mine, level=level, shape=shape), length=length, level=level)
            whole = cuts[-1] if cuts else 0
            if cursor.is_last and whole < length:
                cuts.append(length)
                whole = length
            new.update(add_nodes(buffer, rows, cuts, level=level).pairs())
            rest = rows.between(whole, length)
        if rest.keys:
            cursor.advance()
        elif done < len(edits):
            cursor.seek(edits[done][0])
        else:
            break
    changes: dict[str, Entry | None] = {key: None for key in old if key not in new}
    changes.update((key, entry) for key, entry in new.items() if old.get(key) != entry[0])
    return sorted(changes.items(), key=_key)


def _says(rows: Rows, edits: Sequence[_Edit]) -> bool:
    """Tells whether the edits, if there are any, say what a run of the rows says already."""
    entries = [entry for _, entry in edits if entry is not None]
    if not entries or len(entries) < len(edits):
        return False
    start = bisect_left(rows.keys, edits[0][0])
    stop = start + len(edits)
    return (
        rows.keys[start:stop] == [key for key, _ in edits]
        and rows.ids[DIGEST_BYTES * start : DIGEST_BYTES * stop] == b"".join([entry[0] for entry in entries])
        and rows.sizes[start:stop] == [entry[1] for entry in entries]
        and rows.notes[start:stop] == [entry[2] for entry in entries]
    )


def _splice(rest: Rows, rows: Rows, edits: Sequence[_Edit]) -> Rows:
    """Returns `rest` followed by `rows` with the edits applied: runs between edits are copied as they are."""
    keys = rest.keys.copy()
    ids = [rest.ids]
    sizes = rest.sizes.copy()
    notes = rest.notes.copy()
    done = 0
    for key, entry in edits:
        at = bisect_left(rows.keys, key, done)
        if at > done:
            keys += rows.keys[done:at]
            ids.append(rows.ids[DIGEST_BYTES * done : DIGEST_BYTES * at])
            sizes += rows.sizes[done:at]
            notes += rows.notes[done:at]
        done = at + 1 if at < len(rows.keys) and rows.keys[at] == key else at
        if entry is not None:
            keys.append(key)
            ids.append(entry[0])
            sizes.append(entry[1])
            notes.append(entry[2])
    keys += rows.keys[done:]
    ids.append(rows.ids[DIGEST_BYTES * done :])
    sizes += rows.sizes[done:]
    notes += rows.notes[done:]
    return Rows(keys, b"".join(ids), sizes, notes)


def _ends(rows: Rows, node: Node, edits: Sequence[_Edit], *, level: int, shape: Shape) -> list[int]:
    """Returns where nodes end by rank in the spliced `rows`.

    Only keys that came in and the last key of the node that was there can end a node: had another one, the
    node would have ended there.
    """
    suspects = [key for key, entry in edits if entry is not None]
    suspects += node.keys[-1:]
    ends = set()
    for position in shape.ends(suspects, level=level):
        key = suspects[position - 1]
        at = bisect_left(rows.keys, key)
        if at < len(rows.keys) and rows.keys[at] == key:
            ends.add(at + 1)
    return sorted(ends)


class _Cursor:
    """Stands on a node of one level, and moves to the right."""

    def __init__(self, source: NodeSource, root: bytes, level: int) -> None:
        self._source = source
        self._root = root
        self._level = level
        self._path: list[tuple[Node, int]] = []

    @property
    def is_last(self) -> bool:
        """Whether the level ends with this node."""
        return all(at == len(node.keys) - 1 for node, at in self._path)

    def seek(self, key: str) -> None:
        """Moves to the node that has `key` or would have it."""
        self._path.clear()
        self._descend(self._root, key)

    def advance(self) -> None:
        """Moves to the next node. There must be one."""
        node, at = self._path.pop()
        while at == len(node.keys) - 1:
            node, at = self._path.pop()
        self._path.append((node, at + 1))
        self._descend(node.id_at(at + 1), "")

    def _descend(self, node_id: bytes, key: str) -> None:
        node = self._source.get(node_id)
        while node.level > self._level:
            at = min(bisect_left(node.keys, key), len(node.keys) - 1)
            self._path.append((node, at))
            node_id = node.id_at(at)
            node = self._source.get(node_id)
        self.node = node
        self.node_id = node_id
