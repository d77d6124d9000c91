"""Servers as processes: what `lineageflow up` does."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from lineageflow_server.serve import Serving, listen, serve

from lineageflow_core.connect import connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.token import Scope

_SCRIPT = """
import dataclasses, json, sys
from lineageflow_server.serve import serve
def announce(serving):
    print(json.dumps(dataclasses.asdict(serving)), flush=True)
serve("memory:", announce=announce, **json.loads(sys.argv[1]))
print("goodbye", flush=True)
"""


@contextmanager
def _process(**options: Any) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Gives a serving process and what it announced."""
    command = [sys.executable, "-c", _SCRIPT, json.dumps(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_the_announced_page_logs_a_browser_in_and_ctrl_c_ends_the_server() -> None:
    with _process(port=None) as (process, serving):
        with httpx2.Client(trust_env=False) as browser:
            answer = browser.get(serving["page"])
            assert (303, "/") == (answer.status_code, answer.headers["location"])
            assert 200 == browser.get(f"{serving['url']}/api/v1/repositories").status_code
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert ("goodbye\n", "", 0) == (out, err, process.returncode)


def test_a_stream_that_is_open_does_not_hold_up_the_end() -> None:
    with _process(port=None) as (process, serving):
        headers = {"Authorization": f"Bearer {serving['token']}"}
        with (
            httpx2.Client(trust_env=False, timeout=60) as client,
            client.stream("GET", f"{serving['url']}/api/v1/stream", headers=headers) as answer,
        ):
            lines = answer.iter_lines()
            assert next(lines).startswith("retry:")
            process.send_signal(signal.SIGINT)
            assert not any("event" in line for line in lines)  # it ends
        out, err = process.communicate(timeout=30)
    assert ("goodbye\n", "", 0) == (out, err, process.returncode)


def test_a_program_uses_the_announced_token() -> None:
    with _process(port=None) as (process, serving):
        headers = {"Authorization": f"Bearer {serving['token']}"}
        answer = httpx2.get(f"{serving['url']}/api/v1/repositories", headers=headers, trust_env=False)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert (200, "") == (answer.status_code, err)


def test_without_authentication_the_page_is_the_address_itself() -> None:
    with _process(port=None, no_auth=True) as (_, serving):
        assert (serving["url"], None) == (serving["page"], serving["token"])
        assert 200 == httpx2.get(f"{serving['url']}/api/v1/repositories", trust_env=False).status_code


def test_a_port_that_is_taken_is_said_if_it_was_asked_for() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidInputError, match=f"port {port}.*choose another with --port"):
            listen("127.0.0.1", port)


def test_a_port_that_is_taken_gives_way_to_a_free_one_if_none_was_asked_for() -> None:
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        ports = {first.getsockname()[1], second.getsockname()[1]}
    assert 2 == len(ports)
    assert 0 not in ports


def test_an_answer_does_not_wait_for_the_client_to_acknowledge_its_head() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_address_that_is_not_this_machines_is_said() -> None:
    with pytest.raises(InvalidInputError, match="cannot listen on"):
        listen("192.0.2.1", 0)


def test_a_token_of_the_lake_does_not_become_the_servers_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = connect(str(tmp_path)).tokens.create_token("producer", scopes=[Scope.INGEST], author="ada")
    monkeypatch.setenv("LINEAGEFLOW_TOKEN", made.secret)
    with pytest.raises(InvalidInputError, match="holds the lake's token 'producer'") as caught:
        serve(str(tmp_path), announce=lambda _: None)
    assert made.secret not in str(caught.value)


def test_what_a_server_announces_is_not_shown_by_accident() -> None:
    serving = Serving(url="http://127.0.0.1", page="http://127.0.0.1/login?token=code", token="hidden")
    assert "Serving(url='http://127.0.0.1')" == repr(serving)


def test_a_server_for_everybody_without_authentication_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="cannot go without authentication"):
        serve("memory:", announce=lambda _: None, host="0.0.0.0", no_auth=True)
