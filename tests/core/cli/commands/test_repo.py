from pathlib import Path

from tests.core.cli.calling import Cli


def test_the_first_repository_makes_the_lake(tmp_path: Path) -> None:
    ran = Cli(None).good("repo", "create", "flights", "--default-branch", "trunk")
    assert [["flights", "trunk"]] == ran.rows
    assert (tmp_path / "lake" / "lineageflow.db").is_file()
    assert [["flights", "trunk"]] == [row[:2] for row in Cli(None).good("repo").rows]


def test_a_name_is_taken_once(empty: Cli) -> None:
    ran = empty("repo", "create", "flights")
    assert 5 == ran.code
    assert "exists" in ran.err


def test_a_bad_name_is_refused(empty: Cli) -> None:
    assert 2 == empty("repo", "create", "a/b").code


def test_a_repository_says_how_much_is_there(seen: Cli) -> None:
    facts = seen.good("repo", "show").facts
    assert ("flights", "main", "5", "9", "1") == (
        facts["repository"],
        facts["default branch"],
        facts["datasets"],
        facts["objects"],
        facts["branches"],
    )
    details = seen.good("repo", "show", "flights", "--json").json
    assert (5, 9, facts["tip"]) == (details["datasets"], details["objects"], details["tip"]["id"])


def test_an_unknown_repository_is_not_found(seen: Cli) -> None:
    assert 3 == seen("repo", "show", "nothere").code


def test_who_made_it_is_the_author(empty: Cli) -> None:
    empty.good("repo", "create", "weather", "--author", "ada")
    assert "ada" == empty.good("show", "lf://weather/@main").facts["author"]
