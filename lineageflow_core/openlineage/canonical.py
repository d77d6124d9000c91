"""One byte string for all equal events: what is hashed and stored.

The form follows RFC 8785 (JSON Canonicalization Scheme) as far as telling events apart needs it: keys sorted,
no white space. Strings are escaped to ASCII, so that even unpaired surrogates have a form; numbers are
written as Python writes them, because one producer always sends the same text.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from blake3 import blake3


def canonical_json(event: Mapping[str, Any]) -> bytes:
    """Returns an event as canonical JSON. Numbers that JSON does not have (NaN, infinity) become null.

    Raises TypeError or ValueError where the event holds what JSON cannot.
    """
    try:
        return _dump(event)
    except ValueError:
        return _dump(_without_non_finite(event))


def event_digest(canonical: bytes) -> bytes:
    """Returns the 32 bytes of BLAKE3-256 that identify an event by its canonical JSON."""
    return blake3(canonical).digest()


def _dump(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _without_non_finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _without_non_finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_non_finite(item) for item in value]
    return value
