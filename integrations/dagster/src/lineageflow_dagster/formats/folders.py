"""Local files and folders as they are, with all that is below them."""

from pathlib import Path
from typing import BinaryIO

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.local_files import files_below
from lineageflow_dagster.formats.format import Described, Format, LocalFiles
from lineageflow_dagster.formats.trust import Trust


class FolderFormat(Format):
    """A file keeps its name, and the files of a folder their paths in it."""

    def write(self, value: object, folder: Path, *, trust: Trust) -> LocalFiles:
        return LocalFiles(files=_files(_local(value, folder)), described=Described(dataset_type="FILE"))

    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        return file.read()


def is_path(value: object) -> bool:
    """Tells whether a value names files: a Path, or a UPath, which may be anywhere."""
    return isinstance(value, Path) or any(base.__name__ == "UPath" for base in type(value).__mro__)


def _local(value: object, folder: Path) -> Path:
    if isinstance(value, Path):
        return value
    if not is_path(value):
        raise InvalidInputError(f"the format 'folder' is for a Path, but the value is {type(value).__name__}")
    target = folder / (value.name or "data")  # type: ignore[attr-defined]  # a UPath
    value.fs.get(value.path, str(target), recursive=True)  # type: ignore[attr-defined]
    return target


def _files(path: Path) -> dict[str, Path]:
    if path.is_file():
        return {path.name: path}
    if not path.is_dir():
        raise InvalidInputError(f"there is no file or folder {str(path)!r}; nothing was written")
    return {relative: Path(item.path) for relative, item in files_below(str(path))}
