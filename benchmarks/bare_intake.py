"""What a database takes for the rows that events become, at most: its driver alone, all computed beforehand.

Rows are stored in transactions, each for some events, and each has what a receiver has to write that does
not know what is there: the events, and then *all* that they name, the job, the run, datasets and versions,
the last words on those, and what the run read or wrote. What is there already stays; of runs and words the
later counts. To spread all rows over all transactions, so that each is written once, would be faster, and no
receiver can: the next event may name a dataset that none has named, or one that all did.

A transaction takes a statement for each table. Not counted are reading, the index of searches, and keys.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Row: TypeAlias = tuple[Any, ...]

_REPLACED: Final = {"job_words": ("job", "facet"), "dataset_words": ("dataset", "facet"), "runs": ("key",)}
"""What says more with each event, and the columns that identify it."""
TABLES: Final = ("jobs", "job_words", "datasets", "dataset_words", "versions", "runs", "events", "ios")
"""What the benchmark's events fill, each after what it refers to. All write in this order, so none wait for
each other for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """All rows of a table, as they are at the end."""

    columns: tuple[str, ...]
    rows: Sequence[Row]

    def by(self, column: str) -> Mapping[Any, Sequence[Row]]:
        """Returns the rows by the value of a column, in order."""
        place, found = self.place(column), defaultdict(list)
        for row in self.rows:
            found[row[place]].append(row)
        return found

    def place(self, column: str) -> int:
        """Returns where a column is."""
        return self.columns.index(column)


Part: TypeAlias = dict[str, list[Row]]
"""What one transaction writes, by table."""


def upsert(table: str, columns: Sequence[str], given: str) -> str:
    """Returns the statement that writes rows of a table; `given` is where they come from."""
    into = f"INSERT INTO {table} ({', '.join(columns)}) {given} ON CONFLICT"
    if table not in _REPLACED:
        return f"{into} DO NOTHING"
    by = _REPLACED[table]
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in by)
    return f"{into} ({', '.join(by)}) DO UPDATE SET {changes}"


def parts(filled: Mapping[str, Filled], size: int) -> Iterator[Part]:
    """Yields what each transaction writes, of as many events. What a run read comes with its first event."""
    run_of, ios, is_written = filled["events"].place("run_id"), filled["ios"], filled["ios"].place("written")
    runs = {run_id: row for run_id, [row] in filled["runs"].by("id").items()}
    key_of, accesses = filled["runs"].place("key"), ios.by("run")
    events = sorted(filled["events"].rows, key=lambda row: row[filled["events"].place("seq")])
    last = {event[run_of]: place for place, event in enumerate(events)}
    first = {event[run_of]: place for place, event in reversed([*enumerate(events)])}
    named = {table: filled[table].by(by) for table, by in _NAMED.items()}

    for start in range(0, len(events), size):
        part = events[start : start + size]
        ran = sorted({runs[event[run_of]] for event in part}, key=lambda run: run[key_of])
        touched = [
            access
            for place, event in enumerate(part, start)
            for access in accesses[runs[event[run_of]][key_of]]
            if place == (last if access[is_written] else first)[event[run_of]]
        ]
        about = {
            "job": sorted({run[filled["runs"].place("job")] for run in ran}),
            **{
                kind: sorted({access[ios.place(kind)] for access in touched})
                for kind in ("dataset", "version")
            },
        }
        rows = {
            table: [row for key in about[_ABOUT[table]] for row in named[table][key]] for table in named
        } | {"runs": ran, "events": part, "ios": touched}
        yield {table: rows[table] for table in TABLES if rows[table]}


_NAMED: Final = {
    "jobs": "key",
    "job_words": "job",
    "datasets": "key",
    "dataset_words": "dataset",
    "versions": "key",
}
"""The column by which what an event names is found."""
_ABOUT: Final = {
    "jobs": "job",
    "job_words": "job",
    "datasets": "dataset",
    "dataset_words": "dataset",
    "versions": "version",
}
