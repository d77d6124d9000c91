"""Questions about lineage, over a graph of daily runs: 240,000 versions, 1.26 million edges between them.

Each dataset is made anew every day by a run of its own, from five others: most as they are that day, one in
ten as it was the day before; three in ten datasets are also made from what they were the day before. Each has
four columns, which come from columns of those. Beside the same walk with nothing but the driver and a set,
over the same tables.
"""

import json
import random
import sqlite3
import statistics
import tempfile
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import psycopg
import zstandard
from lineageflow_server import embedded, postgresql
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql.rows import encode, identity
from lineageflow_server.sql.stores import SqlStores

from benchmarks.measure import Row, seconds
from benchmarks.serving import serving
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Direction, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.openlineage.fold import FOLD
from lineageflow_core.openlineage.record import RunRecord, encode_record
from lineageflow_core.service.edges import Edges
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.taint import derive
from lineageflow_core.service.walk import walk
from lineageflow_core.store.instants import to_microseconds
from lineageflow_core.store.terms import name_terms
from tests.servers.postgresql import running_postgresql

T = TypeVar("T")
Rows = Iterable[tuple[object, ...]]
Tables = Iterable[tuple[str, str, Rows]]
"""Names of tables, each with the names of columns, and rows of these."""

DATASETS = 4_800
DAYS = 50
SOURCES = 5
COLUMNS = 4
STARTS = 30
CLOSURES = 5
DEPTH = 10
SHOWN = 150
WITHOUT_END = 1 << 30

_NAMESPACE = "s3://lake"
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_NEAR = 100
"""A dataset is made of some of so many before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A lake with the graph in it."""

    database: str
    address: str
    """What the command line takes."""
    open: Callable[[], SqlStores]
    ask: Callable[[str, list[int]], list[tuple[int]]]
    """Returns the answer to a statement with one list of keys, with nothing but the driver."""


