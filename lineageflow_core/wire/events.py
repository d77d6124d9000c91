"""Events of others as they travel: reading them leniently, and the reply to many that the specification has.

What some producer's JSON writer makes and JSON does not have is read all the same: NaN and infinity (which
count as null), unpaired surrogates, a byte order mark, UTF-16. Refused is only what is no JSON to anybody,
and what would take more to hold than any event needs: nesting deeper than `MAX_DEPTH`, or more than
`MAX_VALUES` values in one body.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.event import EventReceipt
from lineageflow_core.model.json_values import read_json

MAX_DEPTH = 200
"""Levels of objects and lists."""
MAX_VALUES = 4_000_000

_split = msgspec.json.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw]).decode
_STATIC_KEYS = frozenset({"run", "job", "dataset"})


class BatchStatus(StrEnum):
    """Whether all of a batch was understood."""

    SUCCESS = "success"
    PARTIAL_SUCCESS = "partial_success"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSummary:
    """A batch in numbers."""

    received: int
    successful: int
    failed: int
    retriable: int
    """Always 0: where the storage fails, the whole batch does, by its status."""
    non_retriable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedEvent:
    """An event of a batch that is stored with a problem: sending it again would change nothing."""

    index: int
    """From 0."""
    reason: str
    retriable: bool
    event_id: str
    """Ours, beside what the specification has: the event is kept under this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReply:
    """OpenLineage's reply to a batch (spec/OpenLineage.yml, `POST /lineage/batch`)."""

    status: BatchStatus
    summary: BatchSummary
    failed_events: tuple[FailedEvent, ...]


def reply_to(receipts: Sequence[EventReceipt]) -> BatchReply:
    """Returns the reply for events that are all stored.

    Failed is what has a problem: none of it is lost, so none is to be sent again, and its sender is told.
    """
    failed = tuple(
        FailedEvent(
            index=index,
            reason=f"{each.problem} (it is kept as event {each.id}, to be mended or read again)",
            retriable=False,
            event_id=each.id,
        )
        for index, each in enumerate(receipts)
        if each.problem is not None
    )
    return BatchReply(
        status=BatchStatus.PARTIAL_SUCCESS if failed else BatchStatus.SUCCESS,
        summary=BatchSummary(
            received=len(receipts),
            successful=len(receipts) - len(failed),
            failed=len(failed),
            retriable=0,
            non_retriable=len(failed),
        ),
        failed_events=failed,
    )


def decode_events(content: bytes) -> list[Any]:
    """Returns the events in a body: one, a list of them, or `{"events": [...]}`. Raises InvalidInputError."""
    return [decode_event(part) for part in split_events(content)]


def split_events(content: bytes) -> list[bytes]:
    """Returns each event in a body as JSON of its own. Raises InvalidInputError.

    So each can be read, and forgotten, by itself: all of a large body are a hundred thousand objects at once.
    """
    _check_size(content)
    try:
        found = _split(content)
        if isinstance(found, dict) and "events" in found and not _STATIC_KEYS & found.keys():
            found = _split(found["events"])
        return [content] if isinstance(found, dict) else [bytes(part) for part in found]
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        value = decode_event(content)  # it may be JSON to others all the same
    if isinstance(value, dict) and isinstance(value.get("events"), list) and not _STATIC_KEYS & value.keys():
        value = value["events"]
    return [json.dumps(each).encode() for each in value] if isinstance(value, list) else [content]


def decode_event(content: bytes) -> Any:
    """Returns JSON of any producer. Raises InvalidInputError."""
    _check_size(content)
    try:
        value = read_json(content)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise InvalidInputError(f"this is not JSON: {error}; send events as JSON in UTF-8") from None
    if content.count(b"{") + content.count(b"[") > MAX_DEPTH:
        _check_depth(value)
    return value


def _check_size(content: bytes) -> None:
    """Raises InvalidInputError for too many values."""
    if len(content) <= MAX_VALUES:  # each takes a byte at least
        return
    if content.count(b"{") + content.count(b"[") + content.count(b",") > MAX_VALUES:
        raise InvalidInputError(f"this JSON has more than {MAX_VALUES} values: send fewer events at once")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [each for node in level if isinstance(node, dict | list) for each in _below(node)]
        if not level:
            return
    raise _too_deep()


def _below(node: dict[str, Any] | list[Any]) -> Sequence[Any]:
    below = node.values() if isinstance(node, dict) else node
    return [each for each in below if isinstance(each, dict | list)]


def _too_deep() -> InvalidInputError:
    return InvalidInputError(f"this JSON is nested deeper than {MAX_DEPTH} levels, which no event is")
