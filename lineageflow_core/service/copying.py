"""Objects copied from a source into a repository: many at a time, in bounded memory, each in one version."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lineageflow_core.store.ports import ContentStore
from lineageflow_core.store.sources import Found, Source

_AT_ONCE = 16
_LARGE = 4 << 20
"""Bytes; what is larger goes through a file."""
_GROUP_BYTES = 64 << 20
_GROUP = 256


def copy_objects(source: Source, content: ContentStore, wanted: Sequence[Found]) -> list[bytes]:
    """Stores objects, and returns the 32 bytes of each one's id. Raises ChangedUnderneathError."""
    ids: list[bytes] = []
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lineageflow-import") as pool:
        for group in _groups(wanted):
            with tempfile.TemporaryDirectory(prefix="lineageflow-") as folder:
                places = [Path(folder) / str(at) for at in range(len(group))]
                read = pool.map(lambda found, place: _read(source, found, place), group, places)
                ids += [bytes.fromhex(each.object_id) for each in content.write_objects(list(read))]
    return ids


def _read(source: Source, found: Found, place: Path) -> bytes | Path:
    with source.open(found) as file:
        if found.size <= _LARGE:
            return file.read()
        with place.open("wb") as copy:
            shutil.copyfileobj(file, copy, _LARGE)
    return place


def _groups(wanted: Sequence[Found]) -> Iterator[list[Found]]:
    group: list[Found] = []
    size = 0
    for found in wanted:
        group.append(found)
        size += found.size
        if len(group) == _GROUP or size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
