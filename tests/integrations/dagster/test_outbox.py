"""Runs on a server have an outbox, without anybody asking for it."""

from pathlib import Path

import pytest
from lineageflow_dagster import LineageFlowResource
from starlette.types import ASGIApp, Receive, Scope, Send

from lineageflow_core import Job, RunSession, connect
from lineageflow_core.openlineage.outbox import receivers_in
from tests.server.serving import TOKEN, served


def letting_in(app: ASGIApp) -> ASGIApp:
    """Shows the token for everybody, as a proxy may."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["headers"] = [*scope["headers"], (b"authorization", f"Bearer {TOKEN}".encode())]
        await app(scope, receive, send)

    return call


def test_a_resource_on_a_server_has_the_outbox_that_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGEFLOW_OUTBOX", str(tmp_path / "outbox"))
    with served(connect("memory:"), around=letting_in) as address:
        resource = LineageFlowResource(lake=address, repository="shop")
        RunSession(resource.catalog, "shop", Job(namespace="tests", name="nightly")).complete()
    assert [address] == receivers_in(tmp_path / "outbox")
