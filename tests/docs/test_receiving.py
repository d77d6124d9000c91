"""What docs/receiving.md tells people to type works, in the order it tells it."""

import json
import shlex
from pathlib import Path

from lineageflow_core.cli.app import run
from lineageflow_core.connect import connect
from lineageflow_core.repository import Repository
from tests.core.openlineage.scenarios import RUN, event
from tests.docs.markdown import blocks

COMMANDS = [
    line.partition("#")[0].strip()
    for block in blocks("docs/receiving.md")
    if block.language == ""
    for line in block.code.splitlines()
]


def test_the_commands_work(tmp_path: Path) -> None:
    lake = connect(str(tmp_path / "lake"))
    Repository(lake, "flights", author="ada").create()
    [odd] = lake.lineage.ingest([{"run": "odd"}]).receipts
    mended = tmp_path / "event.json"
    mended.write_text(json.dumps(event("START")))
    for command in COMMANDS:
        typed = command.partition(">")[0].replace("5f0c1a9be2", odd.id).replace("event.json", str(mended))
        typed = typed.replace("d3e51c07", RUN)
        program, *words = shlex.split(typed)
        assert ("lineageflow", 0) == (program, run([*words, "--lake", str(tmp_path / "lake")]))
    assert () == lake.events.list_events(with_problems=True).items
