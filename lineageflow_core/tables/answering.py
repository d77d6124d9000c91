"""Answering a job: what the worker does with files and a scratch folder. Tests call it without a worker."""

import re
from pathlib import Path
from typing import Any

from lineageflow_core.tables.engine import open_engine
from lineageflow_core.tables.jobs import DescribeTable, Job, ProfileTable, Work
from lineageflow_core.tables.relation import prepare, table_schema, unite
from lineageflow_core.tables.statistics import profile

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
            case ProfileTable(files=files, coverage=coverage):
                prepared = prepare(connection, files, scratch)
                relation = unite(connection, prepared)
                schema = table_schema(connection, prepared, relation)
                return profile(connection, prepared, relation, schema, coverage)


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
