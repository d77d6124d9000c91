"""Answering a job: what the worker does with files and a scratch folder. Tests call it without a worker."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineageflow_core.model.table import TableHead
from lineageflow_core.model.table_diff import RowDiff
from lineageflow_core.tables.engine import open_engine
from lineageflow_core.tables.files import LocalFile
from lineageflow_core.tables.jobs import (
    CompareColumn,
    CompareRows,
    DescribeTable,
    FindRow,
    Job,
    ProfileTable,
    ReadHead,
    Work,
)
from lineageflow_core.tables.lookup import find_row, first_rows
from lineageflow_core.tables.relation import Prepared, empty, prepare, table_schema, unite
from lineageflow_core.tables.rows import column_differs, compare_rows
from lineageflow_core.tables.statistics import profile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LONGEST_REASON = 400
_KIND = re.compile(r"\b(?:[A-Z]\w* )+Error: ")
"""How DuckDB begins what it says."""


def answer(job: Job, scratch: Path) -> Any:
    """Returns a value of `job.answer`. Raises InvalidInputError, and what readers of damaged files raise."""
    with open_engine(scratch, (local.path for local in job.all_files)) as connection:
        match job:
            case DescribeTable(files=files):
                prepared = prepare(connection, files, scratch)
                return table_schema(connection, prepared, unite(connection, prepared))
            case ReadHead(files=files, limit=limit):
                prepared = prepare(connection, files, scratch)
                relation = unite(connection, prepared)
                schema = table_schema(connection, prepared, relation)
                return TableHead(table=schema, rows=first_rows(connection, relation, limit))
            case ProfileTable(files=files, coverage=coverage):
                prepared = prepare(connection, files, scratch)
                relation = unite(connection, prepared)
                schema = table_schema(connection, prepared, relation)
                return profile(connection, prepared, relation, schema, coverage)
            case CompareRows():
                return _compare(connection, job, scratch)
            case CompareColumn():
                return _column_differs(connection, job, scratch)
            case FindRow(files=files, key=values, column=column):
                return find_row(connection, prepare(connection, files, scratch), values, column)


def _compare(connection: "DuckDBPyConnection", job: CompareRows, scratch: Path) -> RowDiff:
    left, right = _both(connection, job.left, job.right, scratch)
    one, other = (
        unite(connection, mine, typed_with=others) if mine else empty(unite(connection, others))
        for mine, others in ((left, right), (right, left))
    )
    return compare_rows(connection, one, other, key=job.key, skip=job.skip, limit=job.limit)


def _column_differs(connection: "DuckDBPyConnection", job: CompareColumn, scratch: Path) -> bool:
    left, right = _both(connection, job.left, job.right, scratch)
    if not left or not right:
        return job.column in unite(connection, left or right).types
    one, other = unite(connection, left), unite(connection, right)
    return column_differs(connection, one, other, key=job.key, column=job.column)


def _both(
    connection: "DuckDBPyConnection", left: Sequence[LocalFile], right: Sequence[LocalFile], scratch: Path
) -> tuple[list[Prepared], list[Prepared]]:
    lefts = prepare(connection, left, scratch)
    return lefts, prepare(connection, right, scratch, first=len(lefts))


def explain(error: Exception, work: Work) -> str:
    """Returns what went wrong in words for people, who know no path of this machine."""
    reason = str(error).partition("\n\nLINE ")[0]
    names = [local.file.name for local in work.job.all_files]
    reason = re.sub(
        rf"['\"]?{re.escape(work.scratch)}/file(\d+)(?:\.\w+)?['\"]?",
        lambda match: repr(names[int(match[1])]),
        reason,
    )
    for local in work.job.all_files:
        reason = reason.replace(local.path, local.file.name)
    return _KIND.sub("", " ".join(reason.split()))[:_LONGEST_REASON] or type(error).__name__
