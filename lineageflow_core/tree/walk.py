"""Walks the nodes of trees, for those who copy, keep or collect them rather than read the map."""

from collections.abc import Container, Iterable, Iterator

from lineageflow_core.tree.node import Node
from lineageflow_core.tree.source import NodeBuffer, NodeSource


def walk(source: NodeSource, root: bytes, *, skip: Container[bytes] = ()) -> Iterator[bytes]:
    """Yields the id of each node of a tree, parents first; but for nodes in `skip`, and what is below them.

    Who walks many trees adds what was yielded to `skip`, and so visits shared nodes once. Leaves stay unread.
    """
    if root not in skip:
        yield root
        yield from _walk_below(source, source.get(root), skip)


def _walk_below(source: NodeSource, node: Node, skip: Container[bytes]) -> Iterator[bytes]:
    if node.level == 0:
        return
    for at in range(len(node.keys)):
        child = node.id_at(at)
        if child not in skip:
            yield child
            if node.level > 1:
                yield from _walk_below(source, source.get(child), skip)


def new_below(buffer: NodeBuffer, roots: Iterable[bytes]) -> dict[bytes, bytes]:
    """Returns the stored forms by id of the new nodes that `roots` need: what is left to be written.

    Without those of trees that a buffer held only on the way to them.
    """
    others = _AllBut(buffer.new)
    return {node_id: buffer.new[node_id] for root in roots for node_id in walk(buffer, root, skip=others)}


class _AllBut(Container[bytes]):
    """Has every id, except some."""

    def __init__(self, some: Container[object]) -> None:
        self._some = some

    def __contains__(self, node_id: object) -> bool:
        return node_id not in self._some
