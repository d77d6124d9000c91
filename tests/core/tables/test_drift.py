"""The effect tells how far the values of a column moved, from two profiles alone."""

import random

import pytest

from lineageflow_core.model.table import Coverage, TableProfile
from lineageflow_core.tables.answering import answer
from lineageflow_core.tables.drift import compare_profiles
from lineageflow_core.tables.jobs import ProfileTable
from tests.core.tables.scene import Folder


def profile(folder: Folder, values: list[object]) -> TableProfile:
    content = "\n".join(["id,v", *(f"{i},{value}" for i, value in enumerate(values)), ""]).encode()
    job = ProfileTable(files=[folder.file("t.csv", content)], coverage=Coverage.SAMPLE)
    found: TableProfile = answer(job, folder.scratch())
    return found


def effect(folder: Folder, left: list[object], right: list[object]) -> float:
    diff = compare_profiles(profile(folder, left), profile(folder, right))
    return next((column.effect for column in diff.columns if column.name == "v"), 0.0)


def normal(mean: float, *, seed: int, rows: int = 4000) -> list[object]:
    chooser = random.Random(seed)
    return [round(chooser.gauss(mean, 10), 3) for _ in range(rows)]


def test_another_sample_of_the_same_has_little_effect(folder: Folder) -> None:
    assert effect(folder, normal(50, seed=1), normal(50, seed=2)) < 0.02


def test_the_effect_grows_with_the_distance(folder: Folder) -> None:
    near, far = (effect(folder, normal(50, seed=1), normal(mean, seed=2)) for mean in (52, 60))
    assert 0.02 < near < 0.1
    assert 0.25 < far


def test_missing_values_have_an_effect(folder: Folder) -> None:
    values = normal(50, seed=1)
    holes = ["" if index % 9 == 0 else value for index, value in enumerate(values)]
    assert 0.25 < effect(folder, values, holes)


def test_categories_are_compared_exactly(folder: Folder) -> None:
    # By hand: 0.5 -> 0.9 and 0.5 -> 0.1 is 0.4 * ln(1.8) - 0.4 * ln(0.2)
    left, right = ["a"] * 50 + ["b"] * 50, ["a"] * 90 + ["b"] * 10
    assert effect(folder, list(left), list(right)) == pytest.approx(0.8789, abs=1e-3)


def test_of_values_that_are_not_listed_nothing_is_made_up(folder: Folder) -> None:
    left, right = ([f"v{(index * 7 + shift) % 400}" for index in range(2000)] for shift in (0, 3))
    assert effect(folder, list(left), list(right)) < 0.01


def test_tables_of_no_rows_have_no_effect(folder: Folder) -> None:
    assert 0 == effect(folder, [], ["a"])
    assert 0 == effect(folder, ["a"], [])


def test_the_largest_effect_comes_first(folder: Folder) -> None:
    diff = compare_profiles(profile(folder, ["a"] * 90), profile(folder, ["b"] * 100))
    assert ["v", "id"] == [column.name for column in diff.columns]
    assert (90, 100) == (diff.left_rows, diff.right_rows)
