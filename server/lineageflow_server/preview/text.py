"""The start of a text."""

import codecs

from lineageflow_server.preview.values import TextPreview

_SHOWN_BYTES = 64 << 10
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_text(head: bytes, *, whole: bool) -> TextPreview | None:
    """Returns the start of a text, or None if the bytes are none. `whole`: nothing follows `head`."""
    shown = head[:_SHOWN_BYTES]
    whole = whole and len(shown) == len(head)
    try:
        text = decode_text(shown, whole=whole)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else TextPreview(text=text, truncated=not whole)


def decode_text(head: bytes, *, whole: bool) -> str:
    """Returns bytes as text: UTF-8, or what their byte order mark says. Raises UnicodeDecodeError."""
    encoding = next((name for mark, name in _BOMS if head.startswith(mark)), "utf-8")
    # Where more follows, a character may be cut in two: an incremental decoder leaves its start out.
    return codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
