"""Events over HTTP, each acknowledged once it is durable, beside bare inserts of the very rows they become.

The load comes from a process of its own: raw requests on connections that are kept, each of which waits for
its answer before it sends the next. Half of the events are the START of a run with what it reads, half its
COMPLETE with what it wrote at an explicit version.

The limit is what the database itself takes: the rows of all tables that the server has filled, inserted into
an empty lake by the driver alone, in transactions as large as ours can be: of an event from each connection,
or of 500 where they come in batches.

Feast's consumer is sent the first hundred of the same events in as large requests, and its time is that for
all of them at that rate.
"""

import asyncio
import json
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from lineageflow_server import embedded, postgresql

from benchmarks import feast
from benchmarks.measure import Row
from benchmarks.serving import serving
from tests.servers.postgresql import running_postgresql

EVENTS = 6000
CONNECTIONS = 32
BATCH = 100
SIZES = {"3 KB": 10, "7 KB": 34}
"""Columns of each dataset's schema, which make an event about so large."""

_FILLED = (
    "events",
    "jobs",
    "runs",
    "datasets",
    "versions",
    "ios",
    "open_reads",
    "flows",
    "column_maps",
    "column_edges",
    "run_columns",
    "job_edges",
    "job_words",
    "dataset_words",
)
_OF_FEAST = 100
_MOST = 500
"""Events in a transaction of ours."""


def rows() -> Iterator[Row]:
    for size, columns in SIZES.items():
        events = [json.dumps(each).encode() for each in make_events(EVENTS, columns)]
        mean = sum(map(len, events)) / len(events) / 1000
        for name, opened in LAKES.items():
            for many in (1, BATCH):
                with opened() as (lake, bare, peers):
                    with serving(lake) as (url, token):
                        ours = in_process(load, url, token, events, many)
                    yield Row(
                        name=f"{EVENTS} events of {size}, {name}, {many} a request",
                        ours=ours,
                        limit=bare(min(CONNECTIONS * many, _MOST)),
                        limit_is="bare inserts of the same rows",
                        target=2.0,
                        peers=tuple(_feast(peers, events, many)),
                        note=f"{EVENTS / ours:,.0f} events a second of {mean:.1f} kB",
                    )


def _feast(database: str, events: Sequence[bytes], many: int) -> Iterator[tuple[str, float]]:
    if feast.is_there():
        some = events[:_OF_FEAST]
        with feast.receiving(database) as url:
            yield "Feast", in_process(load, url, "", some, many) * len(events) / len(some)


