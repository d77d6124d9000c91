"""Imports beside the bare listing of the same folder, and exports beside copying the same files."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from benchmarks.measure import Row, seconds
from lineageflow_core.connect import connect
from lineageflow_core.exports import Export
from lineageflow_core.imports import import_objects
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.repository import Repository
from lineageflow_core.store.sources.buckets import open_source

FILES = 50_000
EXPORTED = 5_000
EXPORTED_BYTES = 16 << 10
_FOLDER = 500


def rows() -> Iterable[Row]:
    """Yields the figures."""
    with tempfile.TemporaryDirectory(prefix="lineageflow-bench-") as scratch:
        yield _importing(Path(scratch))
        yield _exporting(Path(scratch))


def _importing(scratch: Path) -> Row:
    source = scratch / "source"
    _fill(source, FILES, b"")
    catalog = connect(str(scratch / "lake"))
    catalog.repositories.create_repository("data", author="ada")
    numbers = count()
    ours = seconds(
        lambda: import_objects(catalog, "data", source, f"in{next(numbers)}", branch="main", author="ada"),
        repeat=2,
    )
    url = parse_storage(f"file://{source}")
    listing = seconds(lambda: sum(map(len, open_source(url).pages())), repeat=2)
    return Row(
        name=f"import {FILES:,} files without copying",
        ours=ours,
        limit=listing,
        limit_is="listing them with their times",
        target=3.0,
        note=f"{FILES / ours:,.0f} objects/s",
    )


def _exporting(scratch: Path) -> Row:
    source = scratch / "files"
    _fill(source, EXPORTED, os.urandom(EXPORTED_BYTES))
    catalog = connect(str(scratch / "exporting"))
    catalog.repositories.create_repository("data", author="ada")
    files = {path.relative_to(source).as_posix(): path for path in source.rglob("part-*")}
    Repository(catalog, "data", author="ada").put("in", files)
    numbers = count()
    ours = seconds(
        lambda: Export(catalog, "data", "main", "in", scratch / f"out{next(numbers)}").run(), repeat=2
    )
    copied = seconds(lambda: shutil.copytree(source, scratch / f"copy{next(numbers)}"), repeat=2)
    return Row(
        name=f"export {EXPORTED:,} files of 16 KiB to a folder",
        ours=ours,
        limit=copied,
        limit_is="copytree",
        target=3.0,
    )


def _fill(folder: Path, files: int, content: bytes) -> None:
    for number in range(files):
        if number % _FOLDER == 0:
            (folder / f"{number // _FOLDER:05}").mkdir(parents=True)
        unique = content[:-8] + number.to_bytes(8) if content else b""
        (folder / f"{number // _FOLDER:05}" / f"part-{number:07}").write_bytes(unique)
