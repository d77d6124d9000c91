"""The commands of `docs/lineage.md` run, as they stand there."""

import shlex

import pytest

from tests.core.cli.calling import Cli
from tests.core.cli.story import tell_story
from tests.docs.markdown import blocks

_COMMANDS = [
    line.partition(" #")[0].strip() for block in blocks("docs/lineage.md") for line in block.code.splitlines()
]


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(tell_story(tmp_path_factory.mktemp("docs") / "lake").folder)


@pytest.mark.parametrize("command", _COMMANDS)
def test_the_page_about_lineage_shows_commands_that_work(cli: Cli, command: str) -> None:
    program, *words = shlex.split(command)
    assert "lineageflow" == program
    assert cli.good(*words).out
