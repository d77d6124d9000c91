"""JSON of somebody else's making, read leniently: what is not as it should be counts as not there."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode


def read_json(content: bytes) -> Any:
    """Returns what JSON says. Raises ValueError for what is none to anybody.

    What `json` reads and most others do not is read all the same: NaN, infinity, unpaired surrogates, a byte
    order mark, UTF-16.
    """
    try:
        return _decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return json.loads(content)


def as_object(value: object) -> Mapping[str, Any]:
    """Returns a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[Mapping[str, Any]]:
    """Returns the objects of a JSON array; none for anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
