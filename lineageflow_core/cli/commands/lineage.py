"""`lineage`, `impact` and `blame`: where data came from, and where it went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.column_view import COLUMNS, ColumnsBothWays, column_rows
from lineageflow_core.cli.commands.browse import AddressArgument
from lineageflow_core.cli.graph_files import write_graph
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.lineage_tree import grow, lines, node_cell
from lineageflow_core.cli.options import AllowQuarantinedOption, LimitOption, NodeArgument, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.table_cells import table_blame_facts
from lineageflow_core.cli.versions import version_cell, version_cells
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.graph_formats import GraphFormat, events_in, impact_csv, merged, render
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.lineage import Blame, Direction, Evidence, Impact, LineageGraph, LineageNode
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import parse_instant
from lineageflow_core.model.table_blame import TableBlame

EvidenceOption = Annotated[
    list[Evidence] | None,
    typer.Option("--evidence", metavar="HOW", help="Only along edges known so.", show_default=False),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Only over runs that had ended then.", show_default=False),
]
_DEPTH = 3
"""Runs to go in each direction where nobody says."""
_SHOWN_INPUTS = 20
"""Versions that a card in a terminal has room for."""
_HEADINGS = {Direction.UPSTREAM: "made from", Direction.DOWNSTREAM: "went into"}
_NODE_COLUMNS = (
    Column(name="direction"),
    Column(name="depth", right=True),
    Column(name="kind"),
    Column(name="node"),
    Column(name="is"),
)
_IMPACT_COLUMNS = (
    Column(name="degree", right=True),
    Column(name="state"),
    Column(name="dataset"),
    Column(name="partition"),
    Column(name="version"),
    Column(name="type"),
    Column(name="owner"),
    Column(name="made by"),
    Column(name="run"),
    Column(name="current on"),
)
_BLAME_COLUMNS = (
    Column(name="partition"),
    Column(name="version"),
    Column(name="commit"),
    Column(name="author"),
    Column(name="job"),
    Column(name="run"),
    Column(name="code"),
)


class LineageFormat(StrEnum):
    """How `lineage` draws, and what it writes for other programs."""

    TREE = "tree"
    DOT = "dot"
    MERMAID = "mermaid"
    GRAPHML = "graphml"
    CSV = "csv"
    JSON = "json"
    CYPHER = "cypher"
    NEO4J = "neo4j"
    OPENLINEAGE = "openlineage"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageBothWays:
    """What fed a node and what it fed; None where that was not asked for."""

    upstream: LineageGraph | None
    downstream: LineageGraph | None


def lineage(
    invocation: Invocation,
    node: NodeArgument,
    up: Annotated[
        int | None,
        typer.Option(
            "--up", "-u", min=0, metavar="N", help="So many runs back, and only that way.", show_default=False
        ),
    ] = None,
    down: Annotated[
        int | None,
        typer.Option(
            "--down", "-d", min=0, metavar="N", help="So many runs on, and only that way.", show_default=False
        ),
    ] = None,
    format: Annotated[  # noqa: A002 (Typer names the option after it)
        LineageFormat | None,
        typer.Option(
            "--format", help="How to draw it; else a tree, or one node a line on a pipe.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write it there; several files into a folder, or a .zip.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many nodes at most, each way.")
    ] = 300,
    evidence: EvidenceOption = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="Only what lies between it and these, as model.",
            show_default=False,
        ),
    ] = None,
    until: UntilOption = None,
    columns: Annotated[bool, typer.Option("--columns", help="Of each column, instead of the data.")] = False,
    column: Annotated[
        str | None,
        typer.Option("--column", "-c", metavar="NAME", help="Of this column.", show_default=False),
    ] = None,
) -> None:
    """Draw what data was made from, and went into.

    By default three runs back and three on, at exact versions.
    """
    start = invocation.places.node(node)
    catalog = invocation.catalog
    if up is None and down is None:
        up = down = _DEPTH
    wanted = {Direction.UPSTREAM: up, Direction.DOWNSTREAM: down}
    if columns or column is not None:
        if evidence or types or until or format is not None:
            raise InvalidInputError("columns are shown as a table, and of all runs: leave the filters out")
        _columns(invocation, start, column, wanted, limit)
        return
    graphs = {
        direction: catalog.lineage.trace(
            start,
            direction=direction,
            depth=depth,
            limit=limit,
            evidence=evidence,
            dataset_types=types,
            until=parse_instant(until) if until else None,
        )
        for direction, depth in wanted.items()
        if depth is not None
    }
    output, home = invocation.output, invocation.places.home
    if format is not None and format is not LineageFormat.TREE:
        graph, events = merged(graphs.values()), events_in(catalog.events)
        write_graph(output, render(graph, GraphFormat(format.value), events=events), out)
        _note_cut_off(invocation, graphs, limit)
        return
    if out is not None:
        raise InvalidInputError("--output is for what other programs read: say what with --format")
    output.document(
        LineageBothWays(upstream=graphs.get(Direction.UPSTREAM), downstream=graphs.get(Direction.DOWNSTREAM))
    )
    if format is LineageFormat.TREE or output.is_terminal:
        output.tree(_tree(start, graphs, home))
    else:
        output.table(_NODE_COLUMNS, _node_rows(graphs))
    _note_cut_off(invocation, graphs, limit)


def _columns(
    invocation: Invocation,
    start: str,
    column: str | None,
    wanted: dict[Direction, int | None],
    limit: int,
) -> None:
    graphs = {
        direction: invocation.catalog.lineage.trace_columns(
            start, direction=direction, column=column, depth=depth, limit=limit
        )
        for direction, depth in wanted.items()
        if depth is not None
    }
    output = invocation.output
    output.document(
        ColumnsBothWays(upstream=graphs.get(Direction.UPSTREAM), downstream=graphs.get(Direction.DOWNSTREAM))
    )
    output.table(COLUMNS, column_rows(graphs, invocation.places.home))
    if any(graph.truncated for graph in graphs.values()):
        output.note(f"there are more than {limit} columns; ask for more with --limit")


def impact(
    invocation: Invocation,
    node: NodeArgument,
    depth: Annotated[
        int | None,
        typer.Option("--depth", min=0, metavar="N", help="At most so many runs away.", show_default=False),
    ] = None,
    evidence: EvidenceOption = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only these, as model.", show_default=False),
    ] = None,
    until: UntilOption = None,
    limit: LimitOption = 0,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, with a line of headings.")] = False,
) -> None:
    """List what was derived from a run or version, and whose it is.

    Tainted is what cannot be trusted if that is bad: no clean run ever made the same content.
    """
    start, home = invocation.places.node(node), invocation.places.home
    lineage, instant = invocation.catalog.lineage, parse_instant(until) if until else None
    found = every(
        lambda after, limit: lineage.impact(
            start,
            depth=depth,
            evidence=evidence,
            dataset_types=types,
            until=instant,
            after=after,
            limit=limit,
        )
    )
    if csv and not invocation.output.json:
        for line in impact_csv(islice(found, most_of(limit))):
            invocation.output.text(line)
        return
    tainted = current = 0

    def row(item: Impact) -> Sequence[cells.Cell]:
        nonlocal tainted, current
        tainted += item.tainted
        current += bool(item.current)
        return _impact_row(item, home)

    number = invocation.output.listing(found, _IMPACT_COLUMNS, row, most=most_of(limit))
    if not invocation.output.json:
        invocation.output.note(
            f"{cells.plural(number, 'version')} derived, {tainted} tainted, {current} current on a branch"
        )


def blame(
    invocation: Invocation,
    address: AddressArgument,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="COLUMN=VALUE",
            help="The row of a table with this value. May be repeated.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option("--column", "-c", metavar="NAME", help="This column of a table.", show_default=False),
    ] = None,
    partitions: Annotated[
        bool, typer.Option("--partitions", help="One line for each partition of the dataset.")
    ] = False,
    limit: LimitOption = 30,
    allow_quarantined: AllowQuarantinedOption = False,
) -> None:
    """Show which commit, run and code made data.

    With --key or --column, which one made a row, a column, or one value. With --partitions, which one made
    each partition.
    """
    place = invocation.places.located(address)
    assert place.ref is not None  # `located` fills it in
    if partitions:
        if key or column is not None:
            raise InvalidInputError("--partitions tells of whole partitions: leave --key and --column out")
        _blame_partitions(invocation, place.repository, place.ref, place.path, limit)
        return
    of_table: TableBlame | None = None
    if key:
        row = dict(map(_column_and_value, key))
        of_table = invocation.catalog.tables.blame_row(
            place.repository,
            place.ref,
            place.path,
            row,
            column=column,
            allow_quarantined=allow_quarantined,
        )
        invocation.warn(of_table.notices)
    elif column is not None:
        of_table = invocation.catalog.tables.blame_column(place.repository, place.ref, place.path, column)
    found = (
        of_table.blame
        if of_table
        else invocation.catalog.lineage.blame(place.repository, place.ref, place.path)
    )
    invocation.output.document(of_table or found)
    commit = invocation.catalog.refs.resolve(place.repository, found.commit)
    most = _SHOWN_INPUTS if invocation.output.is_terminal else None
    facts = _blame_facts(found, commit, invocation.places.home, most)
    invocation.output.card(chain(facts, table_blame_facts(of_table)) if of_table else facts)


def _blame_partitions(invocation: Invocation, repository: str, ref: str, dataset: str, limit: int) -> None:
    lineage = invocation.catalog.lineage
    found = every(
        lambda after, limit: lineage.blame_partitions(repository, ref, dataset, after=after, limit=limit)
    )
    invocation.output.listing(found, _BLAME_COLUMNS, _blame_row, most=most_of(limit))


def _blame_row(found: Blame) -> Sequence[cells.Cell]:
    run = found.run
    return (
        cells.text(found.version.partition, "name"),
        cells.short_id(found.version.version),
        cells.short_id(found.commit),
        cells.text(found.author),
        cells.text(run.job.name if run else None),
        cells.short_id(run.id if run else None, "run"),
        cells.code(run.code if run else None),
    )


def _column_and_value(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not column or not equals:
        raise InvalidInputError(f"--key is COLUMN=VALUE, as in id=42, not {text!r}")
    return column, value


def _note_cut_off(invocation: Invocation, graphs: dict[Direction, LineageGraph], limit: int) -> None:
    if any(graph.truncated for graph in graphs.values()):
        invocation.output.note(
            f"there are more than {limit} nodes; ask for more with --limit, or start nearer"
        )


def _tree(
    start: str, graphs: dict[Direction, LineageGraph], home: str | None
) -> Iterator[tuple[str, cells.Cell]]:
    any_graph = next(iter(graphs.values()))
    is_one = len(any_graph.start) == 1
    root = next((node for node in any_graph.nodes if is_one and node.id == any_graph.start[0]), None)
    yield "", node_cell(root, home) if root else cells.text(start, "name")
    for direction, graph in graphs.items():
        limbs = grow(graph, direction)
        below = limbs[0].limbs if is_one and limbs else limbs
        yield "", cells.text(_HEADINGS[direction] + ("" if below else ": nothing that is known"), "dim")
        yield from lines(below, home)


def _node_rows(graphs: dict[Direction, LineageGraph]) -> Iterator[Sequence[cells.Cell]]:
    for direction, graph in graphs.items():
        for node in graph.nodes:
            yield (
                cells.text(direction.value),
                cells.count(node.depth),
                cells.text(node.kind.value),
                cells.text(node.id),
                _what_it_is(node),
            )


def _what_it_is(node: LineageNode) -> cells.Cell:
    return cells.text(node.run.job.name if node.run else node.dataset_type)


def _impact_row(item: Impact, home: str | None) -> Sequence[cells.Cell]:
    state = cells.marked("⊘", "tainted", "tainted") if item.tainted else cells.marked("✓", "ok", "clean")
    return (
        cells.count(item.degree),
        state,
        *version_cells(item.version, home),
        cells.text(item.dataset_type.lower() if item.dataset_type else None, "dim"),
        cells.joined(cells.text(owner) for owner in item.owners),
        cells.text(item.produced_by.job.name),
        cells.short_id(item.produced_by.id, "run"),
        cells.joined(cells.text(branch, "ref") for branch in item.current),
    )


def _blame_facts(
    found: Blame, commit: Commit, home: str | None, most: int | None
) -> Iterator[tuple[str, cells.Cell]]:
    dataset, partition, version = version_cells(found.version, home)
    yield "dataset", dataset
    yield "partition", partition
    yield "version", version
    yield "commit", cells.short_id(found.commit)
    yield "message", cells.text(commit.message.partition("\n")[0])
    yield "author", cells.text(found.author)
    yield "date", cells.instant(commit.created_at)
    if found.origin != found.commit:  # it was merged, picked or restored
        yield "made in", cells.short_id(found.origin)
        yield "made by", cells.text(found.made_by)
    if found.run is None:
        yield "run", cells.only_shown("none that is known: put by a person, or by what tells nothing")
        return
    yield "run", cells.text(found.run.id, "run")
    yield "state", cells.run_state(found.run.state)
    yield "job", cells.text(found.run.job.name, "name")
    if found.pipeline != found.run.id:
        yield "pipeline", cells.text(found.pipeline, "run")
    yield "code", cells.code(found.run.code)
    if found.run.code is not None:
        yield "from", cells.text(found.run.code.repository_url)
        yield "file", cells.text(found.run.code.path)
    for version_read in islice(found.inputs, most):
        yield "made from", version_cell(version_read, home)
    if most is not None and len(found.inputs) > most:
        yield "", cells.only_shown(f"and {len(found.inputs) - most} more; `lineageflow runs show` lists all")
