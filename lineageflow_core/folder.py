"""A local folder as objects: what is in it is uploaded, and what has not changed since last time is not read.

Like git's index, a cache remembers for each file its size, times and inode together with its object id. Like
git, it does not trust a file that was touched as late as it was looked at: such a file could change again
without its times telling (https://git-scm.com/docs/racy-git).
"""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.objects import ObjectEntry

_RACY_NS = 50_000_000
"""Clocks of file systems tick every 10 ms or so: what changed within this before the scan is not trusted."""
_BATCH = 2_000
"""Files uploaded, made durable and reported as progress together."""

Progress = Callable[[int, int], None]
"""Told after each batch how many files and bytes are done."""


class _Known(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A file as it was when its content was last read."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int
    object_id: str

    def matches(self, found: os.stat_result) -> bool:
        return (
            self.size == found.st_size
            and self.modified_ns == found.st_mtime_ns
            and self.changed_ns == found.st_ctime_ns
            and self.inode == found.st_ino
        )


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    place: Path
    found: os.stat_result


def upload_folder(
    catalog: Catalog,
    repository: str,
    folder: Path,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> list[ObjectEntry]:
    """Uploads every file below `folder` and returns their entries, by path relative to it.

    `cache` is a file that remembers what was uploaded to this repository from this folder. Raises
    InvalidInputError for a folder that is none, and for what is neither file nor folder in it.
    """
    started_ns = time.time_ns()
    known = _read_cache(cache)
    files = sorted(_walk(folder), key=lambda file: file.path)
    ids: dict[str, str] = {}
    sizes = {file.path: file.found.st_size for file in files}
    changed: list[_File] = []
    for file in files:
        before = known.get(file.path)
        if before is not None and before.matches(file.found):
            ids[file.path] = before.object_id
        else:
            changed.append(file)
    done_size = 0
    for start in range(0, len(changed), _BATCH):
        batch = changed[start : start + _BATCH]
        uploaded = catalog.content.upload(repository, [file.place for file in batch])
        ids |= {file.path: entry.object_id for file, entry in zip(batch, uploaded, strict=True)}
        sizes |= {file.path: entry.size for file, entry in zip(batch, uploaded, strict=True)}
        done_size += sum(entry.size for entry in uploaded)
        if progress is not None:
            progress(start + len(batch), done_size)
    if changed or len(known) != len(files):
        _write_cache(cache, files, ids, started_ns - _RACY_NS)
    return [
        ObjectEntry(path=path, object_id=ObjectId(object_id), size=sizes[path])
        for path, object_id in sorted(ids.items())
    ]


def _walk(folder: Path) -> Iterator[_File]:
    if not folder.is_dir():
        raise InvalidInputError(f"{str(folder)!r} is not a folder")
    pending = [("", folder)]
    while pending:
        prefix, current = pending.pop()
        with os.scandir(current) as listing:
            for item in listing:
                path = prefix + item.name
                if item.is_dir(follow_symlinks=False):
                    pending.append((path + "/", Path(item.path)))
                    continue
                found = item.stat()
                if not stat.S_ISREG(found.st_mode):
                    raise InvalidInputError(
                        f"{item.path!r} is neither a file nor a folder (links to folders are not followed); "
                        "leave it out, or copy what it stands for"
                    )
                yield _File(path, Path(item.path), found)


def _read_cache(cache: Path | None) -> dict[str, _Known]:
    """A cache that is missing or damaged costs time, never correctness."""
    if cache is None:
        return {}
    try:
        return msgspec.msgpack.decode(cache.read_bytes(), type=dict[str, _Known])
    except (OSError, msgspec.MsgspecError):
        return {}


def _write_cache(cache: Path | None, files: list[_File], ids: dict[str, str], trusted_before_ns: int) -> None:
    if cache is None:
        return
    known = {
        file.path: _Known(
            file.found.st_size,
            file.found.st_mtime_ns,
            file.found.st_ctime_ns,
            file.found.st_ino,
            ids[file.path],
        )
        for file in files
        if max(file.found.st_mtime_ns, file.found.st_ctime_ns) < trusted_before_ns
    }
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_name(f"{cache.name}.{os.getpid()}.tmp")
    fresh.write_bytes(msgspec.msgpack.encode(known))
    fresh.replace(cache)
