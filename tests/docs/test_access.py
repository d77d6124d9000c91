"""What docs/access.md tells people to type works, in the order it tells it, and what it says is so."""

import re
import shlex
from pathlib import Path

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.transport.http import HttpTransport

from lineageflow_core.cli.app import run
from lineageflow_core.connect import connect
from lineageflow_core.model.token import SECRET_PATTERN, Scope
from lineageflow_core.repository import Repository
from tests.docs.markdown import ROOT, blocks

DOCUMENT = "docs/access.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")
COMMANDS = [
    line for block in blocks(DOCUMENT) for line in block.code.splitlines() if line.startswith("lineageflow ")
]


def test_the_commands_work(tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    Repository(connect(lake), "flights", author="ada").create()
    for command in COMMANDS:
        assert 0 == run([*shlex.split(command)[1:], "--lake", lake]), command
    held = {token.name for token in connect(lake).tokens.list_tokens().items if token.revoked_at is None}
    assert {"ci-2", "dashboard"} == held


def test_every_scope_is_told() -> None:
    assert list(Scope) == re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)


def test_the_pattern_is_the_one() -> None:
    assert f"`{SECRET_PATTERN}`" in TEXT


def test_the_configuration_of_a_producer_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [block] = [block for block in blocks(DOCUMENT) if block.language == "yaml"]
    (tmp_path / "openlineage.yml").write_text(block.code)
    monkeypatch.setenv("OPENLINEAGE_CONFIG", str(tmp_path / "openlineage.yml"))
    transport = OpenLineageClient().transport
    assert isinstance(transport, HttpTransport)
    assert ("https://lake.example", "Bearer lf_...") == (transport.url, transport.config.auth.get_bearer())


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)[)#]", TEXT))
def test_links_lead_to_files(target: str) -> None:
    assert (ROOT / "docs" / target).exists()
