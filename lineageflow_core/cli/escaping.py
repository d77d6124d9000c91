"""Text of unknown origin, made safe to show: what would steer a terminal is shown as its escape instead.

Names, messages and errors come from other people and from servers. A control sequence in one of them could
rewrite the screen or what is typed next, and a bidirectional control could make text read as what it is not.
"""

import re

_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1 controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls (Unicode UAX #9)
    "\u2028\u2029\ufeff"  # line and paragraph separators, byte order mark
    "\ud800-\udfff]"  # bytes of an argument that are no UTF-8
)


def visible(text: str) -> str:
    """Returns `text` with every control character as its escape in Python; so it is one line, too."""
    return _STEERING.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def visible_json(document: str) -> str:
    """Returns a JSON document that means the same and holds no control characters."""
    # JSON has them only inside strings, where this is another way to write them. Newlines are layout.
    return _STEERING.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", document)
