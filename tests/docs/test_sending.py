"""What docs/sending.md tells people to set and type works, on a server that asks for a token."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openlineage.client import OpenLineageClient

from lineageflow_core import Lake, connect
from lineageflow_core.cli.app import run
from lineageflow_core.openlineage.outbox import DEFAULT_LIMIT, Outbox, receivers_in
from lineageflow_core.openlineage.transport import LineageFlowTransport
from tests.core.openlineage.letters import an_event
from tests.docs.markdown import ROOT, blocks
from tests.server.serving import TOKEN, served

DOCUMENT = "docs/sending.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")
SAID = "http://127.0.0.1:8765"
BLOCKS = blocks(DOCUMENT)

EMIT = """
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

client = OpenLineageClient()
client.emit(
    RunEvent(
        eventType=RunState.COMPLETE,
        eventTime="2026-05-01T00:00:00Z",
        run=Run(runId="3f5e83fa-3480-44ff-99c5-ff943904e5e8"),
        job=Job(namespace="tests", name="nightly"),
        producer="https://example.com/tests",
    )
)
assert client.close(60.0)
"""


@pytest.fixture
def lake() -> Lake:
    return connect("memory:")


@pytest.fixture
def address(lake: Lake) -> Iterator[str]:
    with served(lake) as address:
        yield address


def variables_of(block: str, address: str) -> dict[str, str]:
    lines = [line.removeprefix("export ") for line in block.splitlines()]
    pairs = dict(line.split("=", 1) for line in lines)
    return {
        name: value.replace(SAID, address).replace("$LINEAGEFLOW_TOKEN", TOKEN)
        for name, value in pairs.items()
    }


@pytest.mark.parametrize("block", [block.code for block in BLOCKS if block.language == "sh"])
def test_a_producer_is_pointed_at_a_server_by_its_environment(
    block: str, lake: Lake, address: str, tmp_path: Path
) -> None:
    variables = {**os.environ, **variables_of(block, address), "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", EMIT], env=variables, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert 0 == ran.returncode, ran.stderr
    assert 1 == len(lake.lineage.list_runs().items)


def test_the_file_configures_our_transport(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = [block.code for block in BLOCKS if block.language == "yaml"]
    (tmp_path / "openlineage.yml").write_text(block)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LINEAGEFLOW_OUTBOX", str(tmp_path))
    client = OpenLineageClient()
    assert isinstance(client.transport, LineageFlowTransport)


def test_every_key_of_the_transport_is_documented() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    assert {*LineageFlowTransport.config_class.__annotations__, "token"} == documented
    assert f"else {DEFAULT_LIMIT >> 30} GiB" in TEXT


def test_a_run_of_ours_keeps_its_events(lake: Lake, address: str, tmp_path: Path) -> None:
    (block,) = [block.code for block in BLOCKS if block.language == "python"]
    program = f"token = {TOKEN!r}\n" + block.replace(SAID, address)
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert 0 == ran.returncode, ran.stderr
    assert 1 == len(lake.lineage.list_runs().items)
    assert [address] == receivers_in(tmp_path / "outbox")


def test_the_commands_work(lake: Lake, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGEFLOW_OUTBOX", str(tmp_path))
    monkeypatch.setenv("LINEAGEFLOW_TOKEN", TOKEN)
    outbox = Outbox(tmp_path, address)
    outbox.put(an_event(1))
    outbox.set_aside(outbox.put(an_event(2)), "no")
    (commands,) = [block.code for block in BLOCKS if not block.language]
    for command in commands.replace(SAID, address).splitlines():
        program, *words = shlex.split(command)
        assert ("lineageflow", 0) == (program, run(words))
    assert 2 == len(lake.lineage.list_runs().items)
