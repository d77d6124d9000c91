"""What a text is to a lake: anything that UTF-8 can tell.

Python's strings also hold halves of surrogate pairs, for bytes of file names and arguments that are no UTF-8,
and for broken JSON. No database, file and network keeps those.
"""

from lineageflow_core.errors import InvalidInputError


def check_text(text: str) -> str:
    """Returns `text` if UTF-8 can tell it. Raises InvalidInputError."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise not_utf8(text) from None
    return text


def not_utf8(text: str) -> InvalidInputError:
    """Returns the error for a text that UTF-8 cannot tell."""
    return InvalidInputError(f"{text[:100]!r} cannot be told in UTF-8; write plain text")
