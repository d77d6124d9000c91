import shlex

import pytest

from tests.core.cli.calling import Cli


def test_a_protected_branch_takes_no_direct_commit_until_it_is_unprotected(cli: Cli) -> None:
    rule = cli.good(
        "branch", "protect", "main", "--merges-only", "--writer", "ada", "--writer", "bob",
        "--check", "row-count", "--require-metadata", "ticket", "--stale-reads", "fail",
    )  # fmt: skip
    row = ["main", "ada, bob", "merges only", "row-count", "ticket", "fail"]
    assert [row] == rule.rows
    assert [row] == cli.good("settings").section("branch rules")
    refused = cli("put", "-", "new", "--author", "ada", input="x")
    assert (5, True) == (refused.code, "takes no direct commits" in refused.err)
    assert 5 == cli("branch", "rename", "main", "trunk").code
    assert [row] == cli.good("branch", "unprotect", "main").rows
    cli.good("put", "-", "new", input="x")


def test_a_rule_replaces_the_one_for_the_same_pattern(cli: Cli) -> None:
    cli.good("branch", "protect", "main", "--merges-only")
    cli.good("branch", "protect", "main", "--check", "schema")
    [rule] = cli.good("settings", "show", "--json").json["branch_rules"]
    assert (False, ["schema"]) == (rule["merges_only"], rule["checks"])


def test_the_note_takes_a_rule_back(cli: Cli) -> None:
    note = cli.good("branch", "protect", "main", "--merges-only").err
    _, *again = shlex.split(note.removeprefix("back with: "))
    Cli(None).good(*again)
    assert [] == cli.good("settings", "--json").json["branch_rules"]


def test_settings_are_changed_one_by_one_and_taken_back(cli: Cli) -> None:
    cli.good("settings", "set", "--key-columns", "raw/a=id,day", "--key-columns", "raw/b=n")
    ran = cli.good("settings", "set", "--quarantine", "stop", "--trash-days", "3", "--key-columns", "raw/b=")
    assert ("stop", "3", "24", "id, day") == tuple(
        ran.facts[name] for name in ("quarantine", "trash days", "grace hours", "key of raw/a")
    )
    assert "key of raw/b" not in ran.facts
    cli.good("undo")
    facts = cli.good("settings").facts
    assert ("warn", "7", "n") == (facts["quarantine"], facts["trash days"], facts["key of raw/b"])


def test_settings_that_are_only_previewed_stay(cli: Cli) -> None:
    before = cli.good("settings", "--json").json
    shown = cli.good("settings", "set", "--grace-hours", "2", "--dry-run", "--json").json
    assert ({**before, "grace_hours": 2}, before) == (shown, cli.good("settings", "--json").json)


@pytest.mark.parametrize(
    "words, message",
    [
        ((), "name what is to change"),
        (("--key-columns", "orders"), "DATASET=COLUMN"),
        (("--trash-days", "-1"), "trash_days is -1"),
        (("--quarantine", "maybe"), "'maybe' is not one of 'warn', 'stop'"),
    ],
)
def test_settings_that_cannot_be_are_told(cli: Cli, words: tuple[str, ...], message: str) -> None:
    ran = cli("settings", "set", *words)
    assert (2, True) == (ran.code, message in ran.err)


def test_a_rule_that_says_nothing_and_one_that_is_not_there_are_told(cli: Cli) -> None:
    assert 2 == cli("branch", "protect", "main").code
    assert 2 == cli("branch", "protect", "a/b", "--merges-only").code
    assert 3 == cli("branch", "unprotect", "main").code


def test_a_key_that_the_table_has_not_is_told_when_it_is_set(cli: Cli) -> None:
    cli.good("put", "-", "t.csv", input="id,x\n1,2\n")
    ran = cli("settings", "set", "--key-columns", "t.csv=nope")
    assert (2, True) == (ran.code, "'t.csv' has no column 'nope'; it has id, x" in ran.err)
    cli.good("settings", "set", "--key-columns", "t.csv=id", "--key-columns", "later.csv=nope")
    cli.good("settings", "set", "--key-columns", "*.csv=nope")
