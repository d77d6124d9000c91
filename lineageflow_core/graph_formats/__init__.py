"""Lineage graphs for other programs: drawing programs, graph databases, spreadsheets.

Pure functions over `LineageGraph`. Names in a graph come from everywhere, so each format escapes them by its
own rules: no name can leave the place that it is written to. What a format cannot tell (halves of surrogate
pairs, control characters in XML) stands there as its escape in Python.
"""

from lineageflow_core.graph_formats.csv_tables import impact_csv
from lineageflow_core.graph_formats.graph_format import GraphFormat, Rendered, archive, render
from lineageflow_core.graph_formats.merged import merged, parts_of, whole
from lineageflow_core.graph_formats.openlineage import event_lines, events_in

__all__ = [
    "GraphFormat",
    "Rendered",
    "archive",
    "event_lines",
    "events_in",
    "impact_csv",
    "merged",
    "parts_of",
    "render",
    "whole",
]
