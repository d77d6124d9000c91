"""What lineage lacks, in SQL: runs without an end, datasets that nobody wrote or told the columns of."""

from sqlalchemy import ColumnElement, Connection, exists, func, literal_column, select

from lineageflow_core.model.gaps import Gap, GapCount
from lineageflow_core.model.run import RunState
from lineageflow_server.sql import lineage_tables as tables

_NAME = tables.datasets.alias("other_name")
_IS_NAME = (_NAME.c.key == tables.datasets.c.key) | (_NAME.c.first == tables.datasets.c.key)
_IS_READ, _IS_WRITTEN = (
    exists().where(tables.ios.c.dataset == tables.datasets.c.key, is_side)
    for is_side in (~tables.ios.c.written, tables.ios.c.written)
)
_HAS_SCHEMA = exists().where(
    tables.dataset_words.c.dataset == _NAME.c.key,
    tables.dataset_words.c.facet == "schema",
    tables.dataset_words.c.said.is_not(None),
    _IS_NAME,
)
_HAS_COLUMNS = exists().where(tables.run_columns.c.target == _NAME.c.key, _IS_NAME)

IS_GOING = tables.runs.c.state == literal_column(f"'{RunState.RUNNING}'")
"""As the index of them has it: a parameter would not be taken for it."""
LACKING: dict[Gap, ColumnElement[bool]] = {
    Gap.UNPRODUCED_INPUT: _IS_READ & ~_IS_WRITTEN,
    Gap.OUTPUT_WITHOUT_SCHEMA: _IS_WRITTEN & ~_HAS_SCHEMA,
    Gap.OUTPUT_WITHOUT_COLUMN_LINEAGE: _IS_WRITTEN & ~_HAS_COLUMNS,
}
"""Of first names."""


def count_gaps(connection: Connection) -> tuple[GapCount, ...]:
    """Returns how many gaps of each kind there are, and of how many."""
    event = tables.events.c
    of_datasets = {
        Gap.UNPRODUCED_INPUT: _IS_READ,
        Gap.OUTPUT_WITHOUT_SCHEMA: _IS_WRITTEN,
        Gap.OUTPUT_WITHOUT_COLUMN_LINEAGE: _IS_WRITTEN,
    }
    datasets = select(func.count()).select_from(tables.datasets)
    runs = select(func.count()).select_from(tables.runs)
    events = select(func.count()).select_from(tables.events)
    has_problem = event.problem.is_not(None) & event.replaced_by.is_(None)
    questions = {
        Gap.UNENDED_RUN: (runs.where(IS_GOING), runs),
        **{gap: (datasets.where(LACKING[gap]), datasets.where(of)) for gap, of in of_datasets.items()},
        Gap.EVENT_WITH_PROBLEM: (events.where(has_problem), events),
    }
    return tuple(
        GapCount(
            gap=gap,
            count=connection.scalars(questions[gap][0]).one(),
            of=connection.scalars(questions[gap][1]).one(),
        )
        for gap in Gap
    )
