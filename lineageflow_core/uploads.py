"""Local files as objects: uploaded once, and not read again while they have not changed.

Like git's index, a cache remembers for each file its size, times and inode together with its object id. Like
git, it does not trust a file that was touched as late as it was looked at: such a file could change again
without its times telling (https://git-scm.com/docs/racy-git). A cache that is missing or damaged costs time,
never correctness.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

import msgspec

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.objects import ObjectEntry

Source = bytes | Path
"""Bytes, or the file that has them."""
AnySource = Source | BinaryIO
"""A source, or a stream, which is read to its end."""
Progress = Callable[[int, int], None]
"""Told again and again, by any thread, how many more bytes and files are done."""

_RACY_NS = 50_000_000
"""Clocks of file systems tick every 10 ms or so: what changed within this before the look is not trusted."""
_CHUNK_BYTES = 1 << 20
_BATCH_FILES = 2_000
_BATCH_BYTES = 256 << 20
"""Files become durable batch by batch: large ones, because each costs a flush of the disk."""


class _Known(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A file as it was when its content was last read."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int
    object_id: ObjectId

    def matches(self, found: os.stat_result) -> bool:
        return (
            self.size == found.st_size
            and self.modified_ns == found.st_mtime_ns
            and self.changed_ns == found.st_ctime_ns
            and self.inode == found.st_ino
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What files were like."""

    began_ns: int
    """When the first of them was looked at, in nanoseconds since 1970."""
    found: Mapping[str, os.stat_result]


def look_at(files: Iterable[str]) -> Looked:
    """Looks at files. Raises InvalidInputError if one cannot be read."""
    return Looked(began_ns=time.time_ns(), found={file: _stat(file) for file in files})


def upload_sources(catalog: Catalog, repository: str, sources: Mapping[str, AnySource]) -> list[ObjectEntry]:
    """Uploads sources by relative path, and returns an entry with that path for each."""
    with ExitStack() as stack:
        ready = [_spooled(source, stack) for source in sources.values()]
        entries = catalog.content.upload(repository, ready)
    return [
        ObjectEntry(path=path, object_id=entry.object_id, size=entry.size)
        for path, entry in zip(sources, entries, strict=True)
    ]


def upload_files(
    catalog: Catalog,
    repository: str,
    files: Sequence[str],
    *,
    paths: Sequence[str] | None = None,
    looked: Looked | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> list[ObjectEntry]:
    """Uploads local files and returns an entry for each, in order, with its path of `paths`; else ''.

    `looked` is what the caller found out about each, if it did.
    `cache` is a file that remembers what was uploaded to this repository, batch by batch: a call that was
    interrupted goes on where it was when it is repeated. Raises as `Content.upload` does.
    """
    looked = looked or look_at(files)
    known = _read_cache(cache)
    found = looked.found
    stored: dict[str, tuple[ObjectId, int]] = {}
    changed: list[tuple[str, int]] = []
    for file, status in found.items():
        before = known.get(file)
        if before is not None and before.matches(status):
            stored[file] = (before.object_id, before.size)
        else:
            changed.append((file, status.st_size))
    if progress is not None and stored:
        progress(sum(size for _, size in stored.values()), len(stored))
    for batch in _batches(changed):
        uploaded = catalog.content.upload(
            repository,
            [Path(file) for file in batch],
            progress=None if progress is None else lambda size: progress(size, 0),
        )
        stored.update((file, (new.object_id, new.size)) for file, new in zip(batch, uploaded, strict=True))
        _append_to_cache(cache, _trusted(batch, found, stored, looked.began_ns))
        if progress is not None:
            progress(0, len(uploaded))
    if changed or len(known) != len(found):
        _write_cache(cache, _trusted(found, found, stored, looked.began_ns))
    return [
        ObjectEntry(path=path, object_id=stored[file][0], size=stored[file][1])
        for file, path in zip(files, paths or repeat("", len(files)), strict=True)
    ]


def forget_uploads(cache: Path) -> None:
    """Makes the next upload read every file again: the lake no longer has what the cache remembers."""
    cache.unlink(missing_ok=True)
    _journal(cache).unlink(missing_ok=True)


def spool_stream(stream: BinaryIO, file: Path) -> None:
    """Writes what a stream has left into a file: what has no end yet cannot be uploaded twice."""
    with file.open("wb") as spool:
        shutil.copyfileobj(stream, spool, _CHUNK_BYTES)


def _spooled(source: AnySource, stack: ExitStack) -> bytes | Path:
    if isinstance(source, bytes | Path):
        return source
    if not hasattr(source, "read"):
        raise InvalidInputError(
            f"{type(source).__name__} cannot be uploaded; give bytes, the Path of a file, or a stream "
            "of bytes"
        )
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lineageflow-"))
    spool_stream(source, Path(folder, "stream"))
    return Path(folder, "stream")


def _stat(file: str) -> os.stat_result:
    try:
        return os.stat(file)
    except OSError as error:
        raise InvalidInputError(f"{file!r} cannot be read: {error.strerror}; nothing was committed") from None


def _batches(files: Sequence[tuple[str, int]]) -> list[list[str]]:
    batches: list[list[str]] = [[]]
    size = 0
    for file, file_size in files:
        if batches[-1] and (len(batches[-1]) >= _BATCH_FILES or size + file_size > _BATCH_BYTES):
            batches.append([])
            size = 0
        batches[-1].append(file)
        size += file_size
    return [batch for batch in batches if batch]


def _trusted(
    files: Iterable[str],
    found: Mapping[str, os.stat_result],
    stored: Mapping[str, tuple[ObjectId, int]],
    looked_ns: int,
) -> dict[str, _Known]:
    """Returns what may be remembered of files that are uploaded: not those that changed too late."""
    return {
        file: _Known(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, stored[file][0])
        for file, status in ((file, found[file]) for file in files)
        if max(status.st_mtime_ns, status.st_ctime_ns) < looked_ns - _RACY_NS
    }


def _journal(cache: Path) -> Path:
    """Returns the file that has what was uploaded since the cache was written: one line a batch."""
    return cache.with_name(f"{cache.name}.journal")


def _read_cache(cache: Path | None) -> dict[str, _Known]:
    if cache is None:
        return {}
    known: dict[str, _Known] = {}
    with suppress(OSError, msgspec.MsgspecError):
        known = msgspec.msgpack.decode(cache.read_bytes(), type=dict[str, _Known])
    with suppress(OSError, msgspec.MsgspecError):  # the last line may be torn: those before it count
        for line in _journal(cache).read_bytes().splitlines():
            known |= msgspec.json.decode(line, type=dict[str, _Known])
    return known


def _append_to_cache(cache: Path | None, known: dict[str, _Known]) -> None:
    if cache is None or not known:
        return
    with suppress(OSError, UnicodeError):  # next time these are read again
        cache.parent.mkdir(parents=True, exist_ok=True)
        with _journal(cache).open("ab") as journal:
            journal.write(msgspec.json.encode(known) + b"\n")


def _write_cache(cache: Path | None, known: dict[str, _Known]) -> None:
    if cache is None:
        return
    with suppress(OSError, UnicodeError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        fresh = cache.with_name(f"{cache.name}.{os.getpid()}.tmp")
        fresh.write_bytes(msgspec.msgpack.encode(known))
        fresh.replace(cache)
        _journal(cache).unlink(missing_ok=True)
