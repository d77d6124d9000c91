import json
import shlex

from tests.core.cli.calling import Cli
from tests.core.cli.story import Story


def test_a_dry_run_shows_the_plan_and_changes_nothing(cli: Cli, told: Story) -> None:
    tip = cli.good("show").facts["commit"]
    ran = cli.good("rollback", told.bad, "--descendants", "--dry-run")
    items = ran.section("items")
    assert [
        ["restore", "clean/flights", "2013-02"],
        ["restore", "models/delay", ""],
        ["restore", "raw/flights", "2013-02"],
        ["restore", "report.md", ""],
    ] == [row[:3] for row in items]
    assert all(row[3] and row[4] and row[3] != row[4] for row in items)
    assert "model" == items[1][9]
    assert tip == cli.good("show").facts["commit"]
    assert f"run:{told.bad}" == ran.facts["target"]


def test_the_command_that_a_dry_run_prints_applies_that_plan(cli: Cli, told: Story) -> None:
    ran = cli.good("rollback", told.bad[:8], "--dry-run")
    start, _, command = ran.err.rstrip("\n").partition("apply: ")
    assert "nothing changed yet; " == start
    program, *words = shlex.split(command)
    assert ("lineageflow", ["--lake", str(cli.lake)]) == (program, words[:2])
    applied = Cli(None).good(*words)
    assert ["main", f"roll back run:{told.bad}"] == applied.rows[-1][1:]
    assert "" == cli.good("diff", told.before_bad.id, "main").out


def test_a_rollback_can_be_rolled_back(cli: Cli, told: Story) -> None:
    ran = cli.good("rollback", told.bad, "--yes")
    _, *undo = shlex.split(ran.err.rstrip("\n").removeprefix("undo: "))
    Cli(None).good(*undo)
    assert "" == cli.good("diff", "main~2", "main").out


def test_without_anybody_to_ask_nothing_happens(cli: Cli, told: Story) -> None:
    tip = cli.good("show").facts["commit"]
    ran = cli("rollback", told.bad)
    assert (2, 4) == (ran.code, len(ran.section("items")))
    assert "--yes`" in ran.err
    assert tip == cli.good("show").facts["commit"]


def test_programs_are_not_asked(cli: Cli, told: Story) -> None:
    ran = cli("rollback", told.bad, "--json")
    assert (2, "planned") == (ran.code, ran.json["state"])
    assert ran.json["id"] == json.loads(ran.err)["details"]["plan"]


def test_the_applied_plan_is_the_document(cli: Cli, told: Story) -> None:
    plan = cli.good("rollback", told.bad, "--yes", "--json").json
    assert ("applied", cli.good("show").facts["commit"]) == (plan["state"], plan["commit"])


def test_one_output_may_be_what_was_bad(cli: Cli, told: Story) -> None:
    ran = cli.good("rollback", told.bad, "--output", "report.md", "--dry-run")
    assert ["report.md"] == [row[1] for row in ran.section("items")]
    assert 2 == cli("rollback", told.bad, "--output", "nothere", "--dry-run").code


def test_descendants_may_stay(cli: Cli) -> None:
    ran = cli.good("rollback", "raw/flights/2013-02", "--outputs-only", "--dry-run")
    assert [["restore", "raw/flights", "2013-02"]] == [row[:3] for row in ran.section("items")]
    assert 4 == len(cli.good("rollback", "raw/flights/2013-02", "--dry-run").section("items"))


def test_there_is_nothing_to_undo_twice(cli: Cli, told: Story) -> None:
    cli.good("rollback", told.bad, "--yes")
    ran = cli.good("rollback", told.bad, "--yes")
    assert "nothing to undo" in ran.err


def test_a_plan_is_applied_once(cli: Cli, told: Story) -> None:
    plan = cli.good("rollback", told.bad, "--dry-run", "--json").json["id"]
    cli.good("rollback", f"plan:{plan}", "--yes")
    commits = len(cli.good("log").rows)
    assert "applied already" in cli.good("rollback", f"plan:{plan}", "--yes").err
    assert commits == len(cli.good("log").rows)


def test_a_plan_that_the_world_has_overtaken_is_not_applied(cli: Cli, told: Story) -> None:
    plan = cli.good("rollback", told.bad, "--dry-run", "--json").json["id"]
    cli.good("put", "-", "report.md", input="by hand")
    ran = cli("rollback", f"plan:{plan}", "--yes")
    assert 5 == ran.code
    assert "make a new plan" in ran.err


def test_another_branch_may_be_rolled_back(cli: Cli, told: Story) -> None:
    cli.good("branch", "create", "try")
    cli.good("rollback", told.bad, "--branch", "try", "--yes")
    assert "" == cli.good("diff", told.before_bad.id, "try").out
    assert "" != cli.good("diff", told.before_bad.id, "main").out


def test_nobody_is_asked_about_a_run_that_is_not_known(cli: Cli) -> None:
    assert 3 == cli("rollback", "run:0000", "--yes").code
