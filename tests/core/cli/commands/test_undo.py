from tests.core.cli.calling import Cli
from tests.core.cli.story import Story


def test_a_commit_is_undone_by_another(cli: Cli, told: Story) -> None:
    ran = cli.good("revert", "main", "--branch", "main")
    assert ["main", 'revert "bad run"'] == ran.rows[0][1:]
    assert "" == cli.good("diff", told.before_bad.id, "main").out


def test_a_range_is_undone(cli: Cli) -> None:
    before = cli.good("show", "main~2").facts["commit"]
    cli.good("revert", "main~2..main")
    assert "" == cli.good("diff", before, "main").out


def test_what_later_commits_changed_too_is_a_conflict(cli: Cli) -> None:
    cli.good("put", "-", "report.md", input="by hand")
    ran = cli("revert", "main~1")
    assert (5, [["unit", "report.md"]]) == (ran.code, [row[:2] for row in ran.rows])
    cli.good("revert", "main~1", "--pick", "report.md=ours")
    assert "by hand" == cli.good("cat", "report.md").out


def test_a_dry_run_of_a_revert_changes_nothing(cli: Cli, told: Story) -> None:
    ran = cli.good("revert", "main", "--dry-run")
    undone = cli.good("diff", "main", told.before_bad.id, "--stat").rows
    assert undone == ran.section("changes")
    assert ran.facts["tip"] == cli.good("show").facts["commit"]


def test_undoing_what_is_undone_tells_of_going_back(cli: Cli) -> None:
    cli.good("revert", "main")
    ran = cli.good("revert", "main~1")
    assert ran.err.startswith("nothing changed: ")
    assert "reset 'main~1' --branch main" in ran.err.replace("reset main~1", "reset 'main~1'")


def test_a_branch_goes_back_to_a_state(cli: Cli, told: Story) -> None:
    cli.good("put", "-", "later", input="1")
    ran = cli.good("reset", told.before_bad.id)
    assert ["main", f"reset main to {told.before_bad.id[:8]}"] == ran.rows[0][1:]
    assert "" == cli.good("diff", told.before_bad.id, "main").out
    assert ran.rows[0][0] == cli.good("show").facts["commit"]


def test_a_dry_run_of_a_reset_changes_nothing(cli: Cli, told: Story) -> None:
    ran = cli.good("reset", told.before_bad.id, "--dry-run")
    assert cli.good("diff", "main", told.before_bad.id, "--stat").rows == ran.section("changes")
    of_path = cli.good("restore", "report.md", "--from", told.before_bad.id, "--dry-run")
    assert ["report.md"] == [row[1] for row in of_path.section("changes")]
    assert told.before_bad.id == of_path.facts["restore"]
    assert ran.facts["tip"] == cli.good("show").facts["commit"]


def test_a_path_is_made_what_it_was(cli: Cli) -> None:
    ran = cli.good("restore", "raw/flights/2013-02", "--from", "main~1", "-m", "as it was")
    assert ["main", "as it was"] == ran.rows[0][1:]
    assert "delays of 2013-02" == cli.good("cat", "raw/flights/2013-02/data.csv").out
    assert "" == cli.good("diff", "main~2", "main", "raw").out


def test_what_was_not_there_is_removed(cli: Cli) -> None:
    cli.good("restore", "lf://flights/report.md", "--from", "main~2")
    assert 3 == cli("cat", "report.md").code


def test_restoring_what_is_so_already_says_so(cli: Cli) -> None:
    ran = cli.good("restore", "notes.txt", "--from", "main~1")
    assert ran.err.startswith("nothing changed: ")


def test_a_path_names_no_ref(cli: Cli) -> None:
    assert 2 == cli("restore", "@main/notes.txt", "--from", "main~1").code
    ran = cli("restore", "lf://flights", "--from", "main~1")
    assert 2 == ran.code
    assert "lineageflow reset" in ran.err


def test_the_ref_is_needed(cli: Cli) -> None:
    ran = cli("restore", "notes.txt")
    assert 2 == ran.code
    assert "--from" in ran.err
