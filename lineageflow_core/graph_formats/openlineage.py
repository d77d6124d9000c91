"""The OpenLineage events that a graph follows from, word for word: other receivers make the same of them."""

from collections.abc import Callable, Iterable, Iterator

from lineageflow_core.catalog import Events
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import LineageGraph, LineagePart
from lineageflow_core.model.page import MAX_LIMIT, every

EventsOf = Callable[[RunId], Iterable[str]]
"""Gives the events of a run as JSON, in the order in which they came."""


def openlineage(graph: LineageGraph, events_of: EventsOf) -> str:
    """Returns the events of all runs in a graph, one a line (https://jsonlines.org)."""
    return "".join(f"{event}\n" for event in _events(graph, events_of))


def event_lines(parts: Iterable[LineagePart], events_of: EventsOf) -> Iterator[bytes]:
    """Yields the events of all runs in a graph that comes in parts, a line each."""
    for part in parts:
        for event in _events(part.graph, events_of):
            yield f"{event}\n".encode()


def events_in(events: Events) -> EventsOf:
    """Returns what gives the events of a run in a lake, but for those that others took the place of."""

    def of(run_id: RunId) -> list[str]:
        found = every(
            lambda after, limit: events.list_events(run_id=run_id, after=after, limit=min(limit, MAX_LIMIT))
        )
        return [event.body for event in found if event.replaced_by is None][::-1]

    return of


def _events(graph: LineageGraph, events_of: EventsOf) -> Iterator[str]:
    for node in graph.nodes:
        if node.run is not None:
            yield from events_of(node.run.id)
