"""What messages tell people to type exists."""

import re
from pathlib import Path

import pytest

from tests.core.cli.commandline import COMMON, command_lines

_ROOT = Path(__file__).parents[3]
_ADVICE = re.compile(r"`lineageflow ([^`]+)`")
_SOURCES = ("lineageflow_core", "server/lineageflow_server", "integrations/dagster/src")


def _advice() -> list[str]:
    texts = [
        path.read_text(encoding="utf-8") for folder in _SOURCES for path in (_ROOT / folder).rglob("*.py")
    ]
    # A string that goes on in the next line is one.
    joined = [re.sub(r'"\n\s*f?"', "", text) for text in texts]
    return sorted({advice for text in joined for advice in _ADVICE.findall(text)})


@pytest.mark.parametrize("advice", _advice())
def test_the_command_is_there_with_its_options(advice: str) -> None:
    lines = command_lines()
    groups: dict[str, str] = {}  # and what each does by itself
    for line in lines.values():
        if len(line.words) > 1:
            groups.setdefault(line.words[0], line.name)
    words = advice.split()
    name = " ".join(words[:2]) if words[0] in groups and len(words) > 1 else groups.get(words[0], words[0])
    assert name in lines
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert options <= lines[name].options | COMMON
