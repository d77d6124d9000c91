"""Where nodes come from and where new ones go: decoded, verified, and kept for a while.

The invariant: nothing here ever changes a node or doubts an id; a node that is held or new is the node of
that id for ever. Being held says nothing about being stored: a buffer's nodes are stored only once its
caller has written them. Neither knows files, packs or databases.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from lineageflow_core.errors import ObjectMissingError
from lineageflow_core.tree.node import EMPTY, EMPTY_NODE, Node, decode, encode


class NodeSource(Protocol):
    """Gives nodes by id. May be asked by many threads at once."""

    def get(self, node_id: bytes, /) -> Node:
        """Returns a node, decoded and verified.

        Raises IntegrityError if its bytes are damaged, ObjectMissingError if there are none.
        """
        ...

    def get_many(self, node_ids: Sequence[bytes], /) -> list[Node]:
        """Returns nodes in the order given, reading together what has to be read. Raises as `get` does."""
        ...


class NodeCache:
    """The nodes used last, up to a number of entries in all. Safe for threads.

    An entry takes about 200 bytes, more where keys are long.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries = 0
        self._nodes: OrderedDict[bytes, Node] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, node_id: bytes) -> Node | None:
        with self._lock:
            node = self._nodes.get(node_id)
            if node is not None:
                self._nodes.move_to_end(node_id)
            return node

    def put(self, node_id: bytes, node: Node) -> None:
        with self._lock:
            if node_id in self._nodes:
                return
            self._nodes[node_id] = node
            self._entries += len(node.keys)
            while self._entries > self._capacity:
                _, oldest = self._nodes.popitem(last=False)
                self._entries -= len(oldest.keys)


class StoredNodes:
    """A NodeSource over stored forms. One serves all readers of a repository."""

    def __init__(
        self, read: Callable[[Sequence[bytes]], Mapping[bytes, bytes]], *, capacity: int = 500_000
    ) -> None:
        """`read` returns the stored forms of node ids, or raises ObjectMissingError.

        `capacity` is how many entries are kept decoded.
        """
        self._read = read
        self._cache = NodeCache(capacity)

    def get(self, node_id: bytes, /) -> Node:
        return self._cache.get(node_id) or self.get_many([node_id])[0]

    def get_many(self, node_ids: Sequence[bytes], /) -> list[Node]:
        found = {each: node for each in node_ids if (node := self._cache.get(each)) is not None}
        found[EMPTY] = EMPTY_NODE
        missing = [each for each in dict.fromkeys(node_ids) if each not in found]
        stored = self._read(missing) if missing else {}
        for node_id in missing:
            node = decode(node_id, stored[node_id])
            self._cache.put(node_id, node)
            found[node_id] = node
        return [found[each] for each in node_ids]


def _nothing_stored(node_ids: Sequence[bytes]) -> Mapping[bytes, bytes]:
    [node_id, *_] = node_ids
    raise ObjectMissingError(f"the tree node {node_id.hex()} is not stored", node=node_id.hex())


class NodeBuffer:
    """A NodeSource that also takes new nodes, in memory, over a source of stored ones. For one thread."""

    def __init__(self, source: NodeSource | None = None, *, capacity: int = 100_000) -> None:
        """`source` has the nodes that trees to be edited consist of; without it there are none.

        `capacity` is how many entries of new nodes are kept decoded.
        """
        self.new: dict[bytes, bytes] = {}
        """Stored forms by id of all nodes that were added, also of trees that were edited further since
        (`walk.new_below` picks those that a root needs)."""
        self._source = source if source is not None else StoredNodes(_nothing_stored)
        self._cache = NodeCache(capacity)

    def get(self, node_id: bytes, /) -> Node:
        node = self._cache.get(node_id)
        if node is not None:
            return node
        stored = self.new.get(node_id)
        if stored is None:
            return self._source.get(node_id)
        node = decode(node_id, stored)
        self._cache.put(node_id, node)
        return node

    def get_many(self, node_ids: Sequence[bytes], /) -> list[Node]:
        stored = [node_id for node_id in dict.fromkeys(node_ids) if node_id not in self.new]
        found = dict(zip(stored, self._source.get_many(stored), strict=True)) if stored else {}
        return [found[node_id] if node_id in found else self.get(node_id) for node_id in node_ids]

    def add(self, node: Node) -> bytes:
        """Takes a node and returns its id. Raises InvalidInputError if it cannot be stored."""
        node_id, stored = encode(node)
        self.new[node_id] = stored
        self._cache.put(node_id, node)
        return node_id
