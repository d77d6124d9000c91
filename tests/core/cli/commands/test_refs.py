import shlex

import pytest

from tests.core.cli.calling import Cli


@pytest.mark.parametrize("noun", ["branch", "tag"])
def test_a_ref_is_made_listed_and_removed(cli: Cli, noun: str) -> None:
    before = cli.good(noun).rows
    tip = cli.good("show", "main~1").facts["commit"]
    assert [["v1", tip]] == cli.good(noun, "create", "v1", "--from", "main~1").rows
    assert tip == cli.good("show", "v1").facts["commit"]
    listed = cli.good(noun, "list", "--json").json
    assert "v1" in [each["ref"]["name"] for each in listed]
    gone = cli.good(noun, "delete", "v1")
    assert [["v1", tip]] == gone.rows
    assert before == cli.good(noun).rows
    assert gone.err.startswith("back with: lineageflow --lake ")


def test_a_branch_is_renamed_and_the_note_renames_it_back(cli: Cli) -> None:
    cli.good("branch", "create", "try")
    renamed = cli.good("branch", "rename", "try", "better")
    assert "better" == renamed.rows[0][0]
    assert ["better", "main"] == [ref["ref"]["name"] for ref in cli.good("branch", "--json").json]
    _, *again = shlex.split(renamed.err.removeprefix("back with: "))
    assert "try" == Cli(None).good(*again).rows[0][0]


def test_a_tag_says_who_made_it_and_what_for(cli: Cli) -> None:
    cli.good("tag", "create", "v9", "-m", "as published", "--author", "grace")
    assert ["v9", "grace", "as published"] == [
        cell for row in cli.good("tag").rows if row[0] == "v9" for cell in (row[0], row[3], row[4])
    ]


def test_what_brings_a_branch_back_brings_it_back(cli: Cli) -> None:
    cli.good("branch", "create", "try", "--from", "main~1")
    _, *again = shlex.split(cli.good("branch", "delete", "try").err.removeprefix("back with: "))
    assert [["try"]] == [row[:1] for row in Cli(None).good(*again).rows]


def test_the_default_branch_is_marked(cli: Cli) -> None:
    cli.good("branch", "create", "try")
    assert [["*", "main"], [" ", "try"]] == [row[:2] for row in cli.good("branch").rows]


def test_branches_say_how_far_they_are_from_another_ref(cli: Cli) -> None:
    cli.good("branch", "create", "try", "--from", "main~1")
    assert [["main", ""], ["try", "↓5"]] == [[row[1], row[3]] for row in cli.good("branch").rows]
    cli.good("put", "-", "new.txt", "-b", "try", "--author", "grace", input="x")
    rows = cli.good("branch", "list").rows
    assert [["main", "", "dagster"], ["try", "↑1 ↓5", "grace"]] == [[row[1], row[3], row[5]] for row in rows]
    rows = cli.good("branch", "list", "--against", "try").rows
    assert [["main", "↑5 ↓1"], ["try", ""]] == [[row[1], row[3]] for row in rows]


def test_the_default_branch_stays(cli: Cli) -> None:
    ran = cli("branch", "delete", "main")
    assert 5 == ran.code
    assert "default branch" in ran.err


def test_a_name_is_taken_once(cli: Cli) -> None:
    cli.good("branch", "create", "try")
    assert 5 == cli("tag", "create", "try").code


def test_a_name_with_a_slash_is_refused(cli: Cli) -> None:
    assert 2 == cli("branch", "create", "a/b").code


def test_what_is_not_there_is_not_removed(cli: Cli) -> None:
    assert 3 == cli("branch", "delete", "nothere").code
    assert 3 == cli("tag", "delete", "nothere").code
