"""What holds for the files that make the workspace: the four distributions, their lock, the test folders."""

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-dev.lock"
PROJECTS = (
    "pyproject.toml",
    "server/pyproject.toml",
    "integrations/dagster/pyproject.toml",
    "integrations/airflow/pyproject.toml",
)


def _read(project: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / project).read_text())


def _declared() -> list[Requirement]:
    projects = [_read(project)["project"] for project in PROJECTS]
    required = [line for project in projects for line in project["dependencies"]]
    optional = [
        line
        for project in projects
        for extra in project.get("optional-dependencies", {}).values()
        for line in extra
    ]
    development: list[str] = _read("pyproject.toml")["dependency-groups"]["dev"]
    ours = {project["name"] for project in projects}
    requirements = map(Requirement, required + optional + development)
    return [requirement for requirement in requirements if requirement.name not in ours]


def _locked() -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", LOCK.read_text(), re.MULTILINE))


def test_the_distributions_have_one_version() -> None:
    assert 1 == len({_read(project)["project"]["version"] for project in PROJECTS})


def test_the_lock_fits_every_range_that_is_declared() -> None:
    locked = _locked()
    unfit = [
        str(requirement)
        for requirement in _declared()
        if locked.get(canonicalize_name(requirement.name), "0") not in requirement.specifier
    ]
    assert [] == unfit, "`make lock` writes requirements-dev.lock anew"


def test_the_lock_names_no_place_to_download_from() -> None:
    assert [] == [line for line in LOCK.read_text().splitlines() if "://" in line]


def test_every_folder_of_tests_is_a_package() -> None:
    """A folder of tests that is not could hide an installed package of its name, such as `dagster`."""
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [] == [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_no_folder_above_an_integration_is_a_package() -> None:
    """As a package, `integrations/dagster` would hide Dagster from what runs beside it."""
    places = ("", "*/", "*/src/")
    assert [] == [path for place in places for path in (ROOT / "integrations").glob(f"{place}__init__.py")]
