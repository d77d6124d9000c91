"""Walks the nodes of trees, for those who copy, keep or collect them rather than read the map."""

from collections.abc import Container, Iterable, Iterator

from lineageflow_core.tree.node import Node
from lineageflow_core.tree.read import MOST_AHEAD
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
    children = [node.id_at(at) for at in range(len(node.keys))]
    for start in range(0, len(children), MOST_AHEAD):
        some = [child for child in children[start : start + MOST_AHEAD] if child not in skip]
        nodes = source.get_many(some) if node.level > 1 else []
        for at, child in enumerate(some):
            if child not in skip:
                yield child
                if nodes:
                    yield from _walk_below(source, nodes[at], skip)


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