def make_events(number: int, columns: int) -> Iterator[dict[str, Any]]:
    """Yields the events of half as many runs."""
    facet = {"_producer": "https://example.org/producer", "_schemaURL": "https://openlineage.io/spec/facets"}
    names = Random(0)

    def field() -> dict[str, str]:
        name, about = (names.randbytes(size).hex() for size in (6, 10))
        return {"name": name, "type": names.choice(["VARCHAR", "BIGINT", "DATE"]), "description": about}

    schemas = [[field() for _ in range(columns)] for _ in range(200)]
    """Names that do not repeat, so that a stored body is as large as a real one."""

    def dataset(place: int, version: int) -> dict[str, Any]:
        return {
            "namespace": "postgres://warehouse.example:5432",
            "name": f"db.schema.table_{place % 200}",
            "facets": {
                "schema": {**facet, "fields": schemas[place % 200]},
                "version": {**facet, "datasetVersion": str(version)},
            },
        }

    for run in range(number // 2):
        common = {
            "producer": "https://example.org/producer",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {
                "runId": str(UUID(int=run + (1 << 100))),
                "facets": {"processing_engine": {**facet, "name": "spark", "version": "3.5.1"}},
            },
            "job": {
                "namespace": "nightly",
                "name": f"etl.job_{run % 50}",
                "facets": {"sql": {**facet, "query": "SELECT a, b FROM c JOIN d USING (e) " * 5}},
            },
        }
        second = f"2026-05-01T{run // 3600 % 24:02}:{run // 60 % 60:02}:{run % 60:02}"
        reads = [dataset(run, run // 200), dataset(run + 1, (run + 1) // 200)]
        writes = [dataset(run + 2, 1 + run // 200), dataset(run + 3, 1 + run // 200)]
        yield {"eventType": "START", "eventTime": f"{second}.1Z", **common, "inputs": reads}
        yield {"eventType": "COMPLETE", "eventTime": f"{second}.9Z", **common, "outputs": writes}


def in_process(work: Callable[..., float], *arguments: Any) -> float:
    """Does it in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def load(url: str, token: str, events: Sequence[bytes], many: int) -> float:
    """Sends all events on several connections; returns the seconds that it took."""
    address = urlsplit(url)
    path = "/api/v1/lineage/batch" if many > 1 else "/api/v1/lineage"
    bodies = [
        b"[" + b",".join(events[start : start + many]) + b"]" if many > 1 else events[start]
        for start in range(0, len(events), many)
    ]
    requests = [
        (
            f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        + body
        for body in bodies
    ]

    async def send_all() -> float:
        waiting = iter(requests)

        async def connect() -> None:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            for request in waiting:
                while await answer(reader, writer, request) == b"503":
                    await asyncio.sleep(0.1)
            writer.close()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> bytes:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            await reader.readexactly(int(length or b"0"))
            status = head.split(b" ", 2)[1]
            assert status in {b"200", b"201", b"204", b"503"}, head
            return status

        started = time.perf_counter()
        await asyncio.gather(*(connect() for _ in range(CONNECTIONS)))
        return time.perf_counter() - started

    return asyncio.run(send_all())


@contextmanager
def _sqlite() -> Iterator[tuple[str, Callable[[int], float], str]]:
    with tempfile.TemporaryDirectory(prefix="lineageflow-intake-") as folder:
        full, empty = Path(folder) / "full", Path(folder) / "empty"

        def bare(events: int) -> float:
            embedded.open_stores(empty).close()
            with closing(sqlite3.connect(full / embedded.DATABASE)) as source:
                found = {name: source.execute(f"SELECT * FROM {name}").fetchall() for name in _FILLED}
            with closing(sqlite3.connect(empty / embedded.DATABASE, isolation_level=None)) as target:
                target.execute("PRAGMA journal_mode = WAL")
                target.execute("PRAGMA synchronous = FULL")
                started = time.perf_counter()
                for part in _parts(found, events):
                    target.execute("BEGIN IMMEDIATE")
                    for name, some in part.items():
                        marks = ", ".join("?" * len(some[0]))
                        target.executemany(
                            f"INSERT INTO {name} VALUES ({marks}) ON CONFLICT DO NOTHING", some
                        )
                    target.execute("COMMIT")
                return time.perf_counter() - started

        yield str(full), bare, f"sqlite:///{folder}/feast.db"


@contextmanager
def _postgresql() -> Iterator[tuple[str, Callable[[int], float], str]]:
    with (
        running_postgresql(fsync="on", full_page_writes="on", shared_buffers="256MB") as server,
        tempfile.TemporaryDirectory(prefix="lineageflow-intake-") as folder,
    ):
        full, empty = server.new_database(), server.new_database()

        def bare(events: int) -> float:
            postgresql.open_stores(f"{empty}&storage={folder}").close()
            with psycopg.connect(full) as source:
                found = {name: source.execute(f"SELECT * FROM {name}").fetchall() for name in _FILLED}
            with psycopg.connect(empty) as target, target.cursor() as cursor:
                # The parts of two tables need not fit, so nobody checks what refers to what.
                cursor.execute("SET session_replication_role = replica")
                started = time.perf_counter()
                for part in _parts(found, events):
                    for name, some in part.items():
                        cursor.executemany(_insert(name, some, "%b"), some)
                    target.commit()
                return time.perf_counter() - started

        peers = server.new_database().replace("postgresql://", "postgresql+psycopg://", 1)
        yield f"{full}&storage={folder}", bare, peers


def _insert(table: str, values: Sequence[Any], mark: str) -> str:
    marks = ", ".join([mark] * len(values[0]))
    return f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING"


def _parts(found: dict[str, list[Any]], events: int) -> Iterator[dict[str, list[Any]]]:
    """Yields what goes into each transaction of so many events: as large a part of each table."""
    number = -(-len(found["events"]) // events)
    for part in range(number):
        cut = {
            name: some[len(some) * part // number : len(some) * (part + 1) // number]
            for name, some in found.items()
        }
        yield {name: some for name, some in cut.items() if some}


LAKES = {"SQLite": _sqlite, "PostgreSQL": _postgresql}
