"""The stream over a real port, as browsers and programs read it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from lineageflow_server.api.stream import stream_router
from lineageflow_server.app import create_app
from lineageflow_server.live import LiveHub
from lineageflow_server.settings import Settings

from lineageflow_core.connect import connect
from lineageflow_core.model.live import FROM_START
from lineageflow_core.model.token import Scope
from lineageflow_core.repository import Repository
from lineageflow_core.wire.routes import API_PREFIX
from tests.server.serving import TOKEN, client_of, served


@pytest.fixture
def repo() -> Repository:
    repo = Repository(connect("memory:"), "flights", author="ada").create()
    repo.put("a", b"0")
    return repo


@pytest.fixture
def address(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("lineageflow_server.live._PAUSE_SECONDS", 0.01)
    with served(repo.catalog) as address:
        yield f"{address}{API_PREFIX}"


Message = dict[str, str]


@contextmanager
def listening(address: str, token: str = TOKEN, **more: Any) -> Iterator[Iterator[Message]]:
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    with (
        httpx2.Client(trust_env=False, timeout=60) as client,
        client.stream("GET", f"{address}/stream", headers=headers, **more) as answer,
    ):
        assert 200 == answer.status_code
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield messages(answer.iter_lines())


def messages(lines: Iterator[str]) -> Iterator[Message]:
    """Reads a stream as the standard has it; what is only a comment is a message, too."""
    message: Message = {}
    for line in lines:
        if not line:
            yield message
            message = {}
            continue
        name, _, value = line.partition(":")
        message[name or "comment"] = value.removeprefix(" ")


def entries(heard: Iterator[Message]) -> Iterator[dict[str, Any]]:
    return (json.loads(each["data"]) for each in heard if "data" in each)


def test_what_happens_comes_as_events(repo: Repository, address: str) -> None:
    with listening(address, params={"kind": "commit"}) as heard:
        assert "hello" == next(heard)["comment"]
        place = repo.catalog.live.changes().next
        commit = repo.put("a", b"1")
        message = next(each for each in heard if "data" in each)
        assert ("commit", commit.id) == (message["event"], json.loads(message["data"])["id"])
        assert [message["id"]] == [each.place for each in repo.catalog.live.changes(after=place).items][-1:]


def test_who_comes_again_with_the_last_id_goes_on_there(repo: Repository, address: str) -> None:
    places = [each.place for each in repo.catalog.live.changes(after=FROM_START).items]
    with listening(address, params={"after": FROM_START}) as heard:
        ids = (each["id"] for each in heard if "id" in each)
        place = [next(ids) for _ in dict.fromkeys(places)][-1]
    commit = repo.put("a", b"2")
    with listening(address, headers={"Last-Event-ID": place}, params={"after": FROM_START}) as heard:
        found = list(islice(entries(heard), 2))
    assert {commit.id} == {each["commit"] for each in found}


def test_who_is_cut_off_before_anything_happened_misses_nothing(repo: Repository, address: str) -> None:
    with listening(address) as heard:
        place = next(heard)["id"]
    commit = repo.put("a", b"meanwhile")
    with listening(address, headers={"Last-Event-ID": place}) as heard:
        assert commit.id == next(entries(heard))["commit"]


def test_what_the_stream_tells_is_what_asking_tells(repo: Repository, address: str) -> None:
    repo.branch("topic")
    asked = repo.catalog.live.changes(after=FROM_START)
    with listening(address, params={"after": FROM_START}) as heard:
        told = list(islice(entries(heard), len(asked.items)))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx2.get(f"{address}/changes", params={"after": FROM_START}, headers=headers, trust_env=False)
    assert answer.json()["items"] == told


def test_it_ends_for_a_token_that_is_revoked(repo: Repository, address: str) -> None:
    made = repo.catalog.tokens.create_token("reader", scopes=[Scope.READ], author="ada")
    with listening(address, made.secret, params={"kind": "commit"}) as heard:
        next(heard)
        first = repo.put("a", b"1")
        assert first.id == next(entries(heard))["id"]
        repo.catalog.tokens.revoke_token(made.token.id, author="ada")
        repo.put("a", b"2")
        assert [] == list(entries(heard))  # it ends


def test_it_needs_what_reading_needs(repo: Repository) -> None:
    made = repo.catalog.tokens.create_token("sender", scopes=[Scope.INGEST], author="ada")
    client = client_of(repo.catalog)
    assert 401 == client.get(f"{API_PREFIX}/stream").status_code
    assert (
        403
        == client.get(f"{API_PREFIX}/stream", headers={"Authorization": f"Bearer {made.secret}"}).status_code
    )


def test_what_is_no_place_is_a_problem(address: str) -> None:
    answer = httpx2.get(
        f"{address}/stream", params={"after": "x"}, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_with_too_many_listeners_the_answer_is_to_ask_instead(repo: Repository) -> None:
    app = create_app(repo.catalog, Settings(token=None))
    full = FastAPI()
    full.include_router(stream_router(LiveHub(repo.catalog, most=0)))
    full.exception_handlers = app.exception_handlers
    from starlette.testclient import TestClient

    answer = TestClient(full).get(f"{API_PREFIX}/stream")
    assert (503, "1", True) == (
        answer.status_code,
        answer.headers["retry-after"],
        "ask `changes`" in answer.json()["detail"],
    )
