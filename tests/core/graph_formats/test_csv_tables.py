import csv
import io

import pytest
from hypothesis import given

from lineageflow_core.graph_formats.attributes import NODE_ATTRIBUTES, node_attributes
from lineageflow_core.graph_formats.csv_tables import csv_tables
from lineageflow_core.graph_formats.text import in_utf8
from lineageflow_core.model.lineage import LineageGraph
from tests.core.graph_formats.graphs import chain, graphs, run_node, version_node


@given(graphs())
def test_every_node_and_edge_is_a_row(graph: LineageGraph) -> None:
    files = {
        name: list(csv.reader(io.StringIO(text, newline=""))) for name, text in csv_tables(graph).items()
    }
    heading, *rows = files["nodes.csv"]
    assert list(NODE_ATTRIBUTES) == heading
    assert [
        [in_utf8(node_attributes(node).get(name, "")) for name in NODE_ATTRIBUTES] for node in graph.nodes
    ] == [[cell.removeprefix("'") if _was_marked(cell) else cell for cell in row] for row in rows]
    assert ["source", "target", "evidence"] == files["edges.csv"][0]
    assert len(graph.edges) == len(files["edges.csv"]) - 1


@given(graphs())
def test_no_cell_is_a_formula(graph: LineageGraph) -> None:
    for text in csv_tables(graph).values():
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@pytest.mark.parametrize("job", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", " =1"])
def test_what_looks_like_a_formula_is_marked_as_text(job: str) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_tables(chain(run_node("1", job)))["nodes.csv"], newline="")))
    assert f"'{job}" == rows[0]["job"]


def test_a_value_is_exact_otherwise() -> None:
    rows = list(
        csv.DictReader(io.StringIO(csv_tables(chain(version_node('a"b\r\nc,')))["nodes.csv"], newline=""))
    )
    assert 'a"b\r\nc,' == rows[0]["name"]


def _was_marked(cell: str) -> bool:
    return cell.startswith("'") and cell[1:].lstrip(" ").startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
    )
