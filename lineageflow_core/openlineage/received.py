"""An event on its way in: what is stored of it, and what was understood, worked out once.

Reading an event takes longer than storing it, and waits for nobody; so whoever hands one in may read it
first (`receive`), and only what is left stands in the queue of the store.

Two things are said about an event. A *problem* is what could not be understood, and counts for nothing. A
*warning* is what the specification (core 2-0-2) does not allow, and was understood all the same. Neither
stops an event from being stored.
"""

import json
import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lineageflow_core.model.event import EventKind
from lineageflow_core.model.json_values import read_json
from lineageflow_core.openlineage.canonical import canonical_json, event_digest
from lineageflow_core.openlineage.parse import ParsedEvent, parse_event, parse_text, parse_uuid
from lineageflow_core.openlineage.record import Said, say
from lineageflow_core.store.ports import StoredEvent

_LONGEST = 2000
"""Characters of what is said about one event: a hostile one could be wrong in a million places."""
_KINDS = {kind.value: kind for kind in (EventKind.RUN, EventKind.DATASET, EventKind.JOB)}
_FINER_THAN_MICROSECONDS = re.compile(r"[.,]\d{7}")


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event that was read already: whoever takes events takes it as one, and reads it no second time.

    What it was read from is not kept: thousands may wait, and `stored.body` says all of it.
    """

    stored: StoredEvent
    said: Said


def receive(event: object, *, at: datetime) -> ReceivedEvent:
    """Reads an event that came at an instant, in UTC. Never raises on account of what it holds."""
    if isinstance(event, ReceivedEvent):
        return event
    stored, parsed = _understand(event, at)
    return ReceivedEvent(stored, say(parsed, stored.digest))


def receive_again(stored: StoredEvent) -> ReceivedEvent:
    """Reads a stored event as this version understands it."""
    received_at = stored.received_at or datetime.now(UTC)
    return receive(read_json(stored.body), at=received_at)


def kind_of(event: object) -> EventKind:
    """Returns what an event is about."""
    if not isinstance(event, Mapping):
        return EventKind.UNKNOWN
    return next((kind for key, kind in _KINDS.items() if key in event), EventKind.UNKNOWN)


def _understand(event: object, received_at: datetime) -> tuple[StoredEvent, ParsedEvent]:
    try:
        body, parsed = canonical_json(event), parse_event(event)
    except (TypeError, ValueError, RecursionError) as error:
        # Only a caller in this process can hand in what JSON cannot hold: what can be shown of it is kept.
        body = json.dumps(reprlib.repr(event)).encode()
        parsed = ParsedEvent(problems=(f"it is not JSON: {error}",))
        event = None
    stored = StoredEvent(
        digest=event_digest(body),
        run_id=parsed.run_id,
        body=body,
        kind=kind_of(event),
        at=parsed.at or _instant(event),
        received_at=received_at,
        problem=_told(parsed.problems),
        warning=_told(warnings_of(event)),
    )
    return stored, parsed


def warnings_of(event: object) -> Iterator[str]:
    """Tells what of an event the specification does not allow, as far as it can be understood anyway."""
    if not isinstance(event, Mapping):
        return
    time = event.get("eventTime")
    if isinstance(time, str):
        instant = _parse(time)
        if instant is not None and instant.tzinfo is None:
            yield "eventTime has no time zone: it is taken as UTC"
        if _FINER_THAN_MICROSECONDS.search(time):
            yield "eventTime is finer than a microsecond: the rest is cut off"
    for key in ("producer", "schemaURL"):
        if not _is_uri(event.get(key)):
            yield f"{key} is missing" if event.get(key) is None else f"{key} is no URI"
    if "run" in event:
        yield from _run_warnings(event)
    elif "dataset" in event and "job" in event:
        yield "an event about a dataset names no job"


def _run_warnings(event: Mapping[str, Any]) -> Iterator[str]:
    if event.get("eventType") is None:
        yield "eventType is missing: the event says more about the run, and not where it stands"
    elif isinstance(event["eventType"], str) and not event["eventType"].isupper():
        yield "eventType is not in capitals"
    run = event["run"]
    run_id = run.get("runId") if isinstance(run, Mapping) else None
    if isinstance(run_id, str) and run_id and parse_uuid(run_id) is None:
        yield f"run.runId {parse_text(run_id[:50])!r} is no UUID: the run is known by one made from it"


def _instant(event: object) -> datetime | None:
    time = event.get("eventTime") if isinstance(event, Mapping) else None
    instant = _parse(time) if isinstance(time, str) else None
    if instant is None:
        return None
    try:
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _parse(time: str) -> datetime | None:
    try:
        return datetime.fromisoformat(time)
    except ValueError:
        return None


def _is_uri(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(urlsplit(value).scheme)
    except ValueError:
        return False


def _told(said: Sequence[str] | Iterator[str]) -> str | None:
    text = parse_text("; ".join(said))
    if not text:
        return None
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
