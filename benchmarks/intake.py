"""Events over HTTP, each acknowledged once it is durable, beside bare inserts of the very rows they become.

The load comes from a process of its own: raw requests on connections that are kept, each of which waits for
its answer before it sends the next. Half of the events are the START of a run with what it reads, half its
COMPLETE with what it wrote at an explicit version.

The limit is what the database itself takes for the same rows (`bare_intake.py`): by the driver alone,
set-based, in transactions as large as ours can be. Where a request brings one event, that is a transaction
for each: it is acknowledged by itself, so it has to be durable by itself, whatever comes next. Where requests
bring many, it is one for 500 events, as the next are there while some are stored. The other of the two
stands beside.

Feast's consumer is sent the first hundred of the same events in as large requests, and its time is that for
all of them at that rate.
"""

import asyncio
import itertools
import json
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import Random
from threading import Barrier, Lock
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from lineageflow_server import embedded, postgresql

from benchmarks import feast
from benchmarks.bare_intake import TABLES, Filled, Part, parts, upsert
from benchmarks.measure import Row
from benchmarks.serving import serving
from tests.servers.postgresql import running_postgresql

EVENTS = 6000
CONNECTIONS = 32
BATCH = 100
RECEIVERS = {"SQLite": 1, "PostgreSQL": 2}
"""Processes: PostgreSQL's are for many, and ours keep nothing that others would miss."""
SIZES = {"3 KB": 10, "7 KB": 34}
"""Columns of each dataset's schema, which make an event about so large."""

_OF_FEAST = 100
_MOST = 500
"""Events in a transaction of ours."""


T = TypeVar("T")
Bare: TypeAlias = Callable[[int, int], float]
"""Writes the rows by the driver alone, in transactions of so many events over so many connections; returns
the seconds that it took."""


def rows() -> Iterator[Row]:
    for size, columns in SIZES.items():
        events = [json.dumps(each).encode() for each in make_events(EVENTS, columns)]
        mean = sum(map(len, events)) / len(events) / 1000
        for name, opened in LAKES.items():
            for many in (1, BATCH):
                with opened() as (lake, bare, peers):
                    with ExitStack() as stack:
                        receivers = [stack.enter_context(serving(lake)) for _ in range(RECEIVERS[name])]
                        ours = in_process(load, receivers, events, many)
                    alone, grouped = bare(many, CONNECTIONS), bare(min(CONNECTIONS * many, _MOST), 1)
                    limits = (("bare, a transaction for each request", alone), ("bare, grouped", grouped))
                    (limit_is, limit), beside = limits if many == 1 else limits[::-1]
                    yield Row(
                        name=f"{EVENTS} events of {size}, {name}, {many} a request, {len(receivers)} servers",
                        ours=ours,
                        limit=limit,
                        limit_is=limit_is,
                        target=2.0,
                        peers=(beside, *_feast(peers, events, many)),
                        note=f"{EVENTS / ours:,.0f} events a second of {mean:.1f} kB",
                    )


def _feast(database: str, events: Sequence[bytes], many: int) -> Iterator[tuple[str, float]]:
    if feast.is_there():
        some = events[:_OF_FEAST]
        with feast.receiving(database) as url:
            yield "Feast", in_process(load, [(url, "")], some, many) * len(events) / len(some)


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


def load(receivers: Sequence[tuple[str, str]], events: Sequence[bytes], many: int) -> float:
    """Sends all events on several connections, to receivers by address and token; returns the seconds."""
    path = "/api/v1/lineage/batch" if many > 1 else "/api/v1/lineage"
    bodies = [
        b"[" + b",".join(events[start : start + many]) + b"]" if many > 1 else events[start]
        for start in range(0, len(events), many)
    ]

    async def send_all() -> float:
        waiting = iter(bodies)

        async def connect(url: str, token: str) -> None:
            address = urlsplit(url)
            head = f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
            head += "Content-Type: application/json\r\nContent-Length: "
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            for body in waiting:
                request = f"{head}{len(body)}\r\n\r\n".encode() + body
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
        to = itertools.islice(itertools.cycle(receivers), CONNECTIONS)
        await asyncio.gather(*(connect(*receiver) for receiver in to))
        return time.perf_counter() - started

    return asyncio.run(send_all())


