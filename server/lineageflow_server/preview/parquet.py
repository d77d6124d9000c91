"""The first rows of Parquet files that are one table. Runs in the worker, as pyarrow's reader may crash.

Only the first rows' pages are decoded, as a stream, however large the files are.
"""

from collections.abc import Iterator, Sequence
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from lineageflow_core.tables.cells import as_cell
from lineageflow_server.preview.values import Column, TablePreview

_MOST_COLUMNS = 200
_BUFFER_BYTES = 64 << 10
_LARGEST_BATCH = 256 << 20

pa.set_memory_pool(pa.system_memory_pool())  # the others reserve more than the worker may have


def read_parquet(files: Sequence[IO[bytes]], *, limit: int, count_all: bool) -> TablePreview:
    """Returns the first `limit` rows of the files. The first file says which columns there are.

    `count_all`: every file is opened, and the rows of all are counted.
    """
    table = _Table(limit)
    for file in files:
        if count_all or not table.is_full:
            table.add(file)
    return table.preview(counted=count_all)


class _Table:
    """Rows gathered from one file after another."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows: list[tuple[Any, ...]] = []
        self._names: list[str] = []
        self._types: list[str] = []
        self._nulls: list[int | None] = []
        self._all_columns = 0
        self._count = 0

    @property
    def is_full(self) -> bool:
        return len(self._rows) >= self._limit

    def add(self, file: IO[bytes]) -> None:
        parquet = pq.ParquetFile(file, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        if not self._names:
            schema = parquet.schema_arrow
            self._all_columns = len(schema)
            self._names = schema.names[:_MOST_COLUMNS]
            self._types = [str(field.type) for field in list(schema)[:_MOST_COLUMNS]]
            self._nulls = [0] * len(self._names)
        self._count += parquet.metadata.num_rows
        self._count_nulls(parquet.metadata)
        if not self.is_full:
            self._rows += _rows(parquet, self._names, self._limit - len(self._rows))

    def preview(self, *, counted: bool) -> TablePreview:
        columns = zip(self._names, self._types, self._nulls, strict=True)
        return TablePreview(
            columns=tuple(
                Column(name=name, type=kind, nulls=nulls if counted else None)
                for name, kind, nulls in columns
            ),
            rows=tuple(self._rows),
            row_count=self._count if counted else None,
            truncated=not counted or self._count > len(self._rows) or self._all_columns > len(self._names),
        )

    def _count_nulls(self, metadata: pq.FileMetaData) -> None:
        found = _null_counts(metadata, set(self._names))
        for index, name in enumerate(self._names):
            known, more = self._nulls[index], found.get(name)
            self._nulls[index] = None if known is None or more is None else known + more


def _null_counts(metadata: pq.FileMetaData, names: set[str]) -> dict[str, int | None]:
    """Returns for each flat column how many values are missing, where the file's statistics say."""
    if metadata.num_rows == 0:
        return dict.fromkeys(names, 0)
    counts: dict[str, int | None] = {}
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for index in range(min(metadata.num_columns, _MOST_COLUMNS)):
            column = row_group.column(index)
            name, statistics = column.path_in_schema, column.statistics
            if name in names:
                known = counts.get(name, 0)
                says = statistics is not None and statistics.has_null_count
                counts[name] = known + statistics.null_count if says and known is not None else None
    return counts


def _rows(parquet: pq.ParquetFile, names: Sequence[str], limit: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    present = [name for name in names if name in parquet.schema_arrow.names]
    for group in range(parquet.metadata.num_row_groups):
        batches = parquet.iter_batches(limit, row_groups=[group], columns=present, use_threads=False)
        for batch in batches:
            rows += _cells(batch.slice(0, limit - len(rows)), names)
            if len(rows) >= limit:
                return rows
    return rows


def _cells(batch: pa.RecordBatch, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    if batch.nbytes > _LARGEST_BATCH:
        raise ValueError(f"the first rows take more than {_LARGEST_BATCH >> 20} MiB, too much to show")
    columns = {name: _column(batch.column(name)) for name in batch.schema.names}
    missing = [None] * batch.num_rows
    return zip(*(columns.get(name, missing) for name in names), strict=True)


def _column(values: pa.Array) -> list[Any]:
    if pa.types.is_temporal(values.type) or pa.types.is_decimal(values.type):
        # As text: Python's own types hold neither nanoseconds nor every year that a file may hold.
        values = values.cast(pa.string())
    return [as_cell(value) for value in values.to_pylist()]
