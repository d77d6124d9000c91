"""DOT and Mermaid, read as strictly as their grammars allow."""

import re

import pytest
from hypothesis import given

from lineageflow_core.graph_formats.dot import dot
from lineageflow_core.graph_formats.merged import merged
from lineageflow_core.graph_formats.mermaid import mermaid
from lineageflow_core.graph_formats.text import label
from lineageflow_core.model.lineage import Evidence, LineageGraph
from tests.core.graph_formats.graphs import HOSTILE, chain, graphs, run_node, version_node

_DOT_NODE = re.compile(
    r'  (n\d+) \[shape=(?:box|hexagon)(?: style="rounded")? label="((?:[^"\\]|\\["\\])*)"\];'
)
_DOT_EDGE = re.compile(r"  (n\d+) -> (n\d+)(?: \[style=dashed\])?;")
_MERMAID_NODE = re.compile(
    r'  (n\d+)(?:\(\[|\[|\{\{)"((?:[^\x00-\x1f"<>&`\[\](){}|\\*_~$:/;\'#]|#\d+;)*)"(?:\]\)|\]|\}\})'
)
_MERMAID_EDGE = re.compile(r"  (n\d+) (?:-->|-\.->) (n\d+)")


@given(graphs())
def test_dot_holds_these_nodes_and_edges_and_nothing_else(graph: LineageGraph) -> None:
    first, second, *lines, last, end = dot(graph).split("\n")
    assert ("digraph lineage {", "  rankdir=LR;", "}", "") == (first, second, last, end)
    nodes = [_DOT_NODE.fullmatch(line) for line in lines[: len(graph.nodes)]]
    assert [label(node) for node in graph.nodes] == [
        re.sub(r"\\(.)", r"\1", node[2]) for node in nodes if node
    ]
    assert _edges(graph) == [
        match.groups() for line in lines[len(graph.nodes) :] if (match := _DOT_EDGE.fullmatch(line))
    ]


@given(graphs())
def test_mermaid_holds_these_nodes_and_edges_and_nothing_else(graph: LineageGraph) -> None:
    first, *lines, end = mermaid(graph).split("\n")
    assert ("flowchart LR", "") == (first, end)
    nodes = [_MERMAID_NODE.fullmatch(line) for line in lines[: len(graph.nodes)]]
    told = [re.sub(r"#(\d+);", lambda match: chr(int(match[1])), node[2]) for node in nodes if node]
    assert [label(node) for node in graph.nodes] == told
    assert _edges(graph) == [
        match.groups() for line in lines[len(graph.nodes) :] if (match := _MERMAID_EDGE.fullmatch(line))
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_label_is_one_line_that_steers_nothing(name: str) -> None:
    for node in (version_node(name), run_node("1", name)):
        assert label(node).isprintable()


def test_walks_are_joined_at_what_they_share() -> None:
    a, run, b = version_node("a"), run_node("1"), version_node("b")
    both = merged([chain(a, run), chain(run, b)])
    assert (3, 2, (a.id, run.id)) == (len(both.nodes), len(both.edges), both.start)
    assert ["  n0 -> n1;", "  n1 -> n2;"] == [line for line in dot(both).splitlines() if "->" in line]


def test_what_is_not_known_exactly_is_dashed() -> None:
    graph = chain(version_node("a"), run_node("1"), evidence=Evidence.UNKNOWN)
    assert "  n0 -> n1 [style=dashed];" in dot(graph)
    assert "  n0 -.-> n1" in mermaid(graph)


def test_a_model_has_its_own_shape() -> None:
    graph = chain(version_node("model", "MODEL"))
    assert "shape=hexagon" in dot(graph)
    assert 'n0{{"' in mermaid(graph)


def _edges(graph: LineageGraph) -> list[tuple[str, ...]]:
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    return [(names[edge.source], names[edge.target]) for edge in graph.edges]
