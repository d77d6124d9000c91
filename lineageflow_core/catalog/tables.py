"""Operations that look at data as rows and columns."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from lineageflow_core.model.page import DEFAULT_LIMIT
from lineageflow_core.model.table import Coverage, TableHead, TableProfile, TableSchema
from lineageflow_core.model.table_blame import TableBlame
from lineageflow_core.model.table_diff import RowDiff, SchemaDiff, StatisticsDiff, TextDiff


class Tables(Protocol):
    """What the files of a dataset say as a table, and how two versions of it differ.

    A table is every Parquet, CSV, JSON lines, Arrow or Excel file at or below a path; what is hidden by
    convention (`_SUCCESS`) or no table is passed over. Every call raises ObjectNotFoundError where nothing
    is at the path, NotATableError where nothing there is a table, and UnreadableTableError where a file
    cannot be read as what it is said to be.

    What hands out rows or lines is a reader: what of it is quarantined comes along as `notices`, and where
    the repository's policy is to stop readers, it raises QuarantinedVersionError unless `allow_quarantined`.
    Columns, counts and statistics are facts about data, and told in any case.
    """

    def schema(self, repository: str, ref: str, path: str) -> TableSchema:
        """Returns the columns and the number of rows. Both are exact."""
        ...

    def head(
        self, repository: str, ref: str, path: str, *, limit: int = 20, allow_quarantined: bool = False
    ) -> TableHead:
        """Returns the first rows, as the files have them."""
        ...

    def profile(
        self, repository: str, ref: str, path: str, *, coverage: Coverage = Coverage.SAMPLE
    ) -> TableProfile:
        """Returns the statistics of every column.

        They are computed once and kept by content. Those of a very large table are of a sample and say so,
        until all rows were asked for once (`Coverage.FULL`).
        """
        ...

    def profile_changes(self, repository: str, ref: str) -> int:
        """Profiles the tables that the commit at `ref` changed, and returns how many now have a profile.

        For those who have just committed: what is asked for next is then there. Tables that are large, many
        or unreadable are passed over.
        """
        ...

    def diff_schema(self, repository: str, left: str, right: str, path: str) -> SchemaDiff:
        """Returns the columns that differ from `left` to `right`. Either may lack the table, not both."""
        ...

    def diff_rows(
        self,
        repository: str,
        left: str,
        right: str,
        path: str,
        *,
        key_columns: Sequence[str] | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
        allow_quarantined: bool = False,
    ) -> RowDiff:
        """Returns the rows that differ from `left` to `right`, with exact numbers. Either may lack the table.

        `key_columns` identify a row; None takes those of the repository's settings. Where there are none,
        whole rows are compared, as often as each is there. Only columns of both are compared, by value: one
        that is new, gone, or of another type changes no row by itself. Files that both versions have are
        not read. Raises InvalidInputError if a key column is missing, or if in the files that differ two
        rows of one version have the same key.
        """
        ...

    def diff_statistics(
        self, repository: str, left: str, right: str, path: str, *, coverage: Coverage = Coverage.SAMPLE
    ) -> StatisticsDiff:
        """Returns the columns of both whose statistics differ from `left` to `right`, by effect."""
        ...

    def diff_text(
        self, repository: str, left: str, right: str, path: str, *, allow_quarantined: bool = False
    ) -> TextDiff:
        """Returns the lines that differ in the object at `path`, which is a text, or missing on one side.

        JSON is laid out before. Raises InvalidInputError where it is no text, or too large to compare.
        """
        ...

    def blame_column(self, repository: str, ref: str, path: str, column: str) -> TableBlame:
        """Returns the version that last changed a column: its type, or the values of some rows.

        Rows that were added or removed change every column. Where the repository's settings name a key, a
        value belongs to its row; else only which values there are counts. Raises InvalidInputError if there
        is no such column.
        """
        ...

    def blame_row(
        self,
        repository: str,
        ref: str,
        path: str,
        row: Mapping[str, str],
        *,
        column: str | None = None,
        allow_quarantined: bool = False,
    ) -> TableBlame:
        """Returns the version that brought a row as it is, or with `column` its value there.

        `row` has the values of its key columns, by name, as people write them. The versions of the path are
        walked back to the first where the row is another one, and into what was merged. Raises
        ObjectNotFoundError if there is no such row, and InvalidInputError if there are several, or if a
        column is not there.
        """
        ...
