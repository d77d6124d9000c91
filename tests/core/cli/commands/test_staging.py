from pathlib import Path

import pytest

from lineageflow_core import connect
from lineageflow_core.model.settings import BranchRule, RepositorySettings
from tests.core.cli.calling import Cli, run_in_terminal


@pytest.fixture
def lake(empty: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A repository with a dataset, for somebody called ada."""
    monkeypatch.setenv("LINEAGEFLOW_AUTHOR", "ada")
    for name in ("x", "y"):
        empty.good("put", "-", f"raw/d/{name}", "--dataset", "raw/d", input=name)
    return empty


def _staged(cli: Cli, *words: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in cli.good("diff", "--staged", *words).rows]


def _objects(cli: Cli) -> list[str]:
    return [row[0] for row in cli.good("ls", "-r").rows]


def test_what_is_added_waits_for_the_commit(lake: Cli) -> None:
    ran = lake.good("add", "-", "raw/new", input="new")
    assert ["stage:main:ada", "1 added"] == ran.rows[0][1:]
    assert "commit: lineageflow --lake" in ran.err
    assert ["raw/d/x", "raw/d/y"] == _objects(lake)
    lake.good("put", "--stage", "-", "raw/d/x", input="changed")
    assert [("changed", "raw/d/x"), ("added", "raw/new")] == _staged(lake)
    assert "changed" == lake.good("cat", "@stage:main:ada/raw/d/x").out
    ran = lake.good("commit", "-m", "more", "--meta", "ticket=DS-1", "--meta", "note=a=b")
    assert ["main", "more"] == ran.rows[0][1:]
    assert ["raw/d/x", "raw/d/y", "raw/new"] == _objects(lake)
    assert {"ticket": "DS-1", "note": "a=b"} == lake.good("show", "--json").json["commit"]["metadata"]
    assert [] == _staged(lake)


def test_files_are_removed_moved_and_replaced(lake: Cli, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "z").write_text("z")
    lake.good("put", "-", "raw/t/p=1/x", "--dataset", "raw/t", input="1")
    lake.good("rm", "raw/d/x")
    lake.good("mv", "raw/d/y", "raw/d/w")
    lake.good("replace", "-r", str(tmp_path / "new"), "raw/t")
    assert {
        ("removed", "raw/d/x"),
        ("moved", "raw/d/w"),
        ("removed", "raw/t/p=1/x"),
        ("added", "raw/t/z"),
    } == set(_staged(lake))
    moved = lake.good("diff", "--staged", "raw/d/w").rows
    assert ["added", "raw/d/w"] == moved[0][:2]
    lake.good("commit", "-m", "all")
    assert ["raw/d/w", "raw/t/z"] == _objects(lake)


def test_a_move_says_where_from(lake: Cli) -> None:
    lake.good("mv", "raw/d/y", "raw/d/deep/")
    [row] = lake.good("diff", "--staged").rows
    assert ["moved", "raw/d/deep/y"] == row[:2]
    assert "raw/d/y" == row[-1]


def test_with_a_message_it_is_committed_at_once(lake: Cli) -> None:
    lake.good("add", "-", "waiting", input="w")
    assert "gone" == lake.good("rm", "raw/d/x", "-m", "gone").rows[0][2]
    lake.good("mv", "raw/d/y", "y", "-m", "moved")
    lake.good("replace", "-", "y", "-m", "replaced", input="2")
    assert ["y"] == _objects(lake)
    assert [("added", "waiting")] == _staged(lake)


def test_some_paths_are_committed(lake: Cli) -> None:
    lake.good("add", "-", "a", input="1")
    lake.good("add", "-", "b", input="2")
    ran = lake.good("commit", "a", "-m", "only a")
    assert "still staged: 1 added" in ran.err
    assert [("added", "b")] == _staged(lake)


def test_what_is_staged_is_in_the_status(lake: Cli) -> None:
    lake.good("add", "-", "raw/new", input="new")
    lake.good("add", "-", "mine", "--author", "Bob <bob@x.org>", input="b")
    ran = lake.good("status")
    assert "1 added on main by ada" == ran.facts["draft"]
    assert ["added", "raw/new"] == ran.section("staged")[0][:2]
    assert ["main", "Bob <bob@x.org>"] == ran.section("also staged")[0][:2]
    [repository] = lake.good("status", "--json").json["repositories"]
    assert (1, "ada") == (repository["staged"]["added"], repository["staged"]["draft"]["author"])


def test_a_branch_that_moved_is_told_and_can_be_followed(lake: Cli) -> None:
    lake.good("add", "-", "raw/d/x", input="mine")
    lake.good("put", "-", "raw/d/x", "--author", "bob", input="bob's")
    assert "main moved, 1 new commit; update: " in lake.good("status").err
    for words in (("update",), ("commit", "-m", "x")):
        ran = lake(*words)
        assert 5 == ran.code
        assert ["object", "raw/d/x"] == ran.rows[0][:2]
        assert "--pick PATH=theirs" in ran.err
    dry = lake("commit", "--dry-run")
    assert (5, "object") == (dry.code, dry.section("conflicts")[0][0])
    lake.good("update", "--pick", "raw/d/x=theirs")
    assert "main moved" not in lake.good("status").err
    lake.good("commit", "-m", "mine")
    assert "mine" == lake.good("cat", "raw/d/x").out


def test_nothing_is_thrown_away_unasked(lake: Cli) -> None:
    lake.good("add", "-", "a", input="1")
    lake.good("add", "-", "b", input="2")
    ran = lake("discard", "a")
    assert (2, "added", "a") == (ran.code, *ran.rows[0][:2])
    assert "--yes" in ran.err
    assert "nothing changed" in lake.good("discard", "a", "--dry-run").err
    assert [("added", "a"), ("added", "b")] == _staged(lake)
    assert "left: 1 added" in lake.good("discard", "a", "--yes").err
    assert [("added", "b")] == _staged(lake)
    lake.good("discard", "--all", "--yes")
    assert [] == _staged(lake)
    assert 0 == lake.good("discard", "--all").code


def test_a_person_is_asked(lake: Cli, tmp_path: Path) -> None:
    lake.good("add", "-", "a", input="1")
    words = ("--lake", str(lake.lake), "discard", "--all", "--author", "ada")
    assert 130 == run_in_terminal(words, folder=tmp_path, keys=b"n\n").code
    assert [("added", "a")] == _staged(lake)
    assert 0 == run_in_terminal(words, folder=tmp_path, keys=b"y\n").code
    assert [] == _staged(lake)


def test_what_the_branch_requires_is_told(lake: Cli) -> None:
    rule = BranchRule(pattern="main", required_metadata=("ticket",))
    settings = RepositorySettings(branch_rules=(rule,))
    connect(str(lake.lake)).settings.update_settings("flights", settings, author="ada")
    lake.good("add", "-", "a", input="1")
    ran = lake("commit", "-m", "x")
    assert 0 != ran.code
    assert "--meta ticket=..." in ran.err
    assert [("added", "a")] == _staged(lake)
    lake.good("commit", "-m", "x", "--meta", "ticket=DS-1")
    assert "a" in _objects(lake)


def test_what_is_to_be_typed_next_names_the_place_and_what_its_rules_ask_for(lake: Cli) -> None:
    lake.good("branch", "create", "dev")
    lake.good("branch", "protect", "dev", "--require-metadata", "ticket")
    said = lake.good("add", "-", "raw/new", "-b", "dev", "--author", "eve", input="new").err
    assert " diff --staged --branch dev --author eve" in said
    assert " commit -m MESSAGE --meta ticket=... --branch dev --author eve" in said
    assert " --meta ticket=... --branch dev" in lake.good("status", "-b", "dev", "--author", "eve").err
    lake.good("branch", "protect", "dev", "--merges-only")
    assert "dev takes no direct commits" in lake.good("status", "-b", "dev", "--author", "eve").err


@pytest.mark.parametrize(
    "words, code, message",
    [
        (("commit", "-m", "x"), 5, "nothing staged"),
        (("commit",), 2, "needs a message"),
        (("commit", "-m", "x", "--meta", "ticket"), 2, "KEY=VALUE"),
        (("discard",), 2, "--all"),
        (("discard", "a", "--all"), 2, "--all"),
        (("discard", "nothing", "--yes"), 3, "nothing is staged at 'nothing'"),
        (("put", "--stage", "-m", "x", "-", "a"), 2, "lineageflow commit"),
        (("diff",), 2, "--staged"),
        (("diff", "--staged", "a", "b"), 2, "name no refs"),
        (("rm", "nothing"), 3, "nothing at 'nothing' to delete"),
        (("mv", "raw/d/x", "raw/d/y"), 5, "something at 'raw/d/y' already"),
        (("replace", "-", "raw/"), 2, "ends in '/'"),
        (("add", "-", "@main~1/a"), 2, "main~1"),
    ],
)
def test_what_cannot_be_is_told(lake: Cli, words: tuple[str, ...], code: int, message: str) -> None:
    ran = lake(*words, input="x")
    assert code == ran.code
    assert message in ran.err
