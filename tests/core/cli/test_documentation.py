"""`docs/cli.md` says what there is: every command, argument and option, and no others."""

import re
from pathlib import Path

import pytest

from lineageflow_core.cli.failures import exit_code
from lineageflow_core.errors import error_classes
from tests.core.cli.commandline import COMMON, command_lines

_TEXT = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
_SECTIONS = dict(re.findall(r"^### `lineageflow ([^`]+)`\n(.*?)(?=^##|\Z)", _TEXT, re.MULTILINE | re.DOTALL))


def _flags(text: str) -> set[str]:
    bullets = re.findall(r"^- ((?:`-[^`]*`(?:, )?)+):", text, re.MULTILINE)
    return {flag for bullet in bullets for flag in re.findall(r"`(--?[a-zA-Z-]+)", bullet)}


def test_every_command_is_documented_with_its_arguments() -> None:
    there = {" ".join((*line.words, *line.arguments)) for line in command_lines().values()}
    assert there == set(_SECTIONS)


@pytest.mark.parametrize("section", _SECTIONS)
def test_every_option_is_documented(section: str) -> None:
    line = command_lines()[re.sub(r" \[?[A-Z].*", "", section)]
    assert set(line.options) == _flags(_SECTIONS[section])


def test_the_common_options_are_documented() -> None:
    common = _TEXT.partition("## Common options\n")[2].partition("\n## ")[0]
    assert _flags(common) == COMMON


def test_the_exit_codes_are_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", _TEXT, re.MULTILINE)}
    assert {exit_code(cls("x")) for cls in error_classes().values()} | {0, 6, 130} == documented
