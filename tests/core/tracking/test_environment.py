"""What a run runs on."""

import getpass
import platform
from importlib.metadata import distributions, version

import pytest

from lineageflow_core.tracking.environment import PACKAGES, environment


def test_python_and_installed_packages_have_their_versions() -> None:
    found = environment(["pytest", "surely-not-installed"])
    assert platform.python_version() == found["python"]
    assert version("pytest") == found["pytest"]
    assert "surely-not-installed" not in found


@pytest.mark.parametrize("package", sorted({*PACKAGES} & {each.name for each in distributions()}))
def test_the_version_of_a_package_is_what_its_metadata_says(package: str) -> None:
    assert version(package) == environment([package])[package]


def test_a_user_without_a_name_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr(getpass, "getuser", nobody)
    found = environment([])
    assert "user" not in found
    assert "host" in found
