"""The files of a reading as Arrow's file system, so that Arrow reads from them what it needs and no more.

Kept apart because a class of Arrow's is derived from: only `frames` imports this module, and only for tables.
"""

import io
from typing import cast

import pyarrow as pa
from pyarrow.fs import FileInfo, FileSystemHandler, FileType, PyFileSystem

from lineageflow_core.run import Reading

_BUFFER = 1 << 20


def filesystem_of(reading: Reading) -> PyFileSystem:
    """Returns a read-only file system with what was read, by its paths."""
    return PyFileSystem(_ReadingFiles(reading))


class _ReadingFiles(FileSystemHandler):  # type: ignore[misc]  # Arrow ships no types
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._by_path = {entry.path: entry for entry in reading.objects}

    def get_type_name(self) -> str:
        return "lineageflow"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> list[FileInfo]:
        return [self._info(path) for path in paths]

    def get_file_info_selector(self, selector: object) -> list[FileInfo]:
        return [self._info(path) for path in self._by_path]

    def open_input_file(self, path: str) -> pa.PythonFile:
        stream = cast(io.RawIOBase, self._reading.open(self._by_path[path]))
        # Arrow drops files without closing them; a buffer closes what it is over when it goes.
        return pa.PythonFile(io.BufferedReader(stream, _BUFFER), mode="r")

    def open_input_stream(self, path: str) -> pa.PythonFile:
        return self.open_input_file(path)

    def _info(self, path: str) -> FileInfo:
        entry = self._by_path.get(path)
        if entry is None:
            return FileInfo(path, FileType.NotFound)
        return FileInfo(path, FileType.File, size=entry.size)

    def _refuse(self, *args: object) -> None:
        raise NotImplementedError("what was read is not written to")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _refuse
    move = copy_file = open_output_stream = open_append_stream = _refuse
