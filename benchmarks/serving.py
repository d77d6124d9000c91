"""A server in a process of its own, as `lineageflow up` runs it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(lake: str) -> Iterator[tuple[str, str]]:
    """Runs a server until the end of the block; gives its address and token."""
    with serving_process(lake) as (_, url, token):
        yield url, token


@contextmanager
def serving_process(lake: str) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """Runs a server until the end of the block; gives its process, its address and its token."""
    code = "from lineageflow_core.cli import main; main()"
    command = [sys.executable, "-c", code, "up", lake, "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            text += server.stdout.readline()
        served = json.loads(text)
        try:
            yield server, served["url"], served["token"]
        finally:
            server.terminate()
