"""The command as a process: exit codes, pipes, signals, servers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lineageflow_core.cli.commands import up
from lineageflow_core.errors import InvalidInputError
from tests.core.cli.calling import PROGRAM, Cli, environment, run_process, start
from tests.core.cli.story import Story


def test_success_is_zero_and_says_nothing_on_stderr(told: Story) -> None:
    ran = run_process(["log"], folder=told.folder)
    assert (0, 4, "") == (ran.code, len(ran.rows), ran.err)


@pytest.mark.parametrize(
    "words, code",
    [
        (["diff", "main~1", "main", "--exit-code"], 1),
        (["log", "--bogus"], 2),
        (["show", "nothere"], 3),
        (["repo", "create", "flights"], 5),
    ],
)
def test_failures_have_their_exit_codes(told: Story, words: list[str], code: int) -> None:
    assert code == run_process(words, folder=told.folder).code


def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    ran = run_process(["--lake", "http://127.0.0.1:9", "log"], folder=tmp_path)
    assert (7, "") == (ran.code, ran.out)
    assert 1 == len(ran.err.splitlines())


@pytest.mark.usefixtures("empty")
def test_bytes_go_through_pipes_unchanged(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    assert 0 == run_process(["put", "-", "a"], folder=tmp_path, stdin=content).code
    with start(["cat", "a"], folder=tmp_path) as process:
        out, _ = process.communicate()
    assert content == out


def test_a_reader_that_has_had_enough_is_no_error(empty: Cli, tmp_path: Path) -> None:
    empty.good("put", "-", "a", input=b"x" * (8 << 20))
    with start(["cat", "a"], folder=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"x" == process.stdout.read(1)
        process.stdout.close()
        assert b"" == process.stderr.read()
    assert 0 == process.returncode


def test_a_disk_that_is_full_is_told(told: Story) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            (*PROGRAM, "log"),
            cwd=told.folder,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (1, b"error: No space left on device\n") == (done.returncode, done.stderr)


def test_what_cloud_libraries_log_stays_off_the_terminal() -> None:
    log = "logging.getLogger('gcsfs').error('no host')"
    program = f"import logging; from lineageflow_core.cli.app import run; run(['--help']); {log}"
    done = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, check=True)
    assert b"" == done.stderr


def test_ctrl_c_cancels(empty: Cli, tmp_path: Path) -> None:
    with start(["put", "-", "a"], folder=tmp_path) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"x" * (1 << 20))  # returns only once it is read, so that it is listening
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert b"cancelled\n" == process.stderr.read()
    assert 130 == process.returncode
    assert 1 == len(empty.good("log").rows)


@pytest.mark.usefixtures("empty")
def test_a_message_that_is_no_text_is_the_users_mistake(tmp_path: Path) -> None:
    ran = run_process(["put", "-", "a", "-m", os.fsdecode(b"\xff")], folder=tmp_path, stdin=b"x")
    assert 2 == ran.code
    assert 1 == len(ran.err.splitlines())


def test_between_calls_the_rows_of_a_lake_are_one_file(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    assert 0 == run_process(["--lake", str(lake), "repo", "create", "r"], folder=tmp_path).code
    assert ["lineageflow.db"] == [file.name for file in lake.glob("lineageflow.db*")]


def test_a_lake_is_served_and_used_from_elsewhere(cli: Cli, tmp_path: Path) -> None:
    assert cli.lake is not None
    with start(["up", str(cli.lake), "--port", "0", "--json"], folder=tmp_path) as server:
        assert server.stdout is not None
        try:
            serving = json.loads(server.stdout.readline())
            here = {"LINEAGEFLOW_LAKE": serving["url"], "LINEAGEFLOW_TOKEN": serving["token"]}
            assert 4 == len(run_process(["log"], folder=tmp_path, variables=here).rows)
            made = run_process(["put", "-", "a"], folder=tmp_path, stdin=b"far", variables=here)
            assert (0, "put a") == (made.code, made.rows[0][2])
            stranger = run_process(["log", "--lake", serving["url"]], folder=tmp_path)
            assert (4, "") == (stranger.code, stranger.out)
        finally:
            server.send_signal(signal.SIGINT)
        assert 0 == server.wait()
    assert "far" == cli.good("cat", "a").out


def test_without_the_server_up_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lineageflow_server", None)
    monkeypatch.delitem(sys.modules, "lineageflow_server.serve", raising=False)
    with pytest.raises(InvalidInputError, match="pip install"):
        up._server()


def test_nobody_goes_without_a_token_where_other_machines_connect(empty: Cli) -> None:
    ran = empty("up", "--host", "0.0.0.0", "--no-auth", "--no-open")
    assert (2, "") == (ran.code, ran.out)
    assert "leave --no-auth out, or listen on 127.0.0.1" in ran.err


def test_a_server_is_not_served_again() -> None:
    ran = Cli(None)("up", "http://127.0.0.1:9")
    assert 2 == ran.code
    assert "name a folder" in ran.err
