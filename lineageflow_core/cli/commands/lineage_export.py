"""`lineage export`: the whole graph, or that of a namespace, for other programs."""

from typing import Annotated

import typer

from lineageflow_core.cli.graph_files import write_graph, write_lines
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import GraphFileOption
from lineageflow_core.graph_formats import GraphFormat, event_lines, events_in, parts_of, render, whole


def export(
    invocation: Invocation,
    format: Annotated[  # noqa: A002 (Typer names the option after it)
        GraphFormat, typer.Option("--format", help="What to write.")
    ] = GraphFormat.JSON,
    namespace: Annotated[
        str | None,
        typer.Option(
            "--namespace",
            metavar="NAMESPACE",
            help="Only runs that touched a dataset in it, as lf://repository.",
            show_default=False,
        ),
    ] = None,
    out: GraphFileOption = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many nodes at most.")
    ] = 100_000,
) -> None:
    """Write the whole graph of runs and versions for another program.

    Events (--format openlineage) have no limit.
    """
    catalog, output = invocation.catalog, invocation.output
    parts, events = parts_of(catalog.lineage, namespace), events_in(catalog.events)
    if format is GraphFormat.OPENLINEAGE:
        write_lines(output, event_lines(parts, events), out)
        return
    graph = whole(parts, limit=limit)
    write_graph(output, render(graph, format, events=events), out)
    if graph.truncated:
        output.note(f"there are more than {limit} nodes; ask for more with --limit, or for one --namespace")
