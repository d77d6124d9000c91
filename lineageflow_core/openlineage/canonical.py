"""One byte string for all equal events: what is hashed and stored.

The form follows RFC 8785 (JSON Canonicalization Scheme) as far as telling events apart needs it: keys sorted,
no white space, UTF-8. An event with unpaired surrogates, which UTF-8 does not have, is escaped to ASCII as a
whole; numbers are written as msgspec writes them, because one producer always sends the same text.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec
from blake3 import blake3

_PIECE = 2047
"""Bytes that are hashed at a time. For more, blake3 lets other threads run meanwhile; where one computes, it
takes up to five milliseconds until it is our turn again, and an event is hashed in as many microseconds."""


def canonical_json(event: Any) -> bytes:
    """Returns an event, or a part of one, as canonical JSON.

    Numbers that JSON does not have (NaN, infinity) become null. Raises TypeError or ValueError where the
    event holds what JSON cannot.
    """
    try:
        return msgspec.json.encode(event, order="deterministic")
    except UnicodeEncodeError:
        return _escaped(_without_non_finite(event))


def event_digest(canonical: bytes) -> bytes:
    """Returns the 32 bytes of BLAKE3-256 that identify an event by its canonical JSON."""
    digest = blake3()
    for start in range(0, len(canonical), _PIECE):
        digest.update(canonical[start : start + _PIECE])
    return digest.digest()


def _escaped(event: Any) -> bytes:
    return json.dumps(event, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _without_non_finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _without_non_finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_non_finite(item) for item in value]
    return value
