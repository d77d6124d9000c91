import json

import pytest

from tests.core.cli.calling import Cli


@pytest.fixture
def parted(empty: Cli) -> Cli:
    """Two branches that both changed `a`, and each another file."""
    empty.good("put", "-", "a", input="base")
    empty.good("branch", "create", "other")
    empty.good("put", "-", "a", input="ours")
    empty.good("put", "-", "b", input="ours")
    empty.good("put", "-", "a", "--branch", "other", input="theirs")
    empty.good("put", "-", "c", "--branch", "other", input="theirs")
    return empty


def test_what_only_one_side_changed_is_merged(parted: Cli) -> None:
    ran = parted.good("merge", "other", "--into", "main", "--pick", "a=theirs", "-m", "join")
    assert ["main", "join"] == ran.rows[0][1:]
    assert ("theirs", "ours", "theirs") == tuple(parted.good("cat", path).out for path in "abc")


def test_conflicts_are_listed_and_nothing_happens(parted: Cli) -> None:
    tip = parted.good("show").facts["commit"]
    ran = parted("merge", "other")
    assert (5, [["object", "a"]]) == (ran.code, [row[:2] for row in ran.rows])
    assert "--pick PATH=theirs" in ran.err
    assert tip == parted.good("show").facts["commit"]


def test_conflicts_are_in_the_problem(parted: Cli) -> None:
    ran = parted("merge", "other", "--json")
    assert (5, "") == (ran.code, ran.out)
    assert ["a"] == [conflict["path"] for conflict in json.loads(ran.err)["details"]["conflicts"]]


def test_a_dry_run_shows_what_would_happen(parted: Cli) -> None:
    tip = parted.good("show").facts["commit"]
    ran = parted("merge", "other", "--dry-run")
    assert (5, [["object", "a"]]) == (ran.code, [row[:2] for row in ran.section("conflicts")])
    assert 0 == parted("merge", "other", "--dry-run", "--pick", "a=ours").code
    preview = parted("merge", "other", "--dry-run", "--json").json
    assert (["a"], False) == (
        [conflict["path"] for conflict in preview["conflicts"]],
        preview["up_to_date"],
    )
    parted.good("put", "-", "a", "--branch", "other", input="ours")
    assert [["c"]] == parted.good("merge", "other", "--dry-run").section("changes")
    assert tip == parted.good("show").facts["commit"]


def test_a_merge_with_nothing_to_merge_says_so(parted: Cli) -> None:
    parted.good("merge", "other", "--pick", "a=ours")
    ran = parted.good("merge", "other")
    assert ran.err.startswith("nothing changed: main is at ")
    assert "nothing to merge" in parted.good("merge", "other", "--dry-run").err


@pytest.mark.parametrize("pick", ["a", "a=mine", "=ours"])
def test_a_pick_that_does_not_fit_is_refused(parted: Cli, pick: str) -> None:
    ran = parted("merge", "other", "--pick", pick)
    assert 2 == ran.code
    assert "PATH=ours or PATH=theirs" in ran.err
