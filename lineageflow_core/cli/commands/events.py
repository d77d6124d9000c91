"""`events`: the log of what producers said, and what is wrong with some of it."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import LimitOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.run_ids import find_run
from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.event import Event, EventKind
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import parse_instant
from lineageflow_core.wire.events import decode_event, decode_events

_COLUMNS = (
    Column(name="event"),
    Column(name="kind"),
    Column(name="at"),
    Column(name="received"),
    Column(name="run"),
    Column(name="problem", shrinks=True),
)
_AT_ONCE = 500
"""Events that are handed in together."""

EventArgument = Annotated[
    str,
    typer.Argument(metavar="EVENT", help="Its id, or the first 8 characters or more.", show_default=False),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of the events of a file."""

    received: int
    duplicates: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What reading all events with problems again has given."""

    read: int
    mended: tuple[str, ...]


def list_events(
    invocation: Invocation,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="Only about this run.", show_default=False)
    ] = None,
    kind: Annotated[
        EventKind | None, typer.Option("--kind", help="Only of this kind.", show_default=False)
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Only what happened from then on (ISO 8601).", show_default=False
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="TIME", help="Only what happened before (ISO 8601).", show_default=False
        ),
    ] = None,
    problems: Annotated[
        bool, typer.Option("--problems", help="Only those with a problem, and nothing in their place.")
    ] = False,
    limit: LimitOption = 30,
) -> None:
    """List events as they came, the last first."""
    catalog = invocation.catalog
    chosen: dict[str, Any] = {
        "run_id": find_run(catalog, run.removeprefix("run:")) if run else None,
        "kind": kind,
        "since": parse_instant(since) if since else None,
        "until": parse_instant(until) if until else None,
        "with_problems": problems,
    }
    found = every(
        lambda after, size: catalog.events.list_events(**chosen, after=after, limit=size),
        most=limit + 1 if limit else None,
    )
    invocation.output.listing(found, _COLUMNS, _row, most=most_of(limit))


def show_event(
    invocation: Invocation,
    event: EventArgument,
    body: Annotated[
        bool, typer.Option("--body", help="Only the event itself, as JSON: to be mended in an editor.")
    ] = False,
) -> None:
    """Show an event, and what is wrong with it."""
    found = invocation.catalog.events.get_event(event)
    output = invocation.output
    output.document(found)
    if not body:
        output.card(_facts(found))
    if body or output.is_terminal:
        # ASCII, so that nothing in it can steer a terminal, and every editor saves it as it is.
        output.text(json.dumps(json.loads(found.body), indent=2) + "\n")


def replay_events(invocation: Invocation) -> None:
    """Read all events with problems again, as this version understands them."""
    events, output = invocation.catalog.events, invocation.output
    read, after = 0, None
    mended: list[str] = []
    with output.counting("reading again", "events") as advance:
        while True:
            replayed = events.replay_events(after=after)
            read += replayed.read
            mended += replayed.mended
            after = replayed.next
            advance(replayed.read, None)
            if after is None:
                break
    output.document(Replayed(read=read, mended=tuple(mended)))
    for event_id in mended:
        output.line(cells.short_id(event_id))
    output.note(f"{cells.plural(read, 'event')} read again, {len(mended)} without a problem now")


def post_events(
    invocation: Invocation,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Events, one a line or in a JSON list; '-' is stdin.", show_default=False
        ),
    ],
    replaces: Annotated[
        str | None,
        typer.Option(
            "--replaces",
            metavar="EVENT",
            help="The event with a problem whose place the one in FILE takes.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Hand events in from a file, as a producer would over HTTP.

    What came before counts once, so a file may be posted again.
    """
    with _opened(file) as stream:
        if replaces is None:
            _post(invocation, _events_in(stream, file))
        else:
            _replace(invocation, replaces, list(_events_in(stream, file)))


def _post(invocation: Invocation, events: Iterable[Any]) -> None:
    received, duplicates, problems = 0, 0, []
    output = invocation.output
    with output.counting("posting", "events") as advance:
        for some in _in_parts(events):
            report = invocation.catalog.lineage.ingest(some)
            problems += [
                f"event {received + index}: {receipt.problem}"
                for index, receipt in enumerate(report.receipts)
                if receipt.problem
            ]
            received += report.received
            duplicates += report.duplicates
            advance(len(some), None)
    output.document(Posted(received=received, duplicates=duplicates, problems=tuple(problems)))
    output.card(
        [
            ("received", cells.count(received)),
            ("duplicates", cells.count(duplicates)),
            ("with problems", cells.count(len(problems))),
        ]
    )
    for problem in problems:
        output.note(problem)


def _replace(invocation: Invocation, replaced: str, events: Sequence[Any]) -> None:
    if len(events) != 1 or not isinstance(events[0], dict):
        raise InvalidInputError(f"one event takes the place of {replaced}; the file has {len(events)}")
    receipt = invocation.catalog.events.replace_event(replaced, events[0])
    invocation.output.document(receipt)
    invocation.output.line(cells.short_id(receipt.id))
    if receipt.problem:
        invocation.output.note(f"it has a problem, too: {receipt.problem}")


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = open(file, "rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise NotFoundError(f"{file} cannot be read: {error.strerror}") from None
    with stream:
        yield stream


def _events_in(stream: BinaryIO, file: str) -> Iterator[Any]:
    """Yields the events of a file: one a line, or as one JSON document. Of lines, one is held at a time."""
    begin, first = next(((at, line) for at, line in enumerate(stream, 1) if line.strip()), (1, b""))
    try:
        event = decode_event(first)
        is_line = isinstance(event, dict) and not isinstance(event.get("events"), list)
    except InvalidInputError:
        is_line = False  # a document that goes on
    if not is_line:
        yield from decode_events(first + stream.read())
        return
    yield event
    for number, line in enumerate(stream, begin + 1):
        if line.strip():
            try:
                yield decode_event(line)
            except InvalidInputError as error:
                raise InvalidInputError(
                    f"line {number} of {file}: {error.message}; what stands before it may be stored already"
                ) from None


def _in_parts(events: Iterable[Any]) -> Iterator[list[Any]]:
    part: list[Any] = []
    for event in events:
        part.append(event)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _row(event: Event) -> tuple[cells.Cell, ...]:
    return (
        cells.short_id(event.id),
        cells.text(event.kind.value),
        cells.when(event.at),
        cells.when(event.received_at),
        cells.short_id(event.run_id, "run"),
        cells.text(event.problem, "failed"),
    )


def _facts(event: Event) -> Iterator[tuple[str, cells.Cell]]:
    yield "event", cells.text(event.id, "id")
    yield "kind", cells.text(event.kind.value)
    yield "run", cells.text(event.run_id, "run")
    yield "at", cells.instant(event.at)
    yield "received", cells.instant(event.received_at)
    yield "problem", cells.text(event.problem, "failed")
    yield "warning", cells.text(event.warning)
    yield "replaced by", cells.text(event.replaced_by, "id")
