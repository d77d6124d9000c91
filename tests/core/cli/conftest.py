"""A lake with a story in it, and the command to look at it with."""

import os
import shutil
from pathlib import Path

import pytest

from tests.core.cli.calling import Cli
from tests.core.cli.story import Story, tell_story


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story, told once. Tests that change something use `story`."""
    return tell_story(tmp_path_factory.mktemp("story") / "lake")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test is in an empty folder, in an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LINEAGEFLOW_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def seen(told: Story) -> Cli:
    """The command on the story, for looking only."""
    return Cli(told.folder)


@pytest.fixture
def cli(told: Story, tmp_path: Path) -> Cli:
    """The command on a copy of the story."""
    shutil.copytree(told.folder, tmp_path / "lake")
    return Cli(tmp_path / "lake")


@pytest.fixture
def empty(tmp_path: Path) -> Cli:
    """The command on a lake with one empty repository."""
    cli = Cli(tmp_path / "lake")
    cli.good("repo", "create", "flights")
    return cli


@pytest.fixture
def told_folder(told: Story) -> Path:
    """The story's lake, for looking only."""
    return told.folder
