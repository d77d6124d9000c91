from datetime import UTC, datetime, timedelta
from pathlib import Path

from lineageflow_server.embedded import open_stores

from lineageflow_core.service.embedded import open_embedded
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


def test_a_repository_is_renamed_and_goes_by_both_names(empty: Cli) -> None:
    assert ["planes", "main"] == empty.good("repo", "rename", "flights", "planes").rows[0][:2]
    assert ["planes"] == [row[0] for row in empty.good("repo").rows]
    assert "planes" == empty.good("repo", "show", "flights").facts["repository"]


def test_another_branch_becomes_the_default(empty: Cli) -> None:
    empty.good("branch", "create", "dev")
    changed = empty.good("repo", "set-default", "dev")
    assert ["flights", "dev"] == changed.rows[0][:2]
    assert "repo set-default main" in changed.err
    assert 3 == empty("repo", "set-default", "nothing").code


def test_a_repository_is_deleted_by_its_name_and_restored(empty: Cli) -> None:
    assert "1" == empty.good("repo", "delete", "flights", "--dry-run").facts["branches"]
    assert [2, 2] == [
        empty("repo", "delete", "flights", *more).code for more in ((), ("--confirm", "flight"))
    ]
    empty.good("repo", "show", "flights")
    empty.good("repo", "delete", "flights", "--confirm", "flights")
    assert 3 == empty("repo", "show", "flights").code
    assert ([], ["flights"]) == (
        empty.good("repo").rows,
        [row[0] for row in empty.good("repo", "list", "--deleted").rows],
    )
    empty.good("repo", "restore", "flights")
    empty.good("repo", "show", "flights")


def test_what_cannot_be_restored_any_more_is_deleted_for_good(tmp_path: Path, empty: Cli) -> None:
    folder = tmp_path / "lake"
    empty.good("repo", "create", "old")
    assert 5 == empty("repo", "purge", "old", "--confirm", "old").code
    long_ago = datetime.now(UTC) - timedelta(days=8)
    past = open_embedded(open_stores(folder), clock=lambda: long_ago)
    past.repositories.delete_repository("old", author="ada")
    assert "1" == empty.good("repo", "purge", "old", "--dry-run").facts["packs"]
    assert [2, 2] == [empty("repo", "purge", "old", *more).code for more in ((), ("--confirm", "older"))]
    done = empty.good("repo", "purge", "old", "--confirm", "old", "--json").json
    assert (0, 1) == (done["objects"], done["packs"])
    assert not (folder / "repositories" / done["repository"]["id"]).exists()
    assert 3 == empty("repo", "restore", "old").code
    empty.good("repo", "create", "old")
