"""Tables of ten million rows: comparing two versions by key, and statistics, against DuckDB by hand."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
from lineageflow_server.embedded import open_stores

from benchmarks.measure import Row, seconds
from lineageflow_core.model.table import Coverage
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded

ROWS = 10_000_000
_VALUES = ("x1", "x2", "x3", "s1", "s2", "day", "x4", "x5", "ok")
_TABLE = """SELECT i AS id, hash(i) % 1000000 AS x1, hash(i, 1) % 1000000 / 1000.0 AS x2,
    CAST(hash(i, 2) % 100 AS INTEGER) AS x3, 'name' || hash(i, 3) % 100000 AS s1,
    'kind' || hash(i, 4) % 20 AS s2, DATE '2020-01-01' + CAST(hash(i, 5) % 1000 AS INTEGER) AS day,
    CAST(hash(i, 6) AS DOUBLE) AS x4, CAST(hash(i, 7) AS DOUBLE) AS x5, hash(i, 8) % 2 = 0 AS ok
    FROM range({rows}) AS t(i)"""
_CHANGED = """SELECT * REPLACE (id + CASE WHEN id < 200 THEN {rows} ELSE 0 END AS id,
    CASE WHEN id % 10000 = 7 THEN x1 + 1 ELSE x1 END AS x1) FROM '{left}'"""


def rows(count: int = ROWS) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        left, right = Path(folder, "left.parquet"), Path(folder, "right.parquet")
        _write(_TABLE.format(rows=count), left)
        _write(_CHANGED.format(rows=count, left=left), right)
        with closing(open_stores(Path(folder, "lake"))) as stores:
            repository = Repository(open_embedded(stores), "bench").create()
            repository.put("t.parquet", left)
            repository.put("t.parquet", right)
            yield from _compared(repository, left, right, count)
            yield from _profiled(repository, right, count)


def _compared(repository: Repository, left: Path, right: Path, count: int) -> Iterator[Row]:
    def ours(limit: int) -> object:  # another limit is another question, so that no answer is remembered
        return repository.catalog.tables.diff_rows(
            repository.name, "main~1", "main", "t.parquet", key_columns=["id"], limit=limit
        )

    ours(1)  # starts the worker, and compares the digests of the files
    limits = iter(range(2, 100))
    yield Row(
        name=f"rows that differ by key, {count:,} rows, 10 columns",
        ours=seconds(lambda: ours(next(limits))),
        limit=seconds(lambda: _by_hand(left, right)),
        limit_is="a full join of the files by hand, in as much memory as DuckDB likes",
        target=1.5,
    )
    limits_of_whole = iter(range(2, 100))
    yield Row(
        name=f"whole rows that differ, {count:,} rows",
        ours=seconds(
            lambda: repository.catalog.tables.diff_rows(
                repository.name, "main~1", "main", "t.parquet", key_columns=[], limit=next(limits_of_whole)
            ),
            repeat=1,
        ),
    )


def _profiled(repository: Repository, right: Path, count: int) -> Iterator[Row]:
    tables, name = repository.catalog.tables, repository.name
    sampled = seconds(lambda: tables.profile(name, "main", "t.parquet"), repeat=1)
    full = seconds(lambda: tables.profile(name, "main", "t.parquet", coverage=Coverage.FULL), repeat=1)
    by_hand = seconds(lambda: _ask(f"SUMMARIZE FROM '{right}'"), repeat=1)
    yield Row(
        name=f"statistics of all {count:,} rows", ours=full, limit=by_hand, limit_is="SUMMARIZE", target=1.5
    )
    yield Row(name="statistics of a sample of them", ours=sampled, limit=by_hand, limit_is="SUMMARIZE of all")
    again = seconds(lambda: tables.profile(name, "main", "t.parquet"))
    yield Row(name="statistics that are kept", ours=again)


def _by_hand(left: Path, right: Path) -> None:
    differs = " OR ".join(f"l.{name} IS DISTINCT FROM r.{name}" for name in _VALUES)
    _ask(
        f"""CREATE TABLE differing AS SELECT l.*, r.*
        FROM '{left}' AS l FULL JOIN '{right}' AS r ON l.id = r.id
        WHERE l.id IS NULL OR r.id IS NULL OR {differs}"""
    )


def _write(query: str, target: Path) -> None:
    _ask(f"COPY ({query}) TO '{target}' (FORMAT parquet)")


def _ask(query: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(query).fetchall()
