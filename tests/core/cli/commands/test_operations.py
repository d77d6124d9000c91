import shlex

from tests.core.cli.calling import Cli


def test_the_log_says_who_did_what(cli: Cli) -> None:
    cli.good("branch", "create", "try", "--author", "ada")
    tip = cli.good("show", "main").facts["commit"]
    [row] = cli.good("operations", "list", "--limit", "1").rows
    assert ["create_branch", "ada", f"try: nothing to {tip[:8]}"] == row[2:]
    assert [int(row[0])] == [
        each["id"] for each in cli.good("operations", "list", "--ref", "try", "--json").json
    ]


def test_an_operation_is_undone_and_the_undo_too(cli: Cli) -> None:
    cli.good("branch", "create", "try")
    cli.good("branch", "delete", "try")
    deletion = cli.good("operations", "list", "--limit", "1").rows[0][0]
    preview = cli.good("operations", "undo", deletion, "--dry-run")
    assert "undo" == preview.rows[0][0]
    assert 3 == cli("show", "try").code
    undone = cli.good("operations", "undo", deletion)
    cli.good("show", "try")
    _, *again = shlex.split(undone.err.removeprefix("back with: "))
    Cli(None).good(*again)
    assert 3 == cli("show", "try").code


def test_a_commit_is_not_undone_but_reverted(cli: Cli) -> None:
    cli.good("put", "-", "new", input="x")
    commit = cli.good("operations", "list", "--operation", "commit", "--limit", "1").rows[0][0]
    refused = cli("operations", "undo", commit)
    assert (5, True) == (refused.code, "lineageflow revert" in refused.err)
    assert 2 == cli("operations", "list", "--since", "yesterday").code
    assert 3 == cli("operations", "undo", "999999").code


def test_undo_without_an_id_takes_back_ones_own_last_operation(cli: Cli) -> None:
    cli.good("branch", "create", "mine", "--author", "ada")
    cli.good("branch", "create", "other", "--author", "bob")
    cli.good("undo", "--author", "ada")
    assert (3, 0) == (cli("show", "mine").code, cli("show", "other").code)
    cli.good("undo", "--author", "ada")
    cli.good("show", "mine")
    assert 3 == cli("undo", "--author", "nobody").code


def test_the_way_back_of_an_undo_that_deletes_a_repository_works(cli: Cli) -> None:
    cli.good("repo", "delete", "flights", "--confirm", "flights")
    cli.good("repo", "restore", "flights")
    undone = cli.good("undo")
    _, *again = shlex.split(undone.err.removeprefix("back with: "))
    Cli(None).good(*again)
    cli.good("show", "main")


def test_what_is_nowhere_in_the_log_is_told(cli: Cli) -> None:
    ran = cli.good("operations", "list", "--operation", "comit")
    assert ("", True) == (ran.out, "no operation here is called 'comit'" in ran.err)
    assert "create_repository" in ran.err
    assert "ever moved 'mian'" in cli.good("operations", "list", "--ref", "mian").err
    assert "" == cli.good("operations", "list", "--ref", "main", "--actor", "nobody").err
