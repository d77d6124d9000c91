"""Several walks as one graph."""

from dataclasses import replace

from lineageflow_core.graph_formats import merged
from tests.core.graph_formats.graphs import chain, run_node, version_node

START, MADE_BY, READ_BY = version_node("start"), run_node("1"), run_node("2")


def test_a_node_has_beyond_it_what_neither_walk_shows() -> None:
    up = chain(MADE_BY, replace(START, more_downstream=3))
    down = chain(replace(START, more_upstream=1), READ_BY)
    graph = merged([up, down])
    found = {node.id: (node.more_upstream, node.more_downstream) for node in graph.nodes}
    assert {START.id: (0, 2), MADE_BY.id: (0, 0), READ_BY.id: (0, 0)} == found


def test_a_walk_twice_is_the_walk() -> None:
    walk = chain(MADE_BY, replace(START, more_downstream=3), READ_BY)
    assert walk == merged([walk, walk])
