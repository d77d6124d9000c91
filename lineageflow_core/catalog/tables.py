"""Operations that look at data as rows and columns."""

from typing import Protocol

from lineageflow_core.model.table import Coverage, TableProfile, TableSchema


class Tables(Protocol):
    """What the files of a dataset say as a table, and how two versions of it differ.

    A table is every Parquet, CSV, JSON lines, Arrow or Excel file at or below a path; what is hidden by
    convention (`_SUCCESS`) or no table is passed over. Every call raises ObjectNotFoundError where nothing
    is at the path, NotATableError where nothing there is a table, and UnreadableTableError where a file
    cannot be read as what it is said to be.
    """

    def schema(self, repository: str, ref: str, path: str) -> TableSchema:
        """Returns the columns and the number of rows. Both are exact."""
        ...

    def profile(
        self, repository: str, ref: str, path: str, *, coverage: Coverage = Coverage.SAMPLE
    ) -> TableProfile:
        """Returns the statistics of every column.

        They are computed once and kept by content. Those of a very large table are of a sample and say so,
        until all rows were asked for once (`Coverage.FULL`).
        """
        ...
