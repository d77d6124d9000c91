"""Nodes, edges and impacts as CSV (RFC 4180), for spreadsheets and data frames.

A cell that a spreadsheet would take for a formula begins with an apostrophe, which is how spreadsheets mark
text (OWASP, "CSV Injection").
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from lineageflow_core.graph_formats.attributes import (
    EDGE_ATTRIBUTES,
    IMPACT_ATTRIBUTES,
    NODE_ATTRIBUTES,
    edge_attributes,
    impact_attributes,
    node_attributes,
)
from lineageflow_core.graph_formats.text import in_utf8
from lineageflow_core.model.lineage import Impact, LineageGraph

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (full width, too)


def csv_tables(graph: LineageGraph) -> dict[str, str]:
    """Returns the files `nodes.csv` and `edges.csv`."""
    nodes, edges = map(node_attributes, graph.nodes), map(edge_attributes, graph.edges)
    return {
        "nodes.csv": table(NODE_ATTRIBUTES, (_row(NODE_ATTRIBUTES, node) for node in nodes)),
        "edges.csv": table(EDGE_ATTRIBUTES, (_row(EDGE_ATTRIBUTES, edge) for edge in edges)),
    }


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns rows below their heading as CSV, every cell as it is."""
    return _lines([heading, *rows])


def impact_csv(impacts: Iterable[Impact]) -> Iterator[str]:
    """Yields the lines of an impact as CSV, one a version, below their heading."""
    yield table(IMPACT_ATTRIBUTES, ())
    for impact in impacts:
        yield _lines([_row(IMPACT_ATTRIBUTES, impact_attributes(impact))])


def _row(names: Sequence[str], values: dict[str, str]) -> list[str]:
    return [no_formula(values.get(name, "")) for name in names]


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    # A cell in quotes may hold anything; what stands without may be trimmed, or end a line.
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([in_utf8(cell) for cell in row] for row in rows)
    return text.getvalue()


def no_formula(cell: str) -> str:
    """Returns a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
