"""Tables made for a test, read without a worker."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb
import pandas as pd
from blake3 import blake3

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.tables.engine import open_engine
from lineageflow_core.tables.files import LocalFile, TableFile
from lineageflow_core.tables.formats import compression_of, format_by_name, partition_values
from lineageflow_core.tables.relation import prepare, unite


class Folder:
    """A place for files and scratch folders of one test."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def scratch(self) -> Path:
        return Path(mkdtemp(dir=self._path))

    def file(self, name: str, content: bytes) -> LocalFile:
        """Returns a file with the content, of the format that its name says."""
        digest = blake3(content).hexdigest()
        path = self._path / digest
        path.write_bytes(content)
        entry = ObjectEntry(path=name, object_id=ObjectId(digest), size=len(content))
        kind = format_by_name(entry)
        assert kind is not None
        file = TableFile(
            object_id=entry.object_id,
            name=name,
            format=kind,
            compression=compression_of(entry),
            size=entry.size,
            partition=partition_values(name),
        )
        return LocalFile(file=file, path=str(path))

    def sql(self, query: str, name: str = "t.parquet") -> LocalFile:
        """Returns a Parquet file with what a query gives."""
        path = self.scratch() / "made"
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
        return self.file(name, path.read_bytes())

    def frame(self, frame: pd.DataFrame, name: str = "t.parquet") -> LocalFile:
        """Returns a Parquet file with a frame."""
        path = self.scratch() / "made"
        frame.to_parquet(path, index=False)
        return self.file(name, path.read_bytes())

    def read(self, *files: LocalFile) -> tuple[Mapping[str, str], list[tuple[Any, ...]]]:
        """Returns the columns of the table that the files are, and its rows in order."""
        scratch = self.scratch()
        with open_engine(scratch, (file.path for file in files)) as connection:
            relation = unite(connection, prepare(connection, files, scratch))
            rows = connection.execute(f"SELECT * FROM {relation.sql} ORDER BY ALL").fetchall()
            return relation.types, rows
