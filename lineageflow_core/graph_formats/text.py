"""Names of unknown origin, as text that every program takes."""

import re

from lineageflow_core.model.address import SCHEME
from lineageflow_core.model.lineage import LineageNode

_SHORT = 8
_SURROGATES = re.compile("[\ud800-\udfff]")
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1 controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls (Unicode UAX #9)
    "\u2028\u2029\ufeff\ufffe\uffff"  # line and paragraph separators, byte order mark, what is no character
    "\ud800-\udfff]"
)


def in_utf8(text: str) -> str:
    """Returns `text` with what UTF-8 cannot tell as its escape in Python."""
    return _SURROGATES.sub(_escape, text)


def on_one_line(text: str) -> str:
    """Returns `text` with all that steers a reader (controls, writing direction) as its escape in Python."""
    return _STEERING.sub(_escape, text)


def label(node: LineageNode) -> str:
    """Returns a node in few words, on one line."""
    if node.version is not None:
        version = node.version
        namespace = version.namespace.removeprefix(f"{SCHEME}://")
        content = "?" if version.version is None else version.version[:_SHORT]
        partition = f" {version.partition}" if version.partition else ""
        return on_one_line(f"{namespace}/{version.name}{partition} {content}")
    if node.run is not None:
        return on_one_line(f"{node.run.job.name} {node.run.id[:_SHORT]}")
    if node.job is not None:
        return on_one_line(node.job.name)
    return on_one_line(node.id)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
