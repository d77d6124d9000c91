"""The tree that commits are made of: a sorted map whose root id is its content.

From a key to an id, a size and a few extra facts; immutable, addressed by hash, equal content equal root.
`build`, `edit` and `subtree` make roots and leave their new nodes in a `NodeBuffer`; the other functions
read them from any `NodeSource`. Nothing here knows what keys and ids stand for.
"""

from lineageflow_core.tree.build import build, subtree
from lineageflow_core.tree.diff import Change, diff
from lineageflow_core.tree.edit import Edit, edit
from lineageflow_core.tree.node import EMPTY, Node, Rows, Value
from lineageflow_core.tree.read import (
    Child,
    Extent,
    ceilings,
    children,
    extent,
    get,
    get_many,
    prefix_range,
    scan,
    scan_rows,
)
from lineageflow_core.tree.source import NodeBuffer, NodeSource, StoredNodes
from lineageflow_core.tree.walk import new_below, walk

__all__ = [
    "EMPTY",
    "Change",
    "Child",
    "Edit",
    "Extent",
    "Node",
    "NodeBuffer",
    "NodeSource",
    "Rows",
    "StoredNodes",
    "Value",
    "build",
    "ceilings",
    "children",
    "diff",
    "edit",
    "extent",
    "get",
    "get_many",
    "new_below",
    "prefix_range",
    "scan",
    "scan_rows",
    "subtree",
    "walk",
]
