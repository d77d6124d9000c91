"""Runs on a server have an outbox, without anybody asking for it."""

from pathlib import Path

import pytest
from lineageflow_dagster import LineageFlowResource

from lineageflow_core import Job, RunSession, connect
from lineageflow_core.openlineage.outbox import receivers_in
from tests.server.serving import TOKEN, served


def test_a_resource_on_a_server_has_the_token_and_the_outbox_that_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGEFLOW_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setenv("LINEAGEFLOW_TOKEN", TOKEN)
    with served(connect("memory:")) as address:
        resource = LineageFlowResource(lake=address, repository="shop")
        RunSession(resource.catalog, "shop", Job(namespace="tests", name="nightly")).complete()
    assert [address] == receivers_in(tmp_path / "outbox")
