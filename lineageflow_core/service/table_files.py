"""The files of a table: which they are at a path, and lending their bytes to the worker as local files.

Invariant: the worker is lent only whole bytes, whose digest was compared.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from blake3 import blake3

from lineageflow_core.errors import NotATableError, ObjectMissingError, ObjectNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.names import check_path
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.table import TableFormat, TableId
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.store.ports import KeptAsFiles
from lineageflow_core.store.verified import check_digest
from lineageflow_core.tables.files import LocalFile, TableFile, table_id
from lineageflow_core.tables.formats import (
    SNIFFED_BYTES,
    compression_of,
    format_by_content,
    format_by_name,
    has_telling_name,
    is_blank,
    is_hidden,
    partition_values,
)
from lineageflow_core.tree.root import RootTree, relative_to

_SNIFFED_FILES = 100
"""So many files whose names say nothing are opened to find out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The files with rows at a path."""

    id: TableId
    files: tuple[TableFile, ...]

    @classmethod
    def of(cls, files: Sequence[TableFile]) -> "Table":
        """Returns the table that these files are together."""
        return cls(id=table_id(files), files=tuple(files))


def find_table(opened: OpenRepository, ref: str, path: str, *, commit: Commit | None = None) -> Table:
    """Returns the table at `path`. Raises ObjectNotFoundError, NotATableError.

    `commit` is what `ref` is, where that is known already.
    """
    table = table_at(opened, commit or opened.resolve(ref), path)
    if table is None:
        raise nothing_at(opened, ref, path)
    if not table.files:
        raise NotATableError(
            f"{path!r} is not a table: none of its files that hold anything is Parquet, CSV, TSV, JSON "
            "lines, Arrow or Excel, by its ending or its media type",
            path=path,
        )
    return table


def table_at(opened: OpenRepository, commit: Commit, path: str) -> Table | None:
    """Returns the table at `path`, without files where none has rows; None where nothing is there."""
    files = []
    is_anything = False
    unsaid = _SNIFFED_FILES
    for dataset, entry in RootTree(opened.nodes, commit.root).objects_in_datasets(check_path(path)):
        is_anything = True
        relative = relative_to(entry.path, dataset.path)
        if entry.path != path and is_hidden(relative):
            continue
        kind = format_by_name(entry)
        if kind is None and unsaid and not has_telling_name(entry):
            unsaid -= 1
            kind = _sniff(opened, entry)
        if kind is not None and not is_blank(entry, kind):
            files.append(_file(entry, kind, relative))
    return Table.of(files) if is_anything else None


def left_over(files: Sequence[TableFile], others: Sequence[TableFile]) -> list[TableFile]:
    """Returns the files that `others` do not have, or not as often."""
    there = Counter(file.identity for file in others)
    over = []
    for file in files:
        if there[file.identity]:
            there[file.identity] -= 1
        else:
            over.append(file)
    return over


def nothing_at(opened: OpenRepository, ref: str, path: str) -> ObjectNotFoundError:
    """Returns the error of a path where nothing is."""
    return ObjectNotFoundError(
        f"nothing is at {path!r} in {opened.info.name!r} at {ref}; `lineageflow ls` shows what is where",
        path=path,
        ref=ref,
    )


@contextmanager
def lend(opened: OpenRepository, files: Sequence[TableFile]) -> Iterator[list[LocalFile]]:
    """Gives files a place on this machine, for as long as the block runs. Raises as `Content.open` does."""
    with TemporaryDirectory(prefix="lineageflow-") as copies:
        yield [LocalFile(file=file, path=str(_place(opened, file, Path(copies)))) for file in files]


def _place(opened: OpenRepository, file: TableFile, copies: Path) -> Path:
    if isinstance(opened.content, KeptAsFiles):
        with suppress(ObjectMissingError):  # an imported one is elsewhere
            path = opened.content.object_file(file.object_id).absolute()
            status = path.stat()
            _verify(path, file.object_id, status.st_ino, status.st_mtime_ns, status.st_size)
            return path
    copy = copies / file.object_id
    if not copy.exists():
        with opened.open_object(file.object_id) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, 4 << 20)
    return copy


@lru_cache(maxsize=10_000)
def _verify(path: Path, object_id: str, _inode: int, _modified_ns: int, _size: int) -> None:
    """Raises IntegrityError unless the file holds the object; asked once for a file that does not change."""
    digest = blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest()
    check_digest(object_id, digest)  # type: ignore[arg-type]  # it is one


def _file(entry: ObjectEntry, kind: TableFormat, relative: str) -> TableFile:
    return TableFile(
        object_id=entry.object_id,
        name=entry.path,
        format=kind,
        compression=compression_of(entry),
        size=entry.size,
        partition=partition_values(relative),
    )


def _sniff(opened: OpenRepository, entry: ObjectEntry) -> TableFormat | None:
    with opened.open_object(entry.object_id) as file:
        return format_by_content(file.read(SNIFFED_BYTES))
