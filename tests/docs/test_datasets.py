"""What docs/datasets.md tells people to type works, in the order it tells it."""

import json
import shlex
from pathlib import Path

import pytest

from lineageflow_core.cli.app import run
from lineageflow_core.connect import connect
from lineageflow_core.repository import Repository
from tests.core.openlineage.scenarios import dataset, event
from tests.docs.markdown import blocks

COMMANDS = [
    line.partition("  #")[0].strip()
    for block in blocks("docs/datasets.md")
    if block.language == ""
    for line in block.code.splitlines()
]
ORDERS = dataset(
    "orders",
    schema={"fields": [{"name": "email", "type": "text"}]},
    tags={"tags": [{"key": "pii"}]},
    ownership={"owners": [{"name": "user:ada"}]},
)


def test_the_commands_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = tmp_path / "lake"
    Repository(connect(str(lake)), "flights", author="ada").create()
    written = event("COMPLETE", outputs=[ORDERS], inputs=[dataset("raw")])
    written["job"] = {"namespace": "airflow", "name": "load"}
    events = tmp_path / "events.json"
    events.write_text(json.dumps([written]))
    shown = {}
    for command in COMMANDS:
        program, *words = shlex.split(command.replace("events.json", str(events)))
        assert ("lineageflow", 0) == (program, run([*words, "--lake", str(lake)]))
        shown[command] = capsys.readouterr().out
    assert all(
        "orders" in shown[command] for command in COMMANDS if "search" in command and "job" not in command
    )
    assert "load" in shown["lineageflow search kind:job state:completed"]
