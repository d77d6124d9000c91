"""Tokens on real servers: several on one lake, OpenLineage's client before them, and where no secret is."""

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import requests
from lineageflow_server import postgresql
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.transport.http import HttpConfig, HttpTransport

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.errors import AccessDeniedError, ScopeMissingError
from lineageflow_core.model.token import NewToken, Scope
from lineageflow_core.remote.client import open_remote
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded
from tests.server.serving import TOKEN, served
from tests.servers.postgresql import shared_postgresql


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[list[str]]:
    """The addresses of two servers with one lake in PostgreSQL, which share nothing else."""
    with shared_postgresql().empty_database() as database, ExitStack() as stack:
        addresses = []
        for _ in range(2):
            stores = postgresql.open_stores(f"{database}&storage={tmp_path}")
            stack.callback(stores.close)
            addresses.append(stack.enter_context(served(open_embedded(stores))))
        yield addresses


@pytest.fixture
def lake(tmp_path: Path) -> Catalog:
    return connect(str(tmp_path / "lake"))


@pytest.fixture
def address(lake: Catalog) -> Iterator[str]:
    with served(lake) as url:
        yield url


def make(catalog: Catalog, *scopes: Scope, **options: Any) -> NewToken:
    return catalog.tokens.create_token(f"for {uuid4()}", scopes=scopes, author="ada", **options)


def status_of(address: str, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx2.get(f"{address}/api/v1/repositories", headers=headers, trust_env=False).status_code


def emit(address: str, auth: dict[str, str]) -> None:
    """Emits an event as a producer's OpenLineage client does."""
    config = HttpConfig.from_dict({"url": address, "auth": auth, "retry": {"total": 0}})
    event = RunEvent(
        eventType=RunState.START,
        eventTime=datetime.now(UTC).isoformat(),
        run=Run(runId=str(uuid4())),
        job=Job(namespace="producer", name="job"),
    )
    client = OpenLineageClient(transport=HttpTransport(config))
    client.emit(event)
    client.close()


def test_what_one_receiver_makes_and_revokes_holds_on_the_other_at_once(receivers: list[str]) -> None:
    here, there = receivers
    admin = open_remote(here, TOKEN)
    for _ in range(10):
        made = make(admin, Scope.READ)
        assert [200, 200] == [status_of(each, made.secret) for each in receivers]
        admin.tokens.revoke_token(made.token.id, author="ada")
        assert [401, 401] == [status_of(each, made.secret) for each in (there, here)]


def test_a_token_is_known_after_a_restart(tmp_path: Path) -> None:
    made = make(connect(str(tmp_path)), Scope.READ)
    with served(connect(str(tmp_path))) as address:
        assert 200 == status_of(address, made.secret)


@pytest.mark.parametrize("kind", ["apiKey", "apikey", "api_key"])
def test_openlineages_client_posts_events_with_an_ingesting_token(
    kind: str, lake: Catalog, address: str
) -> None:
    emit(address, {"type": "api_key", kind: make(lake, Scope.INGEST).secret})
    assert 1 == len(lake.lineage.list_runs().items)


def test_openlineages_client_finds_the_token_in_its_environment(
    lake: Catalog, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", address)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", make(lake, Scope.INGEST).secret)
    client = OpenLineageClient()
    run = Run(runId=str(uuid4()))
    now = datetime.now(UTC).isoformat()
    client.emit(RunEvent(eventTime=now, run=run, job=Job(namespace="n", name="j"), eventType=RunState.START))
    client.close()
    assert [run.runId] == [each.id for each in lake.lineage.list_runs().items]


def test_openlineages_client_is_told_why_it_may_not(lake: Catalog, address: str) -> None:
    for secret, status, said in (
        (make(lake, Scope.READ).secret, 403, "needs the scope 'ingest'"),
        ("nonsense", 401, "`lineageflow token create`"),
    ):
        with pytest.raises(requests.HTTPError) as caught:
            emit(address, {"type": "api_key", "apiKey": secret})
        assert caught.value.response is not None
        assert (status, True) == (caught.value.response.status_code, said in caught.value.response.text)


def test_a_remote_lake_reads_with_a_reading_token_and_says_what_is_missing(
    lake: Catalog, address: str
) -> None:
    Repository(lake, "sales", author="ada").create().put("a", b"1")
    remote = open_remote(address, make(lake, Scope.READ).secret)
    repo = Repository(remote, "sales", author="eve")
    assert b"1" == repo.read_bytes("a")
    with pytest.raises(ScopeMissingError, match="needs the scope 'write'") as caught:
        repo.put("a", b"2")
    assert {"needed": "write", "scopes": ["read"]} == caught.value.details
    assert b"1" == repo.read_bytes("a")


def test_a_remote_lake_whose_token_expires_says_so(lake: Catalog, address: str) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    remote = open_remote(address, make(lake, Scope.READ, expires_at=soon).secret)
    while datetime.now(UTC) < soon:
        pass
    with pytest.raises(AccessDeniedError, match=r"expired on .*make another with `lineageflow token create"):
        remote.repositories.list_repositories()


def test_no_secret_is_written_anywhere(
    lake: Catalog, address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = [make(lake, Scope.WRITE), make(lake, Scope.ADMIN, key="k"), make(lake, Scope.INGEST)]
    with caplog.at_level(logging.DEBUG):
        told: list[Any] = [lake.tokens.revoke_token(made[1].token.id, author="ada")]
        for each in made:
            remote = open_remote(address, each.secret)
            for call in (
                lambda remote=remote: Repository(remote, f"r{uuid4()}", author="ada").create().put("a", b"1"),
                lambda remote=remote, each=each: remote.tokens.revoke_token(each.secret, author="ada"),
                lambda remote=remote, each=each: remote.repositories.get_repository(each.token.name),
            ):
                try:
                    told.append(call())
                except Exception as error:  # noqa: BLE001  # whatever it is, it is looked at
                    told.append((str(error), repr(error), vars(error)))
        emit(address, {"type": "api_key", "apiKey": made[2].secret})
        headers = {"Authorization": f"Bearer {made[0].secret}x"}
        told.append(httpx2.get(f"{address}/api/v1/repositories", headers=headers, trust_env=False).text)
    lake.tokens.list_tokens()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    said = repr(told) + json.dumps([record.getMessage() for record in caplog.records])
    for each in made:
        random = each.secret[-49:]
        assert random not in said
        assert random.encode() not in written
    assert made[0].token.name.encode() in written  # it was looked at where tokens are
