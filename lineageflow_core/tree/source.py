"""Where nodes come from and where new ones go: decoded, verified, and kept for a while.

The invariant: nothing here ever changes a node or doubts an id; a node that is held or new is the node of
that id for ever. Being held says nothing about being stored: a buffer's nodes are stored only once its
caller has written them. Neither knows files, packs or databases.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
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

    def __init__(self, read: Callable[[bytes], bytes], *, capacity: int = 500_000) -> None:
        """`read` returns the stored form of a node id, or raises ObjectMissingError.

        `capacity` is how many entries are kept decoded.
        """
        self._read = read
        self._cache = NodeCache(capacity)

    def get(self, node_id: bytes, /) -> Node:
        node = self._cache.get(node_id)
        if node is None:
            node = EMPTY_NODE if node_id == EMPTY else decode(node_id, self._read(node_id))
            self._cache.put(node_id, node)
        return node


def _nothing_stored(node_id: bytes) -> bytes:
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

    def add(self, node: Node) -> bytes:
        """Takes a node and returns its id. Raises InvalidInputError if it cannot be stored."""
        node_id, stored = encode(node)
        self.new[node_id] = stored
        self._cache.put(node_id, node)
        return node_id
