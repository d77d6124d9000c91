"""Statements about any number of keys, which are one parameter, kept as the text that the driver takes.

Making such a statement anew takes longer than running it.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Select, Update

from lineageflow_server.sql.dialect import is_in_list, key_list


class ByKeys:
    """A statement about the rows that have one of some keys in a column."""

    def __init__(self, statement: Select[Any] | Update, column: Any) -> None:
        self._statement = statement
        self._column = column
        self._texts: dict[str, str] = {}

    def rows(self, connection: Connection, keys: Collection[Any]) -> Sequence[Any]:
        """Returns the rows as the driver has them: there are very many."""
        found = self.execute(connection, keys)
        assert found.cursor is not None  # of a query that has rows
        rows: Sequence[Any] = found.cursor.fetchall()
        return rows

    def execute(self, connection: Connection, keys: Collection[Any]) -> CursorResult[Any]:
        """Runs the statement."""
        dialect = connection.dialect
        if dialect.name not in self._texts:
            statement = self._statement.where(is_in_list(dialect, self._column))
            self._texts[dialect.name] = str(statement.compile(dialect=dialect))
        return connection.exec_driver_sql(self._texts[dialect.name], key_list(dialect, keys))
