"""Values to JSON and back: the only mapping of the model to HTTP.

Dataclasses become objects with the names of their fields, enums their values, times ISO 8601. Invariant:
`decode(encode(value), type(value)) == value`. It is never what is hashed: values have a canonical form.
"""

from collections.abc import Container, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from lineageflow_core.errors import InvalidInputError

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """Returns a value of the model, or a plain one, as JSON."""
    return _encoder.encode(value)


def decode(content: bytes, kind: type[T]) -> T:
    """Returns JSON as a value of the type `kind`. Raises InvalidInputError, naming what is wrong where."""
    try:
        value: T = _decoder(cast(Any, kind)).decode(content)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"the JSON does not fit: {error}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"this is not JSON: {error}") from error
    return value


def to_text(value: Any) -> str:
    """Returns a parameter as it travels in a query; of several values, as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, str | int) else encode(value).decode()


def from_text(values: Mapping[str, str], kind: type[T], *, in_json: Container[str] = ()) -> T:
    """Returns the parameters of a query as a value of the type `kind`. Raises InvalidInputError.

    Those `in_json` hold several values.
    """
    given = {
        name: decode(text.encode(), object) if name in in_json else text for name, text in values.items()
    }
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"the parameters do not fit: {error}") from error


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
