"""The OpenLineage events that a graph follows from, word for word: other receivers make the same of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from lineageflow_core.catalog import Events
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.json_values import as_object, read_json
from lineageflow_core.model.lineage import LineageGraph, LineagePart
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Job

EventsOf = Callable[[RunId | Job], Iterable[str]]
"""Gives the events of a run, or what a job declared, as JSON, in the order in which they came."""


def openlineage(graph: LineageGraph, events_of: EventsOf) -> str:
    """Returns the events of all runs and jobs in a graph, one a line (https://jsonlines.org)."""
    return "".join(f"{event}\n" for event in _events(graph, events_of))


def event_lines(parts: Iterable[LineagePart], events_of: EventsOf) -> Iterator[bytes]:
    """Yields the events of all runs and jobs in a graph that comes in parts, a line each."""
    for part in parts:
        for event in _events(part.graph, events_of):
            yield f"{event}\n".encode()


def events_in(events: Events) -> EventsOf:
    """Returns what gives the events of a run or job, but for those that others took the place of."""

    def found(**chosen: Any) -> list[str]:
        listed = every(lambda after, limit: events.list_events(**chosen, after=after, limit=limit))
        return [event.body for event in listed if event.replaced_by is None][::-1]

    @cache
    def by_job() -> Mapping[Job, Sequence[str]]:
        declared: dict[Job, list[str]] = defaultdict(list)
        for body in found(kind=EventKind.JOB):
            job = as_object(as_object(read_json(body.encode())).get("job"))
            declared[Job(namespace=str(job.get("namespace")), name=str(job.get("name")))].append(body)
        return declared

    return lambda about: by_job().get(about, ()) if isinstance(about, Job) else found(run_id=about)


def _events(graph: LineageGraph, events_of: EventsOf) -> Iterator[str]:
    for node in graph.nodes:
        if node.run is not None:
            yield from events_of(node.run.id)
        elif node.job is not None:
            yield from events_of(node.job)
