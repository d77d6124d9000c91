"""`watch`: what happens in a lake, as it happens."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.model.live import LiveEntry, LiveKind
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.wire.codec import encode

_PAUSE_SECONDS = 1.0
_COLUMNS = (
    Column(name="place"),
    Column(name="time"),
    Column(name="kind"),
    Column(name="what"),
    Column(name="id"),
    Column(name="where"),
)


def watch(
    invocation: Invocation,
    after: Annotated[
        str | None,
        typer.Option(
            "--after",
            metavar="PLACE",
            help="Go on behind this place; 0.0 is before everything. Else from now on.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        list[LiveKind] | None,
        typer.Option("--kind", help="Only this kind. May be repeated.", show_default=False),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Only what is there already.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, metavar="N", help="Stop after so many; 0 is never.")
    ] = 0,
) -> None:
    """Show runs, versions, commits, moves of refs, and applied plans, as they happen.

    With -R only those of a repository. Each line begins with its place, behind which `--after` goes on.
    """
    output = invocation.output
    for entry in islice(_entries(invocation, after, tuple(kind or ()), once=once), most_of(limit)):
        if output.json:
            output.content.write(encode(entry) + b"\n")  # one document a line: there is no end of them
        else:
            output.table(_COLUMNS, [_row(entry)])
        output.flush()


def _entries(
    invocation: Invocation, after: str | None, kinds: tuple[LiveKind, ...], *, once: bool
) -> Iterator[LiveEntry]:
    live, repository = invocation.catalog.live, invocation.options.repository
    place = after
    while True:
        found = live.changes(after=place, kinds=kinds, repository=repository, limit=MAX_LIMIT)
        yield from found.items
        place = found.next
        if found.more:
            continue
        if once:
            return
        time.sleep(_PAUSE_SECONDS)


def _row(entry: LiveEntry) -> tuple[cells.Cell, ...]:
    where = entry.ref if entry.ref is not None else entry.job
    return (
        cells.text(entry.place, "dim"),
        cells.instant(entry.at) if entry.at is not None else cells.text(""),
        cells.text(entry.kind.value),
        cells.text(entry.what),
        cells.text(entry.id, "name"),
        cells.text(where),
    )