@contextmanager
def _sqlite() -> Iterator[tuple[str, Bare, str]]:
    with tempfile.TemporaryDirectory(prefix="lineageflow-intake-") as folder:
        full, turn = Path(folder) / "full", Lock()

        def bare(events: int, connections: int) -> float:
            empty = Path(folder) / f"empty-{events}-{connections}"
            embedded.open_stores(empty).close()
            with closing(sqlite3.connect(full / embedded.DATABASE)) as source:
                filled = _filled(source)
            texts = {
                name: upsert(name, table.columns, f"VALUES ({', '.join('?' * len(table.columns))})")
                for name, table in filled.items()
            }

            def write(some: Sequence[Part], connected: Barrier) -> None:
                with closing(sqlite3.connect(empty / embedded.DATABASE, isolation_level=None)) as target:
                    target.execute("PRAGMA journal_mode = WAL")
                    target.execute("PRAGMA synchronous = FULL")
                    connected.wait()
                    for part in some:
                        with turn:  # SQLite has one writer, and lets others ask again and again
                            target.execute("BEGIN IMMEDIATE")
                            for name, rows in part.items():
                                target.executemany(texts[name], rows)
                            target.execute("COMMIT")

            return _side_by_side(write, list(parts(filled, events)), connections)

        yield str(full), bare, f"sqlite:///{folder}/feast.db"


@contextmanager
def _postgresql() -> Iterator[tuple[str, Bare, str]]:
    with (
        running_postgresql(fsync="on", full_page_writes="on", shared_buffers="256MB") as server,
        tempfile.TemporaryDirectory(prefix="lineageflow-intake-") as folder,
    ):
        full = server.new_database()

        def bare(events: int, connections: int) -> float:
            empty = server.new_database()
            postgresql.open_stores(f"{empty}&storage={folder}").close()
            with psycopg.connect(full) as source:
                filled = _filled(source)
                texts = {
                    name: upsert(name, table.columns, f"SELECT * FROM unnest({_arrays(source, name)})")
                    for name, table in filled.items()
                }
            in_columns = [
                {name: [list(column) for column in zip(*rows, strict=True)] for name, rows in part.items()}
                for part in parts(filled, events)
            ]

            def write(some: Sequence[dict[str, list[list[Any]]]], connected: Barrier) -> None:
                with psycopg.connect(empty) as target, target.cursor() as cursor:
                    # What other rows refer to is in the same transaction, or was there.
                    cursor.execute("SET session_replication_role = replica")
                    target.commit()
                    connected.wait()
                    for part in some:
                        for name, columns in part.items():
                            cursor.execute(texts[name], columns)
                        target.commit()

            return _side_by_side(write, in_columns, connections)

        peers = server.new_database().replace("postgresql://", "postgresql+psycopg://", 1)
        yield f"{full}&storage={folder}", bare, peers


def _filled(source: sqlite3.Connection | psycopg.Connection[Any]) -> dict[str, Filled]:
    filled = {}
    for name in TABLES:
        found = source.execute(f"SELECT * FROM {name}")
        columns = tuple(column[0] for column in found.description or ())
        filled[name] = Filled(columns=columns, rows=found.fetchall())
    return filled


def _arrays(source: psycopg.Connection[Any], table: str) -> str:
    """Returns a mark for an array of each of a table's columns."""
    query = """
        SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
    """
    return ", ".join(f"%b::{kind}[]" for [kind] in source.execute(query, (table,)))


def _side_by_side(
    write: Callable[[Sequence[T], Barrier], None], some: Sequence[T], connections: int
) -> float:
    """Writes transactions over so many connections; returns the seconds that it took."""
    connected = Barrier(connections + 1)
    with ThreadPoolExecutor(connections) as pool:
        done = [pool.submit(write, some[number::connections], connected) for number in range(connections)]
        connected.wait()
        started = time.perf_counter()
        for each in done:
            each.result()
        return time.perf_counter() - started


LAKES = {"SQLite": _sqlite, "PostgreSQL": _postgresql}
