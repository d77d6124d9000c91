"""The blocks of code in a Markdown file."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    code: str


def blocks(path: str) -> list[Block]:
    """Returns the fenced blocks of a file of the repository, in order."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return [Block(match["language"], match["code"]) for match in _BLOCK.finditer(text)]
