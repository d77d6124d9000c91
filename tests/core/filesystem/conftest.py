"""Lakes to reach by `lf://`: in a folder, and behind a real server."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
import pytest
import upath.registry

from lineageflow_core import Repository, connect
from lineageflow_core.filesystem import LineageFlowFileSystem
from lineageflow_core.filesystem.path import LineageFlowPath
from tests.server.serving import TOKEN, served

REPOSITORY = "sales"


@dataclass(frozen=True)
class Reached:
    """A lake with one empty repository, and how `lf://` reaches it."""

    options: dict[str, Any]
    """The storage options. No lake among them: in memory."""
    repo: Repository

    @cached_property
    def fs(self) -> LineageFlowFileSystem:
        if "lake" in self.options:
            return LineageFlowFileSystem(**self.options)
        return LineageFlowFileSystem.of(self.repo.catalog, **self.options)


@pytest.fixture(scope="session", autouse=True)
def lf() -> None:
    """Makes the protocol known, as the distribution's entry point does where it is installed."""
    fsspec.register_implementation("lf", LineageFlowFileSystem, clobber=True)
    upath.registry.register_implementation("lf", LineageFlowPath, clobber=True)


@pytest.fixture
def lake(tmp_path: Path) -> Reached:
    folder = str(tmp_path / "lake")
    return Reached({"lake": folder}, Repository(connect(folder), REPOSITORY, author="ada").create())


@pytest.fixture(params=["folder", "server"])
def any_lake(request: pytest.FixtureRequest, lake: Reached) -> Iterator[Reached]:
    if request.param == "folder":
        yield lake
        return
    with served(lake.repo.catalog) as address:
        yield Reached({"lake": address, "token": TOKEN}, lake.repo)
