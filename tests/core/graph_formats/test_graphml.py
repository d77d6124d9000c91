from xml.etree import ElementTree as ET

from hypothesis import given

from lineageflow_core.graph_formats.attributes import NODE_ATTRIBUTES, node_attributes
from lineageflow_core.graph_formats.graphml import graphml
from lineageflow_core.graph_formats.text import on_one_line
from lineageflow_core.model.lineage import LineageGraph
from tests.core.graph_formats.graphs import chain, graphs, version_node

_IN = "{http://graphml.graphdrawing.org/xmlns}"


@given(graphs())
def test_a_parser_of_xml_reads_all_that_is_known(graph: LineageGraph) -> None:
    found = ET.fromstring(graphml(graph).encode())
    nodes = [
        {data.attrib["key"].removeprefix("node_"): data.text or "" for data in node}
        for node in found.iter(f"{_IN}node")
    ]
    expected = [{key: _told(value) for key, value in node_attributes(node).items()} for node in graph.nodes]
    assert expected == nodes
    ids = [node.attrib["id"] for node in found.iter(f"{_IN}node")]
    edges = [
        (edge.attrib["source"], edge.attrib["target"], edge[0].text) for edge in found.iter(f"{_IN}edge")
    ]
    names = dict(zip((node.id for node in graph.nodes), ids, strict=True))
    assert [(names[each.source], names[each.target], each.evidence.value) for each in graph.edges] == edges


def test_every_key_is_declared() -> None:
    found = ET.fromstring(graphml(chain(version_node("a"))).encode())
    declared = [key.attrib["attr.name"] for key in found.iter(f"{_IN}key")]
    assert [*NODE_ATTRIBUTES, "evidence"] == declared


def test_line_breaks_and_tabs_are_kept() -> None:
    found = ET.fromstring(graphml(chain(version_node("a\r\n\tb "))).encode())
    told = {data.attrib["key"]: data.text for data in found.iter(f"{_IN}data")}
    assert "a\r\n\tb " == told["node_name"]


def _told(text: str) -> str:
    return "".join(each if each in "\t\r\n" else on_one_line(each) for each in text)
