"""`events check`: what of the facets in the log is not as the specification has them."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import LimitOption
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.run_ids import find_run
from lineageflow_core.model.event import Event
from lineageflow_core.model.page import every
from lineageflow_core.openlineage.conformance import Departure, departures

_COLUMNS = (
    Column(name="events", right=True),
    Column(name="where", shrinks=True),
    Column(name="what", shrinks=True),
    Column(name="for instance"),
)
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Departing:
    """Events of which one thing is not as the specification has it."""

    events: int
    where: str
    what: str
    example: str
    """The id of the last of them."""


def check_events(
    invocation: Invocation,
    event: Annotated[
        str | None,
        typer.Option(
            "--event",
            metavar="EVENT",
            help="Only this one: its id, or 8 characters or more.",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="Only about this run.", show_default=False)
    ] = None,
    limit: LimitOption = 1000,
) -> None:
    """Tell what of the facets of events is not as the specification has them.

    Nothing counts less for it: what can be understood of a facet is, and all of it is kept.
    """
    catalog, output = invocation.catalog, invocation.output
    if event is not None:
        looked_at: Iterable[Event] = [catalog.events.get_event(event)]
    else:
        run_id = find_run(catalog, run.removeprefix("run:")) if run else None
        looked_at = every(
            lambda after, size: catalog.events.list_events(run_id=run_id, after=after, limit=size),
            most=limit or None,
        )
    with output.waiting("checking"):
        found = _departing(looked_at)
    output.listing(found, _COLUMNS, _row, most=None)
    if not found:
        output.note("all facets are as the specification has them")


def _departing(events: Iterable[Event]) -> list[Departing]:
    by_place: dict[Departure, list[str]] = {}
    for event in events:
        for place, said in dict.fromkeys(map(_anywhere, departures(json.loads(event.body)))):
            by_place.setdefault(Departure(place, said), []).append(event.id)
    found = (
        Departing(events=len(ids), where=where, what=what, example=ids[0])
        for (where, what), ids in by_place.items()
    )
    return sorted(found, key=lambda each: (-each.events, each.where, each.what))


def _anywhere(found: Departure) -> Departure:
    """Returns it without places in lists: what is wrong is so in all of them."""
    return Departure(_INDEX.sub("[]", found.place), found.said)


def _row(found: Departing) -> tuple[cells.Cell, ...]:
    return (
        cells.count(found.events),
        cells.text(found.where),
        cells.text(found.what),
        cells.short_id(found.example),
    )
