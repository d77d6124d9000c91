"""Which version brought what a row or a column of a table is.

History is walked from the newest version of the path to the oldest. Two versions are compared by the files
that only one of them has: a row whose file is in the older version, too, is the same there, unread.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from lineageflow_core.catalog import History
from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.table import Cell
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.table_files import Table, find_table, left_over, lend, table_at
from lineageflow_core.tables.files import TableFile
from lineageflow_core.tables.isolation import Workers
from lineageflow_core.tables.jobs import CompareColumn, FindRow, FoundRow

MOST_VERSIONS = 1_000
"""So many are looked at in one call."""
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a search ended."""

    commit: Commit
    """It brought what was looked for."""
    columns: tuple[str, ...]
    values: tuple[Cell, ...] | None
    before: tuple[Cell, ...] | None
    versions: int
    is_whole: bool
    """False: the search was given up here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """What an older version has instead."""

    cells: tuple[Cell, ...] | None = None


_Compare = Callable[[Table, Table], _Before | None]
"""Returns what the second, older version has instead; None where it has the same."""


class TableOrigins:
    """Searches the history of one table."""

    def __init__(self, opened: OpenRepository, history: History, workers: Workers, path: str) -> None:
        self._opened = opened
        self._history = history
        self._workers = workers
        self._path = path

    def of_column(self, ref: str, column: str, *, key: Sequence[str], columns: Sequence[str]) -> Origin:
        """Raises InvalidInputError unless it is one of `columns`, which the table has."""
        self._check_columns([column], columns)

        def compare(newer: Table, older: Table) -> _Before | None:
            lost, gained = left_over(older.files, newer.files), left_over(newer.files, older.files)
            if not lost and not gained:
                return None
            with lend(self._opened, lost) as lefts, lend(self._opened, gained) as rights:
                job = CompareColumn(left=lefts, right=rights, key=list(key), column=column)
                return _Before() if self._workers.ask(job, bool) else None

        return self._search(ref, find_table(self._opened, ref, self._path), compare, [column], None)

    def of_row(self, ref: str, key: Mapping[str, str], column: str | None) -> Origin:
        """Raises ObjectNotFoundError if no row has the key, and InvalidInputError if several have it."""
        table = find_table(self._opened, ref, self._path)
        row = self._find(table.files, key, column)
        self._check_columns([*key, *([column] if column else [])], row.columns)
        if row.cells is None or row.file is None:
            said = ", ".join(f"{name}={value}" for name, value in key.items())
            raise ObjectNotFoundError(f"no row of {self._path!r} at {ref} has {said[:200]}", path=self._path)
        place = table.files[row.file]

        def compare(newer: Table, older: Table) -> _Before | None:
            nonlocal place
            if not left_over([place], older.files):
                return None
            lost = left_over(older.files, newer.files)
            was = self._find(lost, key, column)
            if was.digest != row.digest or was.columns != row.columns or was.file is None:
                return _Before(cells=_as_columns(was, row.columns))
            place = lost[was.file]
            return None

        return self._search(ref, table, compare, row.columns, row.cells)

    def _search(
        self, ref: str, table: Table, compare: _Compare, columns: Sequence[str], values: Sequence[Cell] | None
    ) -> Origin:
        looked_at = 0
        while True:
            before: _Before | None = None
            versions = self._versions(ref)
            commit = next(versions)
            for older in islice(versions, MOST_VERSIONS - looked_at):
                looked_at += 1
                was = self._table(older.id)
                before = compare(table, was)
                if before is not None:
                    break
                commit, table = older, was
            side = commit.parents[1] if len(commit.parents) > 1 else None
            merged = self._table(side) if side is not None else Table.of(())
            if side is None or not merged.files or compare(table, merged) is not None:
                return Origin(
                    commit=commit,
                    columns=tuple(columns),
                    values=tuple(values) if values is not None else None,
                    before=before.cells if before else None,
                    versions=looked_at + 1,
                    is_whole=before is not None or next(versions, None) is None,
                )
            ref, table = side, merged

    def _versions(self, ref: str) -> Iterator[Commit]:
        """Yields the commits of a history that changed the path, newest first."""
        after: str | None = None
        while True:
            page = self._history.log(self._opened.info.name, ref, path=self._path, after=after, limit=_PAGE)
            yield from page.items
            if page.next is None:
                return
            after = page.next

    def _table(self, commit: str) -> Table:
        return table_at(self._opened, self._opened.commit(CommitId(commit)), self._path) or Table.of(())

    def _find(self, files: Sequence[TableFile], key: Mapping[str, str], column: str | None) -> FoundRow:
        if not files:
            return FoundRow()
        with lend(self._opened, files) as local:
            return self._workers.ask(FindRow(files=local, key=dict(key), column=column), FoundRow)

    def _check_columns(self, names: Sequence[str], columns: Sequence[str]) -> None:
        for name in names:
            if name not in columns:
                raise InvalidInputError(
                    f"{self._path!r} has no column {name!r}; it has: {', '.join(columns)[:500]}"
                )


def _as_columns(row: FoundRow, columns: Sequence[str]) -> tuple[Cell, ...] | None:
    """Returns a row's cells in the order of `columns`, of which it may lack some."""
    if row.cells is None:
        return None
    cells = dict(zip(row.columns, row.cells, strict=True))
    return tuple(cells.get(name) for name in columns)
