"""A receiver that is killed, stopped or held up under load: what it acknowledged is in the log, once."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from lineageflow_server import embedded, postgresql
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.transport.http import HttpConfig, HttpTransport
from sqlalchemy import create_engine

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.model.page import every
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.testing.values import run_id
from tests.core.openlineage.scenarios import RUN, event
from tests.server.serving import KNOWN, TOKEN, served
from tests.servers.postgresql import shared_postgresql

CLIENTS = 4
ENOUGH = 400
"""Acknowledged events, after which the receiver is in full swing."""

_RECEIVER = """
import sys
from lineageflow_server.serve import serve
serve(sys.argv[1], announce=lambda serving: print(serving.url, flush=True))
"""
_CLIENT = """
import gzip, http.client, itertools, json, os, sys
from urllib.parse import urlsplit
url, token, first, step, sends, acknowledged = sys.argv[1:]
event = json.loads(sends)
connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
for number in itertools.count(int(first), int(step)):
    several = [{**event, "number": f"{number}.{part}"} for part in range(3)] if number % 5 == 0 else None
    path, sent = ("/batch", several) if several else ("", {**event, "number": f"{number}.0"})
    body, coding = json.dumps(sent).encode(), {}
    if number % 3 == 0:
        body, coding = gzip.compress(body), {"Content-Encoding": "gzip"}
    try:
        connection.request("POST", "/api/v1/lineage" + path, body, headers | coding)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        break
    if answer.status in (200, 201):
        told = "".join(each["number"] + "\\n" for each in several or [sent])
        os.write(int(acknowledged), told.encode())
"""

OpenLake = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def in_folder(folder: Path) -> Iterator[str]:
    yield str(folder / "lake")


@contextmanager
def in_postgresql(folder: Path) -> Iterator[str]:
    with shared_postgresql().empty_database() as database:
        yield f"{database}&storage={folder}"


LAKES: dict[str, OpenLake] = {"folder": in_folder, "postgresql": in_postgresql}


@pytest.fixture(params=list(LAKES))
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with LAKES[request.param](tmp_path) as address:
        yield address


@contextmanager
def receiver(lake: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Runs a receiver; gives the process and its address."""
    command = [sys.executable, "-c", _RECEIVER, lake]
    environment = {**os.environ, "LINEAGEFLOW_TOKEN": TOKEN}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@contextmanager
def clients(url: str) -> Iterator[int]:
    """Runs clients that send events until nobody answers; gives where they write what was acknowledged."""
    read, write = os.pipe()
    running = []
    for number in range(CLIENTS):
        event_of_one = json.dumps(event("RUNNING", run=run_id(number)))
        words = [url, TOKEN, str(number), str(CLIENTS), event_of_one, str(write)]
        running.append(subprocess.Popen([sys.executable, "-c", _CLIENT, *words], pass_fds=[write]))
    os.close(write)
    try:
        yield read
    finally:
        os.close(read)
        for process in running:
            process.kill()
            process.wait()


def numbers_in(lake: str) -> list[Any]:
    with closing(stores_of(lake)) as stores:
        log = open_embedded(stores).events
        found = every(lambda after, limit: log.list_events(after=after, limit=limit))
        return [json.loads(each.body).get("number") for each in found]


def stores_of(lake: str) -> Any:
    return postgresql.open_stores(lake) if "://" in lake else embedded.open_stores(Path(lake))


@pytest.mark.crash
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_every_acknowledged_event_is_in_the_log(lake: str, ending: signal.Signals) -> None:
    with receiver(lake) as (process, url), clients(url) as acknowledged:
        told = b""
        while told.count(b"\n") < ENOUGH:
            chunk = os.read(acknowledged, 1 << 16)
            assert chunk, "the clients ended before the receiver did"
            told += chunk
        process.send_signal(ending)
        while chunk := os.read(acknowledged, 1 << 16):
            told += chunk
        process.wait(60)
    stored = numbers_in(lake)
    assert set(told.decode().split()) <= set(stored)
    assert len(set(stored)) == len(stored)


@contextmanager
def held(lake: str) -> Iterator[None]:
    """Keeps everybody from writing to a lake, as somebody's forgotten transaction does."""
    if "://" in lake:
        with psycopg.connect(lake.partition("&storage")[0]) as connection:
            connection.execute("LOCK TABLE events IN EXCLUSIVE MODE")
            yield
        return
    engine = create_engine(f"sqlite:///{lake}/{embedded.DATABASE}")
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
    engine.dispose()


@contextmanager
def serving(lake: str) -> Iterator[tuple[str, Catalog]]:
    catalog = connect(lake)
    with served(catalog) as url:
        yield url, catalog


def post(url: str, sent: object, path: str = "") -> httpx2.Response:
    return httpx2.post(f"{url}/api/v1/lineage{path}", json=sent, headers=KNOWN, timeout=30, trust_env=False)


def post_until_taken(url: str, events: list[Any]) -> None:
    """Sends the same again and again, as clients do that are told to."""
    while (answer := post(url, events, "/batch")).status_code == 503:
        pass
    assert 200 == answer.status_code


def test_a_store_that_is_held_is_answered_503_and_nothing_is_lost(lake: str) -> None:
    with serving(lake) as (url, catalog):
        assert 201 == post(url, event("START")).status_code
        with held(lake), ThreadPoolExecutor(8) as pool:
            waited = list(pool.map(lambda number: post(url, event("RUNNING", number)), range(1, 9)))
            at_once = post(url, [event("COMPLETE", 9)], "/batch")
        for answer in (*waited, at_once):
            assert (503, "1") == (answer.status_code, answer.headers["Retry-After"])
            assert "busy" == answer.json()["kind"]
        post_until_taken(url, [*(event("RUNNING", n) for n in range(1, 9)), event("COMPLETE", 9)])
        assert 10 == len(catalog.events.list_events(run_id=run_id_of(event("START"))).items)


def test_a_client_of_openlineage_loses_nothing_to_a_store_that_is_held(lake: str) -> None:
    with serving(lake) as (url, catalog):
        config = HttpConfig.from_dict({"url": url, "auth": {"type": "api_key", "apiKey": TOKEN}})
        client = OpenLineageClient(transport=HttpTransport(config))
        told = RunEvent(
            eventType=RunState.START,
            eventTime="2026-05-01T02:00:00Z",
            run=Run(RUN),
            job=Job("nightly", "load"),
            producer="https://example.org/producer",
        )
        with ThreadPoolExecutor(1) as pool:
            with held(lake):
                assert 503 == post(url, event("RUNNING", 1)).status_code
                emitting = pool.submit(client.emit, told)
            emitting.result(60)
        found = catalog.events.list_events(run_id=run_id_of(event("START"))).items
        assert 2 == len(found)


def run_id_of(sent: dict[str, Any]) -> Any:
    return sent["run"]["runId"]
