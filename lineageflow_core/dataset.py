"""A dataset: its content as tables or files, where it came from, and what was made of it.

A handle is a name, not a copy: each call looks at what its ref names then, and reads one commit wholly.
"""

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lineageflow_core.admission import warn
from lineageflow_core.errors import (
    IntegrityError,
    InvalidInputError,
    ObjectNotFoundError,
    QuarantinedVersionError,
)
from lineageflow_core.frames import head, query, read_arrow
from lineageflow_core.html import dataset_page
from lineageflow_core.listings import Commits, Differences, Lineage
from lineageflow_core.model.address import Address
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.lineage import Blame, Direction, Impact
from lineageflow_core.model.names import check_path, is_under
from lineageflow_core.model.objects import Dataset as Version
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import parse_revision
from lineageflow_core.model.table import TableProfile, TableSchema
from lineageflow_core.model.table_diff import RowDiff
from lineageflow_core.run import Reading
from lineageflow_core.scope import Scope
from lineageflow_core.uploads import Progress
from lineageflow_core.writing import change_of

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from lineageflow_core.frames import Data


class Dataset:
    """One dataset of a repository at a ref; without a ref as the run sees it, else on the default branch.

    >>> orders = repo.dataset("orders", ref="main~1")
    >>> orders.pandas(columns=["amount"], where="day >= '2026-05-01'")
    """

    def __init__(
        self, scope: Scope, path: str, *, ref: str | None = None, allow_quarantined: bool = False
    ) -> None:
        self._scope = scope
        self.path = path
        self.ref = ref
        self._allow_quarantined = allow_quarantined

    def __repr__(self) -> str:
        ref = f", ref={self.ref!r}" if self.ref is not None else ""
        return f"{self._scope!r}.dataset({self.path!r}{ref})"

    def _repr_html_(self) -> str:
        scope = self._scope
        reading = scope.look(self.path, ref=self.ref)
        try:
            notices = scope.catalog.quarantine.check_reading(
                scope.repository, reading.commit, self.path, allow_quarantined=self._allow_quarantined
            )
        except QuarantinedVersionError as error:
            return dataset_page(str(self.address), reading, None, warnings=[error.message])
        try:
            rows = head(reading, 10)
        except InvalidInputError:
            rows = None
        return dataset_page(str(self.address), reading, rows, warnings=[each.text for each in notices])

    @property
    def address(self) -> Address:
        """Its place, as `lf://repository/[@ref/]path`."""
        return Address(repository=self._scope.repository, ref=self.ref, path=self.path)

    @property
    def version(self) -> Version:
        """Its exact version now: snapshot id, number of objects, bytes. Raises ObjectNotFoundError."""
        scope = self._scope
        return scope.catalog.objects.get_dataset(scope.repository, scope.ref(self.ref), self.path)

    # Content

    def read(self, *, partitions: Sequence[str] | None = None) -> Reading:
        """Pins the content, or that of some partitions. In a run, the run has read it.

        Warns of what is quarantined. Raises ObjectNotFoundError, and QuarantinedVersionError where the
        repository keeps readers from such versions.
        """
        return self._scope.read(
            self.path, ref=self.ref, partitions=partitions, allow_quarantined=self._allow_quarantined
        )

    def arrow(
        self,
        *,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        partitions: Sequence[str] | None = None,
    ) -> "pa.Table":
        """Returns the rows as an Arrow table.

        `columns` and `where`, a condition in DuckDB's SQL, choose what is read; where files are Parquet, the
        rest is not even decoded. `partitions` names some of the dataset's partitions.

        >>> orders.arrow(columns=["id"], where="amount > 100")

        Raises InvalidInputError where the files are no tables of one kind.
        """
        return read_arrow(self.read(partitions=partitions), columns=columns, where=where)

    def pandas(
        self,
        *,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        partitions: Sequence[str] | None = None,
    ) -> "pd.DataFrame":
        """Returns the rows as a pandas data frame; see `arrow`."""
        frame: pd.DataFrame = self.arrow(columns=columns, where=where, partitions=partitions).to_pandas()
        return frame

    def polars(
        self,
        *,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        partitions: Sequence[str] | None = None,
    ) -> "pl.DataFrame":
        """Returns the rows as a polars data frame; see `arrow`."""
        import polars as pl

        frame = pl.from_arrow(self.arrow(columns=columns, where=where, partitions=partitions))
        assert isinstance(frame, pl.DataFrame)
        return frame

    def duckdb(
        self, sql: str | None = None, *, partitions: Sequence[str] | None = None
    ) -> "duckdb.DuckDBPyRelation":
        """Returns the answer of DuckDB to a query, which calls the dataset `data`; without one, all rows.

        >>> orders.duckdb("select day, sum(amount) from data group by day").df()
        """
        return query(self.read(partitions=partitions), sql)

    def head(self, rows: int = 10) -> "pa.Table":
        """Returns the first rows, reading little more. Columns of CSV have the types of these rows."""
        return head(self.read(), rows)

    def open(self, name: str = "") -> BinaryIO:
        """Opens one of its files, by its path inside the dataset; '' is a dataset that is a single file.

        Raises ObjectNotFoundError.
        """
        reading = self.read()
        path = f"{self.path}/{name}" if name else self.path
        for entry in reading.objects:
            if entry.path == path:
                return reading.open(entry)
        names = ", ".join(entry.path.removeprefix(f"{self.path}/") for entry in reading.objects[:5])
        wanted = f"has no file {name!r}" if name else "is a folder, so name one of its files"
        raise ObjectNotFoundError(
            f"'{self.address}' {wanted}; among its {len(reading.objects)} are {names}", path=path
        )

    def bytes(self, name: str = "") -> bytes:
        """Returns the content of one of its files; see `open`."""
        with self.open(name) as file:
            return file.read()

    def download(self, folder: Path, *, progress: Progress | None = None) -> list[Path]:
        """Writes its files into a local folder, which is made, and returns their paths.

        `progress` is told again and again how many more bytes and files are done.
        """
        reading = self.read()
        written = []
        for entry in reading.objects:
            check_path(entry.path)  # a server may say anything
            if not is_under(entry.path, self.path):
                raise IntegrityError(f"{entry.path!r} was listed below {self.path!r}, where it cannot be")
            is_whole = entry.path == self.path
            target = folder / (Path(self.path).name if is_whole else entry.path[len(self.path) + 1 :])
            target.parent.mkdir(parents=True, exist_ok=True)
            with reading.open(entry) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            written.append(target)
            if progress is not None:
                progress(entry.size, 1)
        return written

    def write(self, data: "Data", *, partition: str | None = None, message: str | None = None) -> Commit:
        """Writes it, or one partition of it, as one thing; see `Repository.write`.

        It goes to the branch that `ref` is, else to the run's, else to the default one.
        """
        change = change_of(self._scope, self.path, data, partition=partition)
        return self._scope.commit(self.ref, [change], message or f"write {change.path}")

    # Tables

    @property
    def schema(self) -> TableSchema:
        """Its columns and number of rows. Raises NotATableError."""
        scope = self._scope
        return scope.catalog.tables.schema(scope.repository, scope.ref(self.ref), self.path)

    def profile(self) -> TableProfile:
        """Returns the statistics of every column; those of a very large table are of a sample, and say so."""
        scope = self._scope
        return scope.catalog.tables.profile(scope.repository, scope.ref(self.ref), self.path)

    def diff_rows(self, other: str, *, key: Sequence[str] | None = None) -> RowDiff:
        """Returns the rows that differ from the ref `other` to this one, with exact numbers.

        `key` are the columns that identify a row, else those of the repository's settings, else all.

        >>> repo.dataset("orders").diff_rows("main~1", key=["id"]).changed
        """
        scope = self._scope
        found = scope.catalog.tables.diff_rows(
            scope.repository,
            other,
            scope.ref(self.ref),
            self.path,
            key_columns=key,
            allow_quarantined=self._allow_quarantined,
        )
        warn(found.notices)
        return found

    # Versions

    def at(self, when: str | date) -> "Dataset":
        """Returns it as it was at a time: ISO 8601 or a date; without a zone it is UTC.

        >>> repo.dataset("orders").at("2026-05-01").pandas()
        """
        branch = self.ref or self._scope.default_branch
        text = when if isinstance(when, str) else when.isoformat()
        ref = f"{branch}@{{{text}}}"
        parse_revision(ref)
        return Dataset(self._scope, self.path, ref=ref, allow_quarantined=self._allow_quarantined)

    def history(self, *, limit: int = 20) -> Commits:
        """Returns the last commits that changed it, newest first."""
        scope = self._scope
        log = scope.catalog.history.log
        return Commits(scope.items(log, scope.ref(self.ref), path=self.path, most=limit))

    def diff(self, other: str) -> Differences:
        """Returns its files that differ from the ref `other` to this one."""
        return Differences.between(self._scope, other, self._scope.ref(self.ref), path=self.path)

    def restore(self, source: str, *, message: str | None = None) -> Commit:
        """Makes it what it was at the ref `source`, as a new commit on its branch."""
        scope = self._scope
        return scope.catalog.merging.reset(
            scope.repository,
            self.ref or scope.default_branch,
            to=source,
            path=self.path,
            author=scope.author,
            message=message,
        )

    # Lineage

    def blame(self) -> Blame:
        """Returns who made the content: version, commit, run, code and inputs."""
        scope = self._scope
        return scope.catalog.lineage.blame(scope.repository, scope.ref(self.ref), self.path)

    def upstream(self, *, depth: int = 1) -> Lineage:
        """Returns what it was made from, `depth` runs away."""
        return self._trace(Direction.UPSTREAM, depth)

    def downstream(self, *, depth: int = 1) -> Lineage:
        """Returns what was made from it, `depth` runs away."""
        return self._trace(Direction.DOWNSTREAM, depth)

    def impact(self) -> tuple[Impact, ...]:
        """Returns every version that was derived from it, nearest first."""
        impact = self._scope.catalog.lineage.impact
        return tuple(every(lambda after, limit: impact(self._node, after=after, limit=limit)))

    @property
    def _node(self) -> str:
        scope = self._scope
        return str(Address(repository=scope.repository, ref=scope.ref(self.ref), path=self.path))

    def _trace(self, direction: Direction, depth: int) -> Lineage:
        return Lineage(self._scope.catalog.lineage.trace(self._node, direction=direction, depth=depth))
