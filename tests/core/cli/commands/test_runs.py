from tests.core.cli.calling import Cli
from tests.core.cli.story import Story


def test_runs_are_listed_newest_first(seen: Cli, told: Story) -> None:
    rows = seen.good("runs").rows
    assert [[told.bad, "completed"], [told.failed, "failed"], [told.good, "completed"]] == [
        row[:2] for row in rows
    ]
    assert rows == seen.good("runs", "list").rows


def test_runs_are_chosen_by_state_and_job(seen: Cli, told: Story) -> None:
    assert [told.failed] == [row[0] for row in seen.good("runs", "list", "--state", "failed").rows]
    assert [] == seen.good("runs", "list", "--job", "nothere").rows
    assert 3 == len(seen.good("runs", "list", "--job", "flights").rows)
    assert 2 == seen("runs", "list", "--state", "happy").code


def test_the_list_says_where_it_was_cut_off(seen: Cli) -> None:
    ran = seen.good("runs", "list", "-n", "2")
    assert (2, "only the first 2; --limit 0 shows all\n") == (len(ran.rows), ran.err)


def test_a_run_is_shown_with_its_steps_reads_and_writes(seen: Cli, told: Story) -> None:
    ran = seen.good("runs", "show", told.bad)
    assert ("flights", "completed") == (ran.facts["job"], ran.facts["state"])
    assert ["flights.ingest", "flights.clean", "flights.report"] == [row[2] for row in ran.section("steps")]
    assert (4, 4) == (len(ran.section("reads")), len(ran.section("writes")))
    assert ["lf://flights/models/delay", ""] == ran.section("writes")[1][:2]
    details = seen.good("runs", "show", told.bad, "--json").json
    assert (told.bad, 3, 4) == (details["run"]["id"], len(details["steps"]), len(details["writes"]))


def test_a_step_is_shown_with_its_code_and_error(seen: Cli, told: Story) -> None:
    steps = seen.good("runs", "show", told.failed).section("steps")
    facts = seen.good("runs", "show", steps[1][0]).facts
    assert (
        "failed",
        "column 'dep_delay' is missing",
        told.failed,
        "3f2a91c0" * 5,
        "flights.py",
        "year=2013",
    ) == (
        facts["state"],
        facts["error"],
        facts["step of"],
        facts["code"],
        facts["file"],
        facts["params"],
    )
