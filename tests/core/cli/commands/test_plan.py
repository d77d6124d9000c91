from tests.core.cli.calling import Cli
from tests.core.cli.story import Story


def test_plans_are_listed_shown_and_applied(cli: Cli, told: Story) -> None:
    made = cli.good("rollback", told.bad, "--dry-run", "--json").json["id"]
    assert [[made, "planned"]] == [[row[0], row[2]] for row in cli.good("plan").rows]
    assert 4 == len(cli.good("plan", "show", made).section("items"))
    assert 2 == cli("plan", "apply", made).code
    cli.good("plan", "apply", made, "--yes")
    assert "applied" == cli.good("plan", "show", made).facts["state"]
    assert "" == cli.good("diff", told.before_bad.id, "main").out


def test_a_rollback_is_undone(cli: Cli, told: Story) -> None:
    before = cli.good("show").facts["commit"]
    made = cli.good("rollback", told.bad, "--yes", "--json").json["id"]
    cli.good("rollback", "undo", made, "--yes")
    assert "" == cli.good("diff", before, "main").out
    assert "undone" == cli.good("plan", "show", made).facts["state"]


def test_a_decision_is_made_by_path(cli: Cli, told: Story) -> None:
    ran = cli.good("rollback", told.bad, "--dry-run", "--decide", "report.md=skip")
    assert ["report.md"] == [row[1] for row in ran.section("items") if row[0] == "skip"]
    assert 2 == cli("rollback", told.bad, "--dry-run", "--decide", "report.md=perhaps").code
    assert 2 == cli("rollback", told.bad, "--dry-run", "--decide", "nothing=skip").code


def test_a_commit_and_a_range_are_targets(cli: Cli, told: Story) -> None:
    last = cli.good("rollback", "@main", "--dry-run")
    since = cli.good("rollback", f"{told.before_bad.id}..", "--dry-run")
    assert last.section("items")
    assert 4 == len(since.section("items"))
    assert 2 == cli("rollback", "undo", "--dry-run").code
