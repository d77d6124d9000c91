"""Strings, bytes, and plain values as JSON."""

import json
import math
from pathlib import Path
from typing import BinaryIO

from lineageflow_core.errors import InvalidInputError
from lineageflow_dagster.formats.format import Described, FileFormat
from lineageflow_dagster.formats.trust import Trust


class TextFormat(FileFormat):
    """Strings in UTF-8: a report, a page, a query."""

    def write_file(self, value: object, file: Path, *, trust: Trust) -> Described:
        if not isinstance(value, str) or not _can_be_encoded(value):
            raise self.unfit(value, "text that UTF-8 has")
        file.write_text(value, encoding="utf-8", newline="")
        return Described(dataset_type="FILE")

    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        return file.read().decode("utf-8")


class BytesFormat(FileFormat):
    """Bytes as they are."""

    def write_file(self, value: object, file: Path, *, trust: Trust) -> Described:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise self.unfit(value, "bytes")
        file.write_bytes(value)
        return Described(dataset_type="FILE")

    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        return file.read()


class JsonFormat(FileFormat):
    """Plain values as JSON (RFC 8259), in the order they have. A string is taken for JSON that is made."""

    def write_file(self, value: object, file: Path, *, trust: Trust) -> Described:
        file.write_text(self._text(value), encoding="utf-8", newline="")
        return Described(dataset_type="FILE")

    def _text(self, value: object) -> str:
        if isinstance(value, str):
            return value
        if not is_plain(value):
            raise self.unfit(value, "dictionaries and lists of plain values, without NaN, or JSON as str")
        return json.dumps(value, ensure_ascii=False, indent=1) + "\n"

    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        try:
            return json.loads(file.read())
        except ValueError as error:
            raise InvalidInputError(f"the file is not JSON: {error}; annotate the input as str") from error


def is_plain(value: object) -> bool:
    """Tells whether a value comes back from JSON exactly as it was: then it needs no pickle.

    A tuple would be a list, a key that is a number a string, and NaN is none of JSON's values.
    """
    match value:
        case None | bool():
            return True
        case str():
            return type(value) is str and _can_be_encoded(value)
        case float():
            return type(value) is float and math.isfinite(value)
        case int():
            return type(value) is int
        case list():
            return type(value) is list and all(map(is_plain, value))
        case dict():
            return type(value) is dict and all(
                type(name) is str and is_plain(name) and is_plain(each) for name, each in value.items()
            )
    return False


def _can_be_encoded(text: str) -> bool:
    """Tells whether a string has no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
