"""`events import-marquez`: the events of a running Marquez, into this lake."""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.model.refs import parse_instant
from lineageflow_core.remote.marquez import MarquezServer

KEY_VARIABLE = "MARQUEZ_API_KEY"
"""Where Marquez's own clients find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEvents:
    """What became of the events of a Marquez."""

    received: int
    duplicates: int
    problems: int
    reached: datetime | None
    """The time of the last of them: to go on from there later."""


def import_marquez(
    invocation: Invocation,
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="The Marquez: http://localhost:5000.", show_default=False),
    ],
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Only what happened from then on (ISO 8601).", show_default=False
        ),
    ] = None,
) -> None:
    """Import all events of a running Marquez.

    What is there already counts once, so it may be called again, and goes on with --since.
    """
    server = MarquezServer(url, token=os.environ.get(KEY_VARIABLE))
    output, ingest = invocation.output, invocation.catalog.lineage.ingest
    received = duplicates = problems = 0
    reached: datetime | None = None
    try:
        with output.counting("importing", "events") as advance:
            for page in server.events(parse_instant(since) if since else None):
                report = ingest(page.events)
                received += report.received
                duplicates += report.duplicates
                problems += sum(receipt.problem is not None for receipt in report.receipts)
                reached = page.reached or reached
                advance(len(page.events), page.total)
    except BaseException:
        if reached is not None:
            output.note(f"{cells.plural(received, 'event')} imported; go on with --since {_text(reached)}")
        raise
    output.document(
        ImportedEvents(received=received, duplicates=duplicates, problems=problems, reached=reached)
    )
    output.card(
        [
            ("received", cells.count(received)),
            ("duplicates", cells.count(duplicates)),
            ("with problems", cells.count(problems)),
            ("up to", cells.instant(reached)),
        ]
    )


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
