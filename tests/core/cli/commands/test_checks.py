from tests.core.cli.calling import Cli


def test_a_merge_waits_for_the_check_that_a_rule_requires(cli: Cli) -> None:
    cli.good("branch", "create", "try")
    cli.good("put", "-", "new", "--branch", "try", input="x")
    cli.good("branch", "protect", "main", "--check", "row-count")
    assert 6 == cli("merge", "try").code
    failed = cli.good(
        "checks", "record", "row-count", "failed", "--on", "try", "-s", "3 of 4", "--author", "ci"
    )
    assert [["failed", "row-count", "ci", "3 of 4"]] == [
        [row[0], row[1], row[3], row[5]] for row in failed.rows
    ]
    assert failed.rows == cli.good("checks", "list", "try").rows
    assert "row-count failed (3 of 4)" in cli("merge", "try").err
    cli.good("checks", "record", "row-count", "passed", "--on", "try")
    cli.good("merge", "try")
