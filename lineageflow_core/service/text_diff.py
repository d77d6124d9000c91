"""How a text differs, line by line; a JSON document is laid out first, so that one line is one value."""

import difflib
import json
from itertools import islice
from typing import BinaryIO

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.table_diff import TextDiff

LARGEST_TEXT = 4 << 20
"""Bytes of each version: the comparison takes time that grows faster than the text."""
_MOST_LINES = 20_000
_SHOWN_LINES = 2_000
_LONGEST_LINE = 2_000


def read_text(path: str, file: BinaryIO | None) -> list[str]:
    """Returns the lines of a version, none where it is not there. Raises InvalidInputError."""
    if file is None:
        return []
    content = file.read(LARGEST_TEXT + 1)
    if len(content) > LARGEST_TEXT:
        raise InvalidInputError(
            f"{path!r} is larger than {LARGEST_TEXT >> 20} MiB, too large to compare as text; get both "
            "versions with `lineageflow get` and compare them there"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInputError(f"{path!r} is neither a table nor text: it can only be compared as a whole")
    lines = (_laid_out(text) if path.lower().endswith(".json") else text).splitlines()
    if len(lines) > _MOST_LINES:
        raise InvalidInputError(f"{path!r} has more than {_MOST_LINES:,} lines, too many to compare as text")
    return lines


def compare_texts(path: str, left: list[str], right: list[str]) -> TextDiff:
    """Returns the lines that differ."""
    lines = list(difflib.unified_diff(left, right, f"a/{path}", f"b/{path}", lineterm=""))
    shown = [line[:_LONGEST_LINE] for line in islice(lines, _SHOWN_LINES)]
    body = lines[2:]
    return TextDiff(
        path=path,
        added=sum(line.startswith("+") for line in body),
        removed=sum(line.startswith("-") for line in body),
        unified="".join(f"{line}\n" for line in shown),
        is_cut=len(lines) > len(shown) or any(len(line) > _LONGEST_LINE for line in lines[:_SHOWN_LINES]),
    )


def _laid_out(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
