"""Asking how data differs: which datasets, then level by level what applies to each."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from lineageflow_core.catalog import Catalog
from lineageflow_core.cli.data_diff import DataDiff
from lineageflow_core.errors import InvalidInputError, NotATableError, NotFoundError, QuarantinedVersionError
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.page import MAX_LIMIT, every
from lineageflow_core.model.table import Coverage
from lineageflow_core.model.table_diff import RowDiff, StatisticsDiff, TextDiff


class Level(StrEnum):
    """How far down to look."""

    SCHEMA = "schema"
    ROWS = "rows"
    STATISTICS = "statistics"
    TEXT = "text"


_COMPARED = {Level.SCHEMA: "columns", Level.ROWS: "rows"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQuestion:
    """What is asked about two states of a repository."""

    repository: str
    left: str
    right: str
    key: tuple[str, ...] | None
    levels: frozenset[Level]
    rows: int
    """So many rows that differ are wanted; 0 is all."""
    coverage: Coverage
    allow_quarantined: bool = False


def compare_data(catalog: Catalog, asked: DataQuestion, path: str) -> Iterator[DataDiff]:
    """Yields the datasets at or below `path` that differ; if `path` lies in one, only what is there.

    Raises InvalidInputError for a key that the table at `path` has not, even if nothing differs.
    """
    datasets = every(
        lambda after, limit: catalog.history.diff_datasets(
            asked.repository, asked.left, asked.right, path=path, after=after, limit=limit
        )
    )
    is_equal = True
    for dataset in datasets:
        is_equal = False
        if dataset.kind is DiffKind.MOVED:
            yield DataDiff(path=dataset.path, differs=f"moved from {dataset.moved_from!r}, as it was")
            continue
        place = path if path.startswith(f"{dataset.path}/") else dataset.path
        try:
            yield _compare_table(catalog, asked, place)
        except NotATableError:
            if Level.TEXT in asked.levels:
                yield from _compare_texts(catalog, asked, place)
            else:
                yield DataDiff(path=place, differs="is no table; --data compares texts line by line")
        except InvalidInputError as error:
            if asked.key is not None and path:  # it is the question that is wrong
                raise
            yield DataDiff(path=place, problem=error.message)
    if is_equal and asked.key and path:
        with suppress(NotFoundError, NotATableError):
            catalog.tables.diff_rows(
                asked.repository,
                asked.left,
                asked.right,
                path,
                key_columns=asked.key,
                limit=1,
                allow_quarantined=asked.allow_quarantined,
            )


def _compare_table(catalog: Catalog, asked: DataQuestion, path: str) -> DataDiff:
    where = (asked.repository, asked.left, asked.right, path)
    schema = catalog.tables.diff_schema(*where)
    rows, problem = None, None
    if Level.ROWS in asked.levels:
        try:
            rows = _rows(catalog, asked, path)
        except QuarantinedVersionError as error:
            problem = error.message
    found = DataDiff(
        path=path,
        problem=problem,
        schema=schema if Level.SCHEMA in asked.levels else None,
        rows=rows,
        statistics=_statistics(catalog, asked, path) if Level.STATISTICS in asked.levels else None,
    )
    if found.is_different:
        return found
    compared = " and ".join(_COMPARED[level] for level in _COMPARED if level in asked.levels)
    return replace(found, differs=f"has other files with the same {compared}")


def _rows(catalog: Catalog, asked: DataQuestion, path: str) -> RowDiff:
    where = (asked.repository, asked.left, asked.right, path)

    def page(after: str | None, have: int) -> RowDiff:
        limit = min(asked.rows - have, MAX_LIMIT) if asked.rows else MAX_LIMIT
        return catalog.tables.diff_rows(
            *where,
            key_columns=asked.key,
            after=after,
            limit=limit,
            allow_quarantined=asked.allow_quarantined,
        )

    found = page(None, 0)
    while found.next is not None and (not asked.rows or len(found.rows) < asked.rows):
        more = page(found.next, len(found.rows))
        found = replace(more, rows=(*found.rows, *more.rows))
    return found


def _statistics(catalog: Catalog, asked: DataQuestion, path: str) -> StatisticsDiff | None:
    try:
        return catalog.tables.diff_statistics(
            asked.repository, asked.left, asked.right, path, coverage=asked.coverage
        )
    except (NotFoundError, NotATableError):  # on one side there is nothing to compare with
        return None


def _compare_texts(catalog: Catalog, asked: DataQuestion, path: str) -> Iterator[DataDiff]:
    entries = every(
        lambda after, limit: catalog.history.diff(
            asked.repository, asked.left, asked.right, path=path, after=after, limit=limit
        )
    )
    for entry in entries:
        if entry.kind is DiffKind.MOVED and entry.left is not None:
            yield DataDiff(path=entry.path, differs=f"moved from {entry.left.path!r}, as it was")
            continue
        try:
            text: TextDiff = catalog.tables.diff_text(
                asked.repository,
                asked.left,
                asked.right,
                entry.path,
                allow_quarantined=asked.allow_quarantined,
            )
        except InvalidInputError as error:  # it is no text, or too large a one
            yield DataDiff(path=entry.path, differs=error.message)
        except QuarantinedVersionError as error:
            yield DataDiff(path=entry.path, problem=error.message)
        else:
            yield DataDiff(path=entry.path, texts=(text,))
