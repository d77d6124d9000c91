"""The words of a property graph, and Cypher and Neo4j's files, which use them."""

import csv
import io
import re

import pytest
from hypothesis import example, given

from lineageflow_core.graph_formats.cypher import cypher, literal
from lineageflow_core.graph_formats.neo4j import neo4j
from lineageflow_core.graph_formats.property_graph import property_nodes, property_relations
from lineageflow_core.graph_formats.text import in_utf8
from lineageflow_core.model.lineage import LineageGraph
from tests.core.graph_formats.graphs import HOSTILE, TEXTS, chain, graphs, run_node, version_node

_STRING = r"'(?:[^'\\]|\\[^u]|\\u[0-9a-f]{4})*'(?: \+ '(?:[^'\\]|\\[^u]|\\u[0-9a-f]{4})*')*"
_NODE = rf"\(%s:LineageNode {{id: {_STRING}}}\)"
_EDGE = r"\(v\)-\[e:[A-Z_]+\]->\(r\)"
_STATEMENT = re.compile(
    "|".join(
        (
            r"CREATE CONSTRAINT lineage_node_id IF NOT EXISTS FOR \(n:LineageNode\) REQUIRE n\.id IS UNIQUE;",
            rf"MERGE {_NODE % 'n'} SET n(?::[A-Za-z]+)+, n \+= {{(?:[a-z_]+: {_STRING}(?:, )?)*}};",
            rf"MATCH {_NODE % 'v'}, {_NODE % 'r'} MERGE {_EDGE} SET e\.evidence = {_STRING};",
        )
    )
)


def test_what_is_read_and_made_is_called_by_what_it_is() -> None:
    raw, load, table = version_node("raw"), run_node("1"), version_node("table")
    train, model = run_node("2"), version_node("model", "MODEL")
    predict, scores, metric = run_node("3"), version_node("scores"), version_node("f1", "METRIC")
    graph = chain(raw, load, table, train, model, predict, scores, run_node("4"), metric)
    assert {
        raw.id: ["DataSource"],
        load.id: ["ETLProcess"],
        table.id: ["Output", "DataSource"],
        train.id: ["ETLProcess"],
        model.id: ["MLModel"],
        predict.id: ["ETLProcess"],
        scores.id: ["Output", "DataSource"],
        "run:4": ["ETLProcess"],
        metric.id: ["Metric"],
    } == {node.id: list(node.labels) for node in property_nodes(graph)}
    assert [
        (raw.id, "INGESTED_BY", load.id),
        (table.id, "TRANSFORMED_BY", load.id),
        (table.id, "USED_IN", train.id),
        (model.id, "TRANSFORMED_BY", train.id),
        (model.id, "USED_IN", predict.id),
        (scores.id, "TRANSFORMED_BY", predict.id),
        (scores.id, "INGESTED_BY", "run:4"),
        (metric.id, "TRANSFORMED_BY", "run:4"),
    ] == [(each.version, each.type, each.run) for each in property_relations(graph)]


@given(graphs())
def test_every_line_of_cypher_is_one_of_three_statements(graph: LineageGraph) -> None:
    lines = cypher(graph).split("\n")
    assert "" == lines.pop()
    assert 1 + len(graph.nodes) + len(graph.edges) == len(lines)
    assert [] == [line for line in lines if not _STATEMENT.fullmatch(line)]


@given(TEXTS)
@example("\\u0027")
@example("\\\\u0027 //")
@example("\\\u202e' //")
def test_a_string_in_cypher_is_the_text_for_old_and_new_parsers(text: str) -> None:
    written = literal(text)
    assert in_utf8(text) == _read(written)
    assert in_utf8(text) == _read(_unicode_first(written))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_string_in_cypher_is_one_line_in_plain_sight(name: str) -> None:
    assert literal(name).isprintable()


@given(graphs())
def test_files_for_neo4j_hold_exact_values(graph: LineageGraph) -> None:
    files = {name: list(csv.DictReader(io.StringIO(text, newline=""))) for name, text in neo4j(graph).items()}
    nodes = list(property_nodes(graph))
    assert [(in_utf8(node.id), ";".join(("LineageNode", *node.labels))) for node in nodes] == [
        (row["id:ID"], row[":LABEL"]) for row in files["nodes.csv"]
    ]
    assert [{key: in_utf8(value) for key, value in node.properties.items()} for node in nodes] == [
        {key: value for key, value in row.items() if value and ":" not in key} for row in files["nodes.csv"]
    ]
    assert [(in_utf8(each.version), in_utf8(each.run), each.type) for each in property_relations(graph)] == [
        (row[":START_ID"], row[":END_ID"], row[":TYPE"]) for row in files["relationships.csv"]
    ]


def _read(expression: str) -> str:
    """Reads strings that are put together, as openCypher's grammar has them."""
    parts = re.findall(r"'((?:[^'\\]|\\.)*)'(?: \+ |$)", expression, re.DOTALL)
    plain = {"n": "\n", "r": "\r", "t": "\t"}

    def escaped(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else plain.get(match[2], match[2])

    return "".join(re.sub(r"\\(?:u([0-9a-f]{4})|(.))", escaped, part, flags=re.DOTALL) for part in parts)


def _unicode_first(expression: str) -> str:
    """What Neo4j 4 makes of a query before it parses it."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), expression)
