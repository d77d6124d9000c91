"""Our transport beside those of OpenLineage's own client, and a server that fails on purpose."""

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.serde import Serde
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lineageflow_core import Lake, connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model import run as model
from lineageflow_core.model import token
from lineageflow_core.model.ids import RunId
from lineageflow_core.openlineage.delivery import deliver_all
from lineageflow_core.openlineage.outbox import Outbox
from lineageflow_core.openlineage.receiver import Receiver, bearer_of
from tests.core.openlineage.published import departures
from tests.core.openlineage.specification import problems
from tests.server.serving import TOKEN, served

OURS = "lineageflow_core.openlineage.transport.LineageFlowTransport"
RUNS = 5


class Troubled:
    """Stands before the server, and lets some of the events that are posted fail."""

    def __init__(self) -> None:
        self.script: deque[str] = deque()
        self.answered: list[int] = []

    def around(self, app: ASGIApp) -> ASGIApp:
        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or "/lineage" not in scope["path"] or scope["method"] != "POST":
                await app(scope, receive, send)
                return
            trouble = self.script.popleft() if self.script else ""
            if trouble == "busy":
                await Response(status_code=503, headers={"Retry-After": "0"})(scope, receive, send)
            elif trouble == "broken":
                await Response(status_code=500)(scope, receive, send)
            elif trouble == "lost":

                async def lose(_: object) -> None:
                    """The server's answer goes nowhere."""

                await app(scope, receive, lose)
                await Response(status_code=502)(scope, receive, send)
            else:
                await app(scope, receive, send)

        return call


@pytest.fixture
def lake() -> Lake:
    return connect("memory:")


@pytest.fixture
def troubled() -> Troubled:
    return Troubled()


@pytest.fixture
def address(lake: Lake, troubled: Troubled) -> Iterator[str]:
    with served(lake, around=troubled.around) as address:
        yield address


def events_of(number: int) -> list[RunEvent]:
    """A run that says what it read when it starts, and what it wrote when it ends."""
    run = Run(runId=str(UUID(int=number + 1)))
    job = Job(namespace="tests", name="nightly")
    producer = "https://example.com/tests"
    return [
        RunEvent(
            eventType=RunState.START,
            eventTime="2026-05-01T00:00:00Z",
            run=run,
            job=job,
            inputs=[InputDataset(namespace="postgres://db", name="raw")],
            producer=producer,
        ),
        RunEvent(
            eventType=RunState.COMPLETE,
            eventTime="2026-05-01T00:01:00Z",
            run=run,
            job=job,
            outputs=[OutputDataset(namespace="postgres://db", name="clean")],
            producer=producer,
        ),
    ]


def emit_all(client: OpenLineageClient) -> None:
    for number in range(RUNS):
        for event in events_of(number):
            client.emit(event)


def assert_all_is_there(lake: Lake) -> None:
    for number in range(RUNS):
        told = lake.lineage.get_run(RunId(str(UUID(int=number + 1))))
        assert model.RunState.COMPLETED is told.run.state
        assert (["raw"], ["clean"]) == (
            [read.version.name for read in told.reads],
            [write.version.name for write in told.writes],
        )


def config_of(kind: str, address: str, tmp_path: Path) -> dict[str, object]:
    config: dict[str, object] = {
        "type": kind,
        "url": address,
        "auth": {"type": "api_key", "apiKey": TOKEN},
    }
    if kind == OURS:
        config["outbox"] = str(tmp_path / "outbox")
    else:
        config |= {"compression": "gzip", "retry": {"backoff_factor": 0.01}}
    return {"transport": config}


@pytest.mark.parametrize("kind", ["http", "async_http", OURS])
def test_every_transport_gets_all_events_to_a_server_that_fails_now_and_then(
    kind: str, address: str, lake: Lake, troubled: Troubled, tmp_path: Path
) -> None:
    troubled.script += ["busy", "", "broken", "lost", "", "busy", "busy", "lost"]
    client = OpenLineageClient(config=config_of(kind, address, tmp_path))
    emit_all(client)
    client.close(60.0)
    if kind == OURS:  # it does not wait for a server in trouble, but keeps what it could not tell
        troubled.script.clear()
        outbox = Outbox(tmp_path / "outbox", address)
        deliver_all(outbox, Receiver(address, bearer=bearer_of(TOKEN)))
        assert [] == outbox.waiting()
    assert_all_is_there(lake)


def test_our_transport_is_configured_by_the_environment(
    address: str, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {
        "OPENLINEAGE__TRANSPORT__TYPE": OURS,
        "OPENLINEAGE__TRANSPORT__URL": address,
        "OPENLINEAGE__TRANSPORT__TOKEN": TOKEN,
        "LINEAGEFLOW_OUTBOX": str(tmp_path / "outbox"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    client = OpenLineageClient()
    emit_all(client)
    assert client.close(60.0)
    assert_all_is_there(lake)
    assert (tmp_path / "outbox").is_dir()


def test_our_transport_is_configured_by_a_file(
    address: str, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openlineage.yml").write_text(json.dumps(config_of(OURS, address, tmp_path)))
    monkeypatch.setenv("OPENLINEAGE_CONFIG", str(tmp_path / "openlineage.yml"))
    client = OpenLineageClient()
    emit_all(client)
    assert client.close(60.0)
    assert_all_is_there(lake)


def test_a_token_for_events_suffices_and_one_that_was_revoked_loses_none(
    address: str, lake: Lake, tmp_path: Path
) -> None:
    def emit_with(secret: str) -> bool:
        config = {"type": OURS, "url": address, "token": secret, "outbox": str(tmp_path / "outbox")}
        client = OpenLineageClient(config={"transport": config})
        emit_all(client)
        return client.close(60.0)

    old = lake.tokens.create_token("old", scopes=[token.Scope.INGEST], author="ada")
    lake.tokens.revoke_token(old.token.id, author="ada")
    assert not emit_with(old.secret)
    assert 2 * RUNS == len(Outbox(tmp_path / "outbox", address).waiting())
    assert emit_with(lake.tokens.create_token("new", scopes=[token.Scope.INGEST], author="ada").secret)
    assert [] == Outbox(tmp_path / "outbox", address).waiting()
    assert_all_is_there(lake)


def test_an_event_is_kept_as_the_other_transports_would_send_it(
    tmp_path: Path,
) -> None:
    client = OpenLineageClient(config=config_of(OURS, "http://127.0.0.1:9", tmp_path))
    client.emit(events_of(0)[0])
    outbox = Outbox(tmp_path / "outbox", "http://127.0.0.1:9")
    (waiting,) = outbox.waiting()
    body = outbox.read(waiting)
    assert body is not None
    sent = json.loads(body)
    kept = {name: sent[name] for name in ("eventType", "eventTime", "inputs", "producer")}
    assert [] == [*problems(sent), *departures(sent)]
    said = Serde.to_dict(events_of(0)[0])
    assert kept == {name: said[name] for name in kept}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"url": "lake.example"},
        {"url": "https://user:secret@lake.example"},
        {"url": "https://lake.example", "outbox_bytes": "1 GiB"},
    ],
)
def test_a_configuration_that_cannot_work_is_told_at_once(config: dict[str, str], tmp_path: Path) -> None:
    whole = {"type": OURS, "outbox": str(tmp_path / "outbox"), **config}
    with pytest.raises(InvalidInputError):
        OpenLineageClient(config={"transport": whole})
