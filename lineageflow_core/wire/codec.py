"""Values to JSON and back: the only mapping of the model to HTTP.

Dataclasses become objects with the names of their fields, enums their values, times ISO 8601. Invariant:
`decode(encode(value), type(value)) == value`. It is never what is hashed: values have a canonical form.
"""

from collections.abc import Mapping
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


def from_text(values: Mapping[str, str], kind: type[T]) -> T:
    """Returns the parameters of a query as a value of the type `kind`. Raises InvalidInputError."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"the parameters do not fit: {error}") from error


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
