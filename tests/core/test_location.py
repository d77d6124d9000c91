from pathlib import Path

import pytest

from lineageflow_core.errors import NotFoundError
from lineageflow_core.location import check_lake, lake_address


def _make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lineageflow.db").touch()
    return folder


def test_what_is_given_counts_most(tmp_path: Path) -> None:
    _make(tmp_path)
    assert "there" == lake_address("there", {"LINEAGEFLOW_LAKE": "elsewhere"}, tmp_path)


def test_then_the_environment(tmp_path: Path) -> None:
    _make(tmp_path)
    assert "elsewhere" == lake_address(None, {"LINEAGEFLOW_LAKE": "elsewhere"}, tmp_path)


def test_a_folder_that_is_a_lake_is_found_from_inside(tmp_path: Path) -> None:
    inside = _make(tmp_path / "data") / "repositories" / "x"
    inside.mkdir(parents=True)
    assert str(tmp_path / "data") == lake_address(None, {}, inside)


def test_a_projects_lake_is_found_from_anywhere_in_the_project(tmp_path: Path) -> None:
    _make(tmp_path / "lake")
    deep = tmp_path / "src" / "package"
    deep.mkdir(parents=True)
    assert str(tmp_path / "lake") == lake_address(None, {}, deep)


def test_the_nearest_lake_is_taken(tmp_path: Path) -> None:
    _make(tmp_path / "lake")
    _make(tmp_path / "inner" / "lake")
    assert str(tmp_path / "inner" / "lake") == lake_address(None, {}, tmp_path / "inner")


def test_without_any_it_is_the_usual_place(tmp_path: Path) -> None:
    assert str(tmp_path / "lake") == lake_address(None, {}, tmp_path)


def test_a_folder_that_is_no_lake_is_not_one_by_being_looked_at(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="repo create"):
        check_lake(str(tmp_path))
    check_lake("https://lake.example")
    assert [] == list(tmp_path.iterdir())
