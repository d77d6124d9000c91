"""Questions about lineage, over a graph of daily runs: 240,000 versions, 1.26 million edges between them.

Each dataset is made anew every day by a run of its own, from five others: most as they are that day, one in
ten as it was the day before; three in ten datasets are also made from what they were the day before. Beside
the same walk with nothing but the driver and a set, over the same tables.
"""

import json
import random
import sqlite3
import statistics
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

import zstandard
from lineageflow_server.embedded import open_stores
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql.rows import encode, identity

from benchmarks.measure import Row, seconds
from benchmarks.serving import serving
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Direction, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.openlineage.fold import FOLD
from lineageflow_core.service.edges import Edges
from lineageflow_core.service.taint import derive
from lineageflow_core.service.walk import walk
from lineageflow_core.store.instants import to_microseconds

T = TypeVar("T")

DATASETS = 4_800
DAYS = 50
SOURCES = 5
STARTS = 30
DEPTH = 10
SHOWN = 150

_NAMESPACE = "s3://lake"
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_NEAR = 100
"""A dataset is made of some of so many before it."""


def rows(datasets: int = DATASETS, days: int = DAYS, starts: int = STARTS) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as place:
        lake = Path(place).resolve() / "lake"
        open_stores(lake).close()
        database = next(lake.glob("*.db"))
        edges = _fill(database, datasets, days)
        chance = random.Random(2)
        first = [(chance.randrange(datasets), chance.randrange(days // 2)) for _ in range(starts)]
        yield from _walks(lake, database, first, edges)
        yield from _answers(lake, database, first)


def _walks(lake: Path, database: Path, first: list[tuple[int, int]], edges: int) -> Iterator[Row]:
    stores = open_stores(lake)
    versions = [_version(*each) for each in first]
    reach: list[int] = []

    def ours(version: Version) -> None:
        with stores.lineage.look() as look:
            found = walk(
                look,
                Edges(look),
                direction=Direction.DOWNSTREAM,
                versions=look.version_keys([version]).values(),
                depth=DEPTH,
                limit=1 << 60,
            )
            reach.append(len(found.versions))

    bare = sqlite3.connect(database)
    middle = _median(ours, versions)
    limit = _median(lambda version: _bare_walk(bare, version, DEPTH), versions)
    note = f"{edges:,} edges; it finds {statistics.median(reach):,.0f} versions"
    yield Row(
        name="downstream, 10 runs", ours=middle, limit=limit, limit_is="a bare walk", target=1.5, note=note
    )
    closures = versions[:5]
    middle = _median(lambda version: derive(stores.lineage, bad_versions=[version]), closures)
    limit = _median(lambda version: _bare_walk(bare, version, 1 << 30), closures)
    yield Row(name="all that is tainted", ours=middle, limit=limit, limit_is="a bare walk, not what is clean")
    bare.close()
    stores.close()


def _answers(lake: Path, database: Path, first: list[tuple[int, int]]) -> Iterator[Row]:
    nodes = [format_node(_version(*each)) for each in first]
    bare = sqlite3.connect(database)
    limit = _median(lambda each: _bare_walk(bare, _version(*each), DEPTH), first)
    bare.close()
    with serving(str(lake)) as (url, token):

        def ask(path: str, **query: object) -> None:
            request = urllib.request.Request(
                f"{url}/api/v1{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {token}"}
            )
            with urllib.request.urlopen(request) as reply:
                json.load(reply)

        def graph(node: str) -> None:
            ask("/lineage/graph", node=node, direction="downstream", depth=DEPTH, limit=SHOWN)

        middle = _median(graph, nodes)
        yield Row(
            name=f"the same over HTTP, {SHOWN} nodes", ours=middle, limit=limit, limit_is="the same", target=5
        )


def _median(ask: Callable[[T], object], questions: Sequence[T]) -> float:
    """Returns the median time of several questions, each asked twice."""
    return statistics.median(seconds(partial(ask, each), repeat=2) for each in questions)


def _bare_walk(connection: sqlite3.Connection, start: Version, depth: int) -> int:
    """Walks the same tables with two statements a layer and a set."""
    [key] = connection.execute(
        "SELECT key FROM versions WHERE digest = ?", [lineage_rows.version_identity(start)]
    )
    seen, frontier, runs = {key[0]}, [key[0]], set[int]()
    while frontier and depth:
        depth -= 1
        found = connection.execute(
            "SELECT run FROM ios WHERE version IN (SELECT value FROM json_each(?)) AND NOT written",
            [json.dumps(frontier)],
        )
        new = {run for (run,) in found} - runs
        runs |= new
        found = connection.execute(
            "SELECT version FROM ios WHERE run IN (SELECT value FROM json_each(?)) AND written",
            [json.dumps(list(new))],
        )
        frontier = list({version for (version,) in found} - seen)
        seen.update(frontier)
    return len(seen)


def _fill(database: Path, datasets: int, days: int) -> int:
    """Puts the runs of so many days into the tables, as their events would; returns the number of edges."""
    chance = random.Random(1)
    made_of = [
        sorted({chance.randrange(max(0, number - _NEAR), number) for _ in range(SOURCES)}) if number else []
        for number in range(datasets)
    ]
    goes_on = [chance.random() < 0.3 for _ in range(datasets)]
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA synchronous = OFF")
    count = 0

    def insert(table: str, columns: str, found: Iterator[tuple[object, ...]]) -> None:
        marks = ", ".join("?" * (columns.count(",") + 1))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", found)

    names = [_name(number) for number in range(datasets)]
    insert(
        "datasets",
        "key, digest, namespace, name",
        ((number + 1, identity(_NAMESPACE, name), _NAMESPACE, name) for number, name in enumerate(names)),
    )
    insert(
        "jobs",
        "key, digest, namespace, name",
        ((number + 1, identity("daily", name), "daily", name) for number, name in enumerate(names)),
    )
    places = [(day, number) for day in range(days) for number in range(datasets)]

    def runs() -> Iterator[tuple[object, ...]]:
        record = zstandard.compress(b"", 1)
        for key, (day, number) in enumerate(places, start=1):
            start, end = _when(number, day)
            run = Run(
                id=RunId(str(UUID(int=key))),
                job=Job(namespace="daily", name=names[number]),
                state=RunState.COMPLETED,
                started_at=start,
                ended_at=end,
            )
            at, until = to_microseconds(start), to_microseconds(end)
            yield key, UUID(int=key).bytes, number + 1, "completed", at, until, encode(run), record

    insert("runs", "key, id, job, state, placed_at, ended_at, body, record", runs())
    insert(
        "versions",
        "key, digest, dataset, partition, version",
        (
            (key, lineage_rows.version_identity(_version(number, day)), number + 1, "", str(day))
            for key, (day, number) in enumerate(places, start=1)
        ),
    )

    def ios() -> Iterator[tuple[object, ...]]:
        nonlocal count
        for key, (day, number) in enumerate(places, start=1):
            start, end = (to_microseconds(each) for each in _when(number, day))
            read = {(source, max(0, day - (chance.random() < 0.1))) for source in made_of[number]}
            if goes_on[number] and day:
                read.add((number, day - 1))
            for source, of_day in read:
                version = of_day * datasets + source + 1
                yield key, 0, version, source + 1, 1, "explicit", "TABLE", start
            yield key, 1, key, number + 1, 1, "explicit", "TABLE", end
            count += len(read)

    insert("ios", "run, written, version, dataset, whole, evidence, dataset_type, at", ios())
    connection.execute("UPDATE lake SET fold = ?", [FOLD])
    connection.commit()
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()
    return count


def _name(number: int) -> str:
    return f"warehouse.daily.table_{number:05d}"


def _version(number: int, day: int) -> Version:
    return Version(namespace=_NAMESPACE, name=_name(number), version=str(day))


def _when(number: int, day: int) -> tuple[datetime, datetime]:
    start = _FIRST_DAY + timedelta(days=day, seconds=10 * number)
    return start, start + timedelta(seconds=8)
