"""Runs the benchmarks and prints their table: `python -m benchmarks [NAME...]`, all without a name."""

import platform
import sys
from os import cpu_count

from rich.console import Console
from rich.table import Table

from benchmarks import (
    airflow,
    collection,
    dagster,
    folders,
    history,
    imports,
    intake,
    lineage,
    pruning,
    staging,
    tables,
    transfers,
    tree,
    writers,
)
from benchmarks.measure import Row

BENCHMARKS = {
    "tree": tree.rows,
    "folders": folders.rows,
    "writers": writers.rows,
    "history": history.rows,
    "tables": tables.rows,
    "staging": staging.rows,
    "transfers": transfers.rows,
    "imports": imports.rows,
    "collection": collection.rows,
    "intake": intake.rows,
    "lineage": lineage.rows,
    "pruning": pruning.rows,
    "dagster": dagster.rows,
    "airflow": airflow.rows,
}


def main() -> None:
    chosen = sys.argv[1:] or list(BENCHMARKS)
    console = Console(width=160)
    table = Table("what", "ours", "limit", "ratio", "target", "peers (how many times ours)", "limit is; note")
    for name in chosen:
        for row in BENCHMARKS[name]():
            table.add_row(*_cells(row))
            console.print(f"[dim]{row.name}: {_time(row.ours)}[/dim]", highlight=False)
    console.print(table)
    console.print(
        f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}", highlight=False
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        _time(row.ours),
        _time(row.limit) if row.limit else "",
        f"{row.ours / row.limit:.2f}" if row.limit else "",
        f"{row.target:g}" if row.target else "",
        ", ".join(f"{name} {_time(value)} ({value / row.ours:.1f})" for name, value in row.peers),
        "; ".join(filter(None, (row.limit_is, row.note))),
    )


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"


if __name__ == "__main__":
    main()
