import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.cli.calling import Cli, environment


def test_importing_the_entry_point_imports_no_command() -> None:
    program = "import sys, lineageflow_core.cli; print(sorted({'rich', 'typer'} & sys.modules.keys()))"
    done = subprocess.run((sys.executable, "-c", program), env=environment(), capture_output=True, check=True)
    assert b"[]\n" == done.stdout


def test_a_call_imports_no_other_command(told_folder: Path) -> None:
    program = (
        "import sys; from lineageflow_core.cli import main; "
        f"main(['--lake', {str(told_folder)!r}, 'branch', 'list']); "
        "print(sorted(each for each in sys.modules if each.startswith('lineageflow_core.cli.commands.')))"
    )
    done = subprocess.run((sys.executable, "-c", program), env=environment(), capture_output=True, check=True)
    loaded = done.stdout.splitlines()[-1].decode()
    assert "commands.refs" in loaded
    assert "commands.put" not in loaded


def test_a_pipe_needs_no_rich(told_folder: Path) -> None:
    program = (
        "import sys; from lineageflow_core.cli import main; "
        f"main(['--lake', {str(told_folder)!r}, 'log']); print('rich' in sys.modules)"
    )
    done = subprocess.run((sys.executable, "-c", program), env=environment(), capture_output=True, check=True)
    assert b"False" == done.stdout.splitlines()[-1]


def test_without_a_command_it_says_what_there_is(seen: Cli) -> None:
    ran = seen()
    assert 0 == ran.code
    assert "rollback" in ran.out


@pytest.mark.parametrize("words", [("--version",), ("--json", "--version")])
def test_the_version_is_told(seen: Cli, words: tuple[str, ...]) -> None:
    assert "lineageflow 0.3.0\n" == seen.good(*words).out


def test_common_options_count_before_and_behind_the_command(told_folder: Path) -> None:
    cli = Cli(None)
    before = cli.good("--lake", str(told_folder), "-R", "flights", "--json", "branch", "list")
    behind = cli.good("branch", "list", "--lake", str(told_folder), "-R", "flights", "--json")
    between = cli.good("branch", "--lake", str(told_folder), "--json", "list")
    assert before.out == behind.out == between.out
    assert ["main"] == [branch["ref"]["name"] for branch in before.json]


def test_the_command_itself_has_the_last_word(told_folder: Path) -> None:
    ran = Cli(None)("--lake", "nowhere", "branch", "list", "--lake", str(told_folder))
    assert (0, 1) == (ran.code, len(ran.rows))


def test_a_lake_is_found_in_the_environment(told_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGEFLOW_LAKE", str(told_folder))
    assert [["flights"]] == [row[:1] for row in Cli(None).good("repo", "list").rows]


def test_a_lake_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    ran = Cli(None)("log")
    assert (3, "") == (ran.code, ran.out)
    assert "`lineageflow repo create NAME`" in ran.err
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("bogus",), ("log", "--bogus"), ("show", "a", "b"), ("log", "-n", "many")])
def test_a_command_line_that_does_not_fit_is_a_usage_error(seen: Cli, words: tuple[str, ...]) -> None:
    ran = seen(*words)
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("error: ")
    assert "--help` shows how it is used" in ran.err


@pytest.mark.parametrize(
    "words, code, kind",
    [
        (("log", "--bogus"), 2, "invalid_input"),
        (("log", "nothere"), 3, "ref_not_found"),
        (("cat", "nothere"), 3, "object_not_found"),
        (("runs", "show", "00000000-0000-0000-0000-000000000000"), 3, "run_not_found"),
        (("rollback", "plan:none"), 3, "plan_not_found"),
        (("-R", "nothere", "log"), 3, "repository_not_found"),
        (("ls", "../up"), 2, "invalid_input"),
        (("ls", "s3://bucket/x"), 2, "invalid_input"),
    ],
)
def test_an_error_is_a_problem_for_programs(seen: Cli, words: tuple[str, ...], code: int, kind: str) -> None:
    ran = seen("--json", *words)
    assert (code, "") == (ran.code, ran.out)
    assert kind == json.loads(ran.err)["kind"]


def test_quiet_leaves_only_the_result(seen: Cli) -> None:
    loud, quiet = seen.good("log", "-n", "1"), seen.good("log", "-n", "1", "--quiet")
    assert ("only the first 1; --limit 0 shows all\n", "") == (loud.err, quiet.err)
    assert loud.out == quiet.out