def rows(datasets: int = DATASETS, days: int = DAYS, starts: int = STARTS) -> Iterator[Row]:
    chance = random.Random(2)
    first = [(chance.randrange(datasets), chance.randrange(days // 2)) for _ in range(starts)]
    for filled_in in (_sqlite, _postgresql):
        with filled_in(Graph(datasets, days)) as filled:
            yield from _walks(filled, [_version(*each) for each in first])
            yield from _answers(filled, [_version(*each) for each in first])


def _walks(filled: Filled, versions: Sequence[Version]) -> Iterator[Row]:
    with closing(filled.open()) as stores:
        catalog = open_embedded(stores)
        with stores.lineage.look() as look:
            keys = look.version_keys(versions)
        reach: list[int] = []

        def ours(version: Version, depth: int) -> None:
            with stores.lineage.look() as look:
                edges, start = Edges(look), look.version_keys([version]).values()
                found = walk(
                    look, edges, direction=Direction.DOWNSTREAM, versions=start, depth=depth, limit=1 << 60
                )
            reach.append(len(found.versions))

        def bare(version: Version, depth: int) -> int:
            return _bare_walk(filled, keys[version], depth)

        limit = _median(partial(bare, depth=DEPTH), versions)
        yield Row(
            name=f"{filled.database}: downstream, {DEPTH} runs",
            ours=_median(partial(ours, depth=DEPTH), versions),
            limit=limit,
            limit_is="a bare walk",
            target=1.5,
            note=f"it finds {statistics.median(reach):,.0f} versions",
        )
        reach.clear()
        some = versions[:CLOSURES]
        whole = _median(partial(bare, depth=WITHOUT_END), some)
        yield Row(
            name=f"{filled.database}: all that is downstream",
            ours=_median(partial(ours, depth=WITHOUT_END), some),
            limit=whole,
            limit_is="a bare walk",
            target=1.5,
            note=f"it finds {statistics.median(reach):,.0f} versions",
        )
        yield Row(
            name=f"{filled.database}: all that is tainted",
            ours=_median(lambda version: derive(stores.lineage, bad_versions=[version]), some),
            limit=whole,
            limit_is="a bare walk, not what is clean",
        )
        counts: list[int] = []

        def columns(version: Version) -> None:
            found = catalog.lineage.trace_columns(
                format_node(version), direction=Direction.UPSTREAM, depth=DEPTH, limit=10_000
            )
            counts.append(len(found.columns))

        yield Row(
            name=f"{filled.database}: where all columns come from, {DEPTH} runs",
            ours=_median(columns, versions),
            limit=limit,
            limit_is="a bare walk downstream",
            note=f"it finds {statistics.median(counts):,.0f} columns",
        )


def _answers(filled: Filled, versions: Sequence[Version]) -> Iterator[Row]:
    with closing(filled.open()) as stores, stores.lineage.look() as look:
        keys = look.version_keys(versions)
    limit = _median(lambda version: _bare_walk(filled, keys[version], DEPTH), versions)
    with serving(filled.address) as (url, token):

        def ask(path: str, **query: object) -> None:
            request = urllib.request.Request(
                f"{url}/api/v1{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {token}"}
            )
            with urllib.request.urlopen(request) as reply:
                json.load(reply)

        def graph(version: Version) -> None:
            node = format_node(version)
            ask("/lineage/graph", node=node, direction="downstream", depth=DEPTH, limit=SHOWN)

        def search(version: Version) -> None:
            ask("/lineage/search", query=version.name.rpartition(".")[2])

        def search_many(_: Version) -> None:
            ask("/lineage/search", query="warehouse daily")

        def timeline(version: Version) -> None:
            ask("/lineage/dataset/versions", namespace=version.namespace, name=version.name, limit=DAYS)

        yield Row(
            name=f"{filled.database}: downstream over HTTP, {SHOWN} nodes",
            ours=_median(graph, versions),
            limit=limit,
            limit_is=f"a bare walk of all that is {DEPTH} runs away",
            target=5,
        )
        for name, question in (
            (f"versions of a dataset over HTTP, {DAYS}", timeline),
            ("search for one of all datasets over HTTP", search),
            ("search that finds all over HTTP, the first 100", search_many),
        ):
            yield Row(name=f"{filled.database}: {name}", ours=_median(question, versions))


def _median(ask: Callable[[T], object], questions: Sequence[T]) -> float:
    """Returns the median time of several questions, each asked twice."""
    return statistics.median(seconds(partial(ask, each), repeat=2) for each in questions)


def _bare_walk(filled: Filled, start: Any, depth: int) -> int:
    """Walks the same tables with two statements a layer and a set."""
    seen, frontier, runs = {start}, [start], set[int]()
    while frontier and depth:
        depth -= 1
        found = filled.ask("SELECT run FROM ios WHERE version IN ({}) AND NOT written", frontier)
        new = {run for (run,) in found} - runs
        runs |= new
        found = filled.ask("SELECT version FROM ios WHERE run IN ({}) AND written", list(new))
        frontier = list({version for (version,) in found} - seen)
        seen.update(frontier)
    return len(seen)


@contextmanager
def _sqlite(tables: Tables) -> Iterator[Filled]:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as place:
        lake = Path(place).resolve() / "lake"
        embedded.open_stores(lake).close()
        with closing(sqlite3.connect(next(lake.glob("*.db")))) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for table, columns, found in tables:
                marks = ", ".join("?" * (columns.count(",") + 1))
                connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", found)
            connection.execute("UPDATE lake SET fold = ?", [FOLD])
            connection.execute("ANALYZE")
            connection.commit()

            def ask(statement: str, keys: list[int]) -> list[tuple[int]]:
                query = statement.format("SELECT value FROM json_each(?)")
                return connection.execute(query, [json.dumps(keys)]).fetchall()

            yield Filled(
                database="SQLite",
                address=str(lake),
                open=lambda: embedded.open_stores(lake),
                ask=ask,
            )


@contextmanager
def _postgresql(tables: Tables) -> Iterator[Filled]:
    with (
        running_postgresql(shared_buffers="512MB") as server,
        server.empty_database() as database,
        tempfile.TemporaryDirectory(prefix="lineageflow-lineage-") as folder,
    ):
        address = f"{database}&storage={folder}"
        postgresql.open_stores(address).close()
        with psycopg.connect(database) as connection:
            for table, columns, found in tables:
                with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in found:
                        copy.write_row(row)
            connection.execute("UPDATE lake SET fold = %s", [FOLD])
            connection.commit()
            connection.autocommit = True
            connection.execute("VACUUM ANALYZE")

            def ask(statement: str, keys: list[int]) -> list[tuple[int]]:
                query = statement.replace("IN ({})", "= ANY(%s::bigint[])")
                return connection.execute(query, [keys]).fetchall()

            yield Filled(
                database="PostgreSQL",
                address=address,
                open=lambda: postgresql.open_stores(address),
                ask=ask,
            )


class Graph:
    """The rows of the runs of so many days, as their events would put them."""

    def __init__(self, datasets: int, days: int) -> None:
        chance = random.Random(1)
        self._names = [_name(number) for number in range(datasets)]
        self._days = days
        self._made_of = [
            sorted({chance.randrange(max(0, number - _NEAR), number) for _ in range(SOURCES)})
            if number
            else []
            for number in range(datasets)
        ]
        self._goes_on = [chance.random() < 0.3 for _ in range(datasets)]

    def __iter__(self) -> Iterator[tuple[str, str, Rows]]:
        names = list(enumerate(self._names, start=1))
        named = [(key, identity(_NAMESPACE, name), _NAMESPACE, name, True) for key, name in names]
        yield "datasets", "key, digest, namespace, name, seen", named
        jobs = [(key, identity("daily", name), "daily", name, True) for key, name in names]
        yield "jobs", "key, digest, namespace, name, seen", jobs
        terms = [
            (key, b"", field, value)
            for key, name in names
            for field, value in sorted(name_terms(_NAMESPACE, name))
        ]
        yield "dataset_terms", "dataset, facet, field, value", terms
        runs = "key, id, job, state, placed_at, ended_at, body, record"
        yield "runs", runs, self._runs()
        yield "versions", "key, digest, dataset, partition, version", self._versions()
        ios = "run, written, version, dataset, whole, evidence, dataset_type, at, settled"
        yield "ios", ios, self._ios()
        yield "column_maps", "key, digest", [(key, identity("map", name)) for key, name in names]
        edges = "map, field, source, source_field, kind, subtype, masking"
        yield "column_edges", edges, self._column_edges()
        mapped = ((run, number + 1, number + 1) for run, number, _ in self._places())
        yield "run_columns", "run, target, map", mapped

    def _places(self) -> Iterator[tuple[int, int, int]]:
        """Yields the key of each run and its output, with the dataset and the day."""
        key = 0
        for day in range(self._days):
            for number in range(len(self._names)):
                key += 1
                yield key, number, day

    def _runs(self) -> Rows:
        record = zstandard.compress(encode_record(RunRecord()), 1)
        for key, number, day in self._places():
            start, end = _when(number, day)
            run = Run(
                id=RunId(str(UUID(int=key))),
                job=Job(namespace="daily", name=self._names[number]),
                state=RunState.COMPLETED,
                started_at=start,
                ended_at=end,
            )
            at, until = to_microseconds(start), to_microseconds(end)
            yield key, UUID(int=key).bytes, number + 1, "completed", at, until, encode(run), record

    def _versions(self) -> Rows:
        for key, number, day in self._places():
            yield key, lineage_rows.version_identity(_version(number, day)), number + 1, "", str(day)

    def _ios(self) -> Rows:
        chance = random.Random(3)
        for key, number, day in self._places():
            start, end = (to_microseconds(each) for each in _when(number, day))
            read = {(source, max(0, day - (chance.random() < 0.1))) for source in self._made_of[number]}
            if self._goes_on[number] and day:
                read.add((number, day - 1))
            for source, of_day in sorted(read):
                version = of_day * len(self._names) + source + 1
                yield key, False, version, source + 1, True, "explicit", "TABLE", start, False
            yield key, True, key, number + 1, True, "explicit", "TABLE", end, True

    def _column_edges(self) -> Rows:
        for number, sources in enumerate(self._made_of):
            for column, source in enumerate(sources[:COLUMNS]):
                yield number + 1, f"c{column}", source + 1, f"c{(column + 1) % COLUMNS}", "DIRECT", "", False


def _name(number: int) -> str:
    return f"warehouse.daily.table_{number:05d}"


def _version(number: int, day: int) -> Version:
    return Version(namespace=_NAMESPACE, name=_name(number), version=str(day))


def _when(number: int, day: int) -> tuple[datetime, datetime]:
    start = _FIRST_DAY + timedelta(days=day, seconds=10 * number)
    return start, start + timedelta(seconds=8)
