import itertools
import re

import pytest

from lineageflow_core.cli.lineage_text import dot, mermaid
from lineageflow_core.model.lineage import Evidence, LineageEdge, LineageGraph, LineageNode, NodeKind, Version


def _graph(*names: str, evidence: Evidence = Evidence.EXPLICIT) -> LineageGraph:
    nodes = tuple(
        LineageNode(
            id=name,
            kind=NodeKind.VERSION,
            depth=0,
            version=Version(namespace="lf://flights", name=name, version="a" * 64),
            dataset_type="MODEL" if "model" in name else None,
        )
        for name in names
    )
    edges = tuple(
        LineageEdge(source=one, target=other, evidence=evidence) for one, other in itertools.pairwise(names)
    )
    return LineageGraph(start=names[:1], nodes=nodes, edges=edges, truncated=False)


@pytest.mark.parametrize(
    "name", ['a"]; x -> y; b["', "a\\", 'a"', "a\nb", "<b>x</b>", "a]b", "#quot;", "`js`"]
)
def test_a_name_cannot_leave_its_label(name: str) -> None:
    in_dot = dot([_graph(name)], "flights").splitlines()
    assert 4 == len(in_dot)
    assert re.fullmatch(r'  n0 \[shape=box label="(?:[^"\\]|\\.)*"\];', in_dot[2])
    in_mermaid = mermaid([_graph(name)], "flights").splitlines()
    assert 2 == len(in_mermaid)
    assert re.fullmatch(r'  n0\["[^"<>\[\]`]*"\]', in_mermaid[1])


def test_two_graphs_are_joined_at_what_they_share() -> None:
    both = [_graph("a", "b"), _graph("b", "c")]
    assert ["  n0 -> n1;", "  n1 -> n2;"] == [line for line in dot(both, None).splitlines() if "->" in line]


def test_what_is_not_known_exactly_is_dashed() -> None:
    graph = _graph("a", "b", evidence=Evidence.UNKNOWN)
    assert "  n0 -> n1 [style=dashed];" in dot([graph], None)
    assert "  n0 -.-> n1" in mermaid([graph], None)


def test_a_model_has_its_own_shape() -> None:
    assert "shape=hexagon" in dot([_graph("model")], None)
    assert 'n0{{"' in mermaid([_graph("model")], None)
