"""`dg` itself with the component: what it lists, scaffolds and checks."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

pytestmark = pytest.mark.slow

TYPE = "lineageflow_dagster.LineageFlowComponent"
COMMANDS = [
    f"dg scaffold defs {TYPE} lake --repository sales",
    "dg check yaml",
    "dg check defs",
    "dg list components",
    "dg list defs",
]
"""As the page about the component shows them."""
SCAFFOLD, CHECK_YAML, CHECK_DEFS, LIST_COMPONENTS, LIST_DEFS = COMMANDS
_FOLDER = next(iter(inspect.signature(dg.load_from_defs_folder).parameters))
"""What Dagster calls the project's folder: another word before 1.12."""
FILES = {
    "pyproject.toml": """
[project]
name = "shop"
version = "0"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "shop"
""",
    "src/shop/__init__.py": "",
    "src/shop/definitions.py": f"""
from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    return dg.load_from_defs_folder({_FOLDER}=Path(__file__).parents[2])
""",
    "src/shop/defs/__init__.py": "",
    "src/shop/defs/assets.py": """
import dagster as dg


@dg.asset
def orders() -> int:
    return 3
""",
}


class Project:
    """A project in a folder, and `dg` to work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "shop"
        for name, text in FILES.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        home = folder / "home"
        home.mkdir()
        (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        programs = str(Path(sys.executable).parent)
        self._environment = {
            **os.environ,
            "DAGSTER_HOME": str(home),
            "HOME": str(home),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(self.folder / "src"), *sys.path[1:]]),
            "VIRTUAL_ENV": str(Path(programs).parent),
        }

    def command(self, line: str, *options: str) -> str:
        """Runs a command, which has to succeed. Returns what it printed."""
        return self.dg(*line.split()[1:], *options)

    def dg(self, *arguments: str, fails: bool = False) -> str:
        """Runs `dg` in the project's folder, and expects that it succeeds, or that it fails."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dg")), *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr if fails else done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a scaffolded component."""
    project = Project(tmp_path_factory.mktemp("dg"))
    project.command(SCAFFOLD)
    return project


def test_the_component_is_listed_with_what_it_does(project: Project) -> None:
    listed = project.command(LIST_COMPONENTS, "--json")
    assert TYPE in listed
    assert "publishes each run as a whole" in listed


def test_what_was_scaffolded_passes_the_checks(project: Project) -> None:
    written = (project.folder / "src/shop/defs/lake/defs.yaml").read_text()
    assert "lake: ./lake" in written
    assert "repository: sales" in written
    project.command(CHECK_YAML)
    project.command(CHECK_DEFS)


def test_the_projects_definitions_have_the_lake(project: Project) -> None:
    listed = project.command(LIST_DEFS, "--json")
    assert all(f'"{name}"' in listed for name in ("io_manager", "lineageflow", "orders"))


def test_an_attribute_that_is_not_there_fails_the_check(project: Project) -> None:
    path = project.folder / "src/shop/defs/lake/defs.yaml"
    whole = path.read_text()
    path.write_text(whole.replace("repository: sales", "repo: sales"))
    try:
        assert "repository" in project.dg("check", "yaml", fails=True)
    finally:
        path.write_text(whole)
