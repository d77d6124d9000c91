import json
from pathlib import Path

import pytest

from lineageflow_core import Job, RunSession, connect
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


def test_conflicts_are_listed_with_who_made_them_and_nothing_happens(parted: Cli) -> None:
    tip = parted.good("show").facts["commit"]
    ours, theirs = (parted.good("show", ref).facts["commit"] for ref in ("main~1", "other~1"))
    ran = parted("merge", "other")
    assert (5, [["object", "a"]]) == (ran.code, [row[:2] for row in ran.rows])
    assert (ours, theirs) == (ran.rows[0][4], ran.rows[0][6])
    assert "--pick PATH=theirs" in ran.err
    assert tip == parted.good("show").facts["commit"]


def test_conflicts_are_in_the_problem(parted: Cli) -> None:
    ran = parted("merge", "other", "--json")
    assert (5, "") == (ran.code, ran.out)
    assert ["a"] == [conflict["path"] for conflict in json.loads(ran.err)["details"]["conflicts"]]


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_strategy_decides_all_conflicts(parted: Cli, side: str) -> None:
    parted.good("merge", "other", "--strategy", side)
    assert (side, "ours", "theirs") == tuple(parted.good("cat", path).out for path in "abc")


def test_a_conflict_is_decided_by_a_ref_or_a_local_file(parted: Cli, tmp_path: Path) -> None:
    parted.good("branch", "create", "copy")
    parted.good("merge", "other", "--pick", "a=@main~2")
    assert "base" == parted.good("cat", "a").out
    (tmp_path / "by=hand").write_text("by hand")
    parted.good("merge", "other", "--into", "copy", "--pick", f"a=file:{tmp_path / 'by=hand'}")
    assert "by hand" == parted.good("cat", "@copy/a").out


@pytest.mark.parametrize(
    "words, message",
    [
        (("--pick", "a=ours", "--pick", "a=theirs"), "'a' has two picks"),
        (("--strategy", "ours", "--meta", "k=1", "--meta", "k=2"), "--meta gives 'k' two values"),
    ],
)
def test_what_is_said_twice_is_not_guessed(parted: Cli, words: tuple[str, ...], message: str) -> None:
    ran = parted("merge", "other", *words)
    assert 2 == ran.code
    assert message in ran.err


def test_a_dry_run_shows_what_would_happen(parted: Cli) -> None:
    tip = parted.good("show").facts["commit"]
    ran = parted("merge", "other", "--dry-run")
    assert (5, [["object", "a"]]) == (ran.code, [row[:2] for row in ran.section("conflicts")])
    assert [["added", "c"]] == [row[:2] for row in ran.section("changes")]
    decided = parted.good("merge", "other", "--dry-run", "--pick", "a=theirs")
    assert ["a", "c"] == [row[1] for row in decided.section("changes")]
    preview = parted("merge", "other", "--dry-run", "--json").json
    assert (["a"], False) == (
        [conflict["path"] for conflict in preview["conflicts"]],
        preview["up_to_date"],
    )
    assert tip == parted.good("show").facts["commit"]


def test_a_merge_with_nothing_to_merge_says_so(parted: Cli) -> None:
    parted.good("merge", "other", "--pick", "a=ours")
    ran = parted.good("merge", "other")
    assert ran.err.startswith("nothing changed: main is at ")
    assert "nothing to merge" in parted.good("merge", "other", "--dry-run").err


@pytest.mark.parametrize("pick", ["a", "a=mine", "=ours", "a=@", "a=file:"])
def test_a_pick_that_does_not_fit_is_refused(parted: Cli, pick: str) -> None:
    ran = parted("merge", "other", "--pick", pick)
    assert 2 == ran.code
    assert "PATH=ours or PATH=theirs" in ran.err


@pytest.fixture
def stale(empty: Cli) -> tuple[Cli, str]:
    """A run that is not published, and read what was changed since; with its ref."""
    empty.good("put", "-", "raw", input="1")
    session = RunSession(connect(str(empty.lake)), "flights", Job(namespace="tests", name="clean"))
    session.read("raw")
    session.write("clean", {"": b"1"})
    session.report()
    empty.good("put", "-", "raw", input="2")
    return empty, session.ref


def test_stale_reads_are_listed(stale: tuple[Cli, str]) -> None:
    cli, ref = stale
    changed = cli.good("show").facts["commit"]
    ran = cli.good("merge", ref, "--dry-run")
    assert [["raw", changed]] == [[row[0], row[3]] for row in ran.section("stale reads")]
    ran = cli("merge", ref, "--stale-reads", "fail")
    assert (5, [["raw", changed]]) == (ran.code, [[row[0], row[3]] for row in ran.rows])
    assert changed == cli.good("show").facts["commit"]


def test_a_merge_of_what_is_stale_says_so(stale: tuple[Cli, str]) -> None:
    cli, ref = stale
    assert "out of date: its runs read raw, which main has changed since" in cli.good("merge", ref).err


def test_a_commit_says_what_it_is_told_to(parted: Cli) -> None:
    made = parted.good("cherry-pick", "other", "--meta", "ticket=T-1", "--json").json
    assert "T-1" == made["metadata"]["ticket"]
    ran = parted("revert", "main", "--meta", "ticket")
    assert 2 == ran.code
    assert "write KEY=VALUE" in ran.err


def test_commits_are_picked_from_another_branch(parted: Cli) -> None:
    ran = parted.good("cherry-pick", "other")
    assert ["main", "put c"] == ran.rows[0][1:]
    assert "theirs" == parted.good("cat", "c").out
    assert "ours" == parted.good("cat", "a").out


def test_a_range_is_picked_or_nothing(parted: Cli) -> None:
    tip = parted.good("show").facts["commit"]
    ran = parted("cherry-pick", "main..other")
    assert (5, [["object", "a"]]) == (ran.code, [row[:2] for row in ran.rows])
    assert tip == parted.good("show").facts["commit"]
    dry = parted.good("cherry-pick", "main..other", "--strategy", "theirs", "--dry-run")
    assert ["a", "c"] == [row[1] for row in dry.section("changes")]
    parted.good("cherry-pick", "main..other", "--pick", "a=theirs")
    assert ("theirs", "theirs") == (parted.good("cat", "a").out, parted.good("cat", "c").out)


def test_refs_of_several_repositories_are_refused(parted: Cli) -> None:
    parted.good("repo", "create", "other-one")
    ran = parted("cherry-pick", "lf://flights/@other", "lf://other-one/@main")
    assert 2 == ran.code
    assert "different repositories" in ran.err
