import pytest

from lineageflow_core.cli.commands import history
from tests.core.cli.calling import Cli
from tests.core.cli.story import Story


def test_the_log_has_one_commit_a_line(seen: Cli, told: Story) -> None:
    rows = seen.good("log").rows
    assert ["bad run", "good run", "notes", "create repository"] == [row[5] for row in rows]
    assert ["dagster", "dagster", "ada", "ada"] == [row[2] for row in rows]
    assert [told.bad, told.good, "", ""] == [row[3] for row in rows]
    assert ["main", "", "", ""] == [row[4] for row in rows]
    assert told.before_bad.id == rows[1][0]


def test_the_log_begins_where_it_is_told_to(seen: Cli, told: Story) -> None:
    assert told.before_bad.id == seen.good("log", "main~1").rows[0][0]


def test_the_log_of_a_path_has_what_changed_it(seen: Cli) -> None:
    assert ["notes"] == [row[5] for row in seen.good("log", "--path", "notes.txt").rows]


def test_the_log_can_be_narrowed_down(seen: Cli, told: Story) -> None:
    def messages(*options: str) -> list[str]:
        return [row[5] for row in seen.good("log", *options).rows]

    assert ["notes", "create repository"] == messages("--author", "ada")
    assert ["good run"] == messages("--run", told.good[:8])
    assert ["bad run", "good run"] == messages("--grep", "RUN")
    assert ["bad run"] == messages("--grep", "run", "--until", "2999-01-01", "--path", "report.md", "-n", "1")
    assert [] == messages("--since", "2999-01-01T00:00:00Z")
    assert [] == messages("--meta", "ticket=1", "--meta", "a=b")
    assert 2 == seen("log", "--meta", "ticket").code
    assert 2 == seen("log", "--since", "yesterday").code


def test_all_histories_are_listed(seen: Cli) -> None:
    assert 16 == len(seen.good("log", "--all", "-n", "0").rows)
    assert seen.good("log", "--all", "--json").json == seen.good("log", "--graph", "--all", "--json").json
    assert 2 == seen("log", "main", "--all").code


def test_the_log_says_where_it_was_cut_off(seen: Cli) -> None:
    ran = seen.good("log", "-n", "2")
    assert (2, "only the first 2; --limit 0 shows all\n") == (len(ran.rows), ran.err)
    assert "" == seen.good("log", "-n", "4").err
    assert 4 == len(seen.good("log", "-n", "0").rows)


def test_the_log_is_an_array_of_commits(seen: Cli) -> None:
    commits = seen.good("log", "--json").json
    assert ["bad run", "good run", "notes", "create repository"] == [commit["message"] for commit in commits]
    assert [commit["id"] for commit in commits[1:]] == [commit["parents"][0] for commit in commits[:3]]


def test_the_graph_shows_merged_histories(seen: Cli) -> None:
    lines = seen.good("log", "--graph", "-n", "0").out.splitlines()
    assert 2 == len([line for line in lines if line.startswith("├─╮")])
    assert any(line.startswith("│ ● ") and "write models/delay" in line for line in lines)
    assert 16 == len(seen.good("log", "--graph", "--json").json)
    assert "only the first 3; --limit 0 shows all\n" == seen.good("log", "--graph", "-n", "3").err


def test_the_graph_is_narrowed_down_and_its_lanes_lead_to_what_is_shown(seen: Cli) -> None:
    lines = seen.good("log", "--graph", "--path", "notes.txt").out.splitlines()
    assert ["● "] == [line[:2] for line in lines]
    lines = seen.good("log", "--graph", "--author", "ada").out.splitlines()
    assert ["● ", "● "] == [line[:2] for line in lines]
    everywhere = seen.good("log", "--all", "--grep", "RUN").rows
    assert {"bad run", "good run"} <= {row[5] for row in everywhere}
    assert all("run" in row[5] for row in everywhere)


def test_the_log_of_a_range_is_what_its_end_has(seen: Cli) -> None:
    def messages(*options: str) -> list[str]:
        return [row[5] for row in seen.good("log", *options).rows]

    assert ["bad run", "good run"] == messages("main~2..main")
    assert ["bad run"] == messages("main~2..main", "--grep", "bad")
    assert [] == messages("main..main~2")
    assert ["bad run"] == messages("main...main~1")
    whole = seen.good("log", "--graph", "main~1..main", "--json").json
    assert {"bad run"} < {commit["message"] for commit in whole}
    assert [2, 2] == [seen("log", *wrong).code for wrong in (["main.."], ["main~1..main", "--all"])]


def test_a_path_that_never_was_is_told_of(seen: Cli) -> None:
    ran = seen.good("log", "--path", "note.txt")
    assert ([], True) == (ran.rows, "no branch ever had anything at 'note.txt'" in ran.err)
    assert "" == seen.good("log", "--path", "notes.txt", "--grep", "no such text").err
    assert [] == seen.good("log", "--path", "note.txt", "--json").json


def test_a_commit_is_shown_with_what_it_changed(seen: Cli, told: Story) -> None:
    ran = seen.good("show", "main")
    assert (told.bad, "dagster", "bad run") == (ran.facts["run"], ran.facts["author"], ran.facts["message"])
    assert ["clean/flights", "models/delay", "raw/flights", "report.md"] == [
        row[1] for row in ran.section("changes")
    ]
    details = seen.good("show", "main", "--json").json
    assert (ran.facts["commit"], 4) == (details["commit"]["id"], len(details["changes"]))


def test_the_first_commit_is_shown(seen: Cli) -> None:
    assert [] == seen.good("show", "main~3").section("changes")


def test_every_line_of_a_message_is_shown(cli: Cli) -> None:
    cli.good("put", "-", "a", "-m", "first\n\nmore\x1b[2J", input="x")
    ran = cli.good("show")
    assert ["first", r"more\x1b[2J"] == [row[1] for row in ran.rows if row[0] == "message"]
    assert "first" == cli.good("log").rows[0][5]


def test_of_very_many_refs_only_the_first_and_those_asked_for_name_commits(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.good("put", "-", "a.txt", input="1")
    for name in ("a", "b", "c"):
        cli.good("branch", "create", name)
    monkeypatch.setattr(history, "MAX_LIMIT", 1)
    assert "a b main" == cli.good("log", "b").rows[0][4].replace(",", " ").replace("  ", " ")
