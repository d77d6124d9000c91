"""Bytes to and from a server. Invariant: nothing is handed on before its digest was compared."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from blake3 import blake3

from lineageflow_core.errors import IntegrityError, InvalidInputError
from lineageflow_core.model.ids import ObjectId, parse_object_id
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.remote.transport import Exchange, Transport
from lineageflow_core.wire.routes import API_PREFIX, OBJECT_PATH, fill

if TYPE_CHECKING:
    import httpx2

_CHUNK = 1 << 20
_IN_MEMORY = 16 << 20
"""Downloads up to this many bytes stay in memory, larger ones go to a temporary file."""
_AT_ONCE = 8
"""Uploads at a time: enough to hide the server's fsync, few enough not to crowd others out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upload:
    object_id: ObjectId
    size: int
    source: bytes | Path


class RemoteContent:
    """`catalog.Content` over HTTP; `missing` comes from the table of routes."""

    missing: Callable[[str, Sequence[ObjectId]], list[ObjectId]]

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, repository: str, sources: Sequence[bytes | Path]) -> list[ObjectEntry]:
        uploads = [_measure(source) for source in sources]
        by_id = {upload.object_id: upload for upload in uploads}
        missing = self.missing(repository, list(by_id)) if by_id else []
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="lineageflow-upload") as pool:
            for _ in pool.map(lambda object_id: self._put(repository, by_id[object_id]), missing):
                pass  # raises the first error
        return [ObjectEntry(path="", object_id=each.object_id, size=each.size) for each in uploads]

    def open(self, repository: str, object_id: ObjectId) -> BinaryIO:
        exchange = Exchange(
            verb="GET", path=_path(repository, parse_object_id(object_id)), query={}, headers={}, body=bytes
        )
        return self._transport.send(exchange, lambda response: _receive(response, object_id))

    def _put(self, repository: str, upload: _Upload) -> None:
        exchange = Exchange(
            verb="PUT",
            path=_path(repository, upload.object_id),
            query={},
            headers={"Content-Length": str(upload.size), "Content-Type": "application/octet-stream"},
            body=lambda: _chunks(upload.source),
        )
        self._transport.send(exchange, lambda response: response.read())


def _path(repository: str, object_id: ObjectId) -> str:
    return API_PREFIX + fill(OBJECT_PATH, {"repository": repository, "object_id": object_id})


def _measure(source: bytes | Path) -> _Upload:
    if isinstance(source, bytes):
        return _Upload(object_id=ObjectId(blake3(source).hexdigest()), size=len(source), source=source)
    try:
        digest = blake3(max_threads=blake3.AUTO).update_mmap(source)
        return _Upload(object_id=ObjectId(digest.hexdigest()), size=source.stat().st_size, source=source)
    except OSError as error:
        raise InvalidInputError(f"{str(source)!r} cannot be read: {error.strerror}") from error


def _chunks(source: bytes | Path) -> bytes | Iterable[bytes]:
    return source if isinstance(source, bytes) else _file_chunks(source)


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _receive(response: "httpx2.Response", object_id: ObjectId) -> BinaryIO:
    with ExitStack() as on_failure:
        file = on_failure.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
        digest = blake3()
        for chunk in response.iter_bytes(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        if digest.hexdigest() != object_id:
            raise IntegrityError(
                f"what was received as object {object_id} has another digest", object_id=object_id
            )
        file.seek(0)
        on_failure.pop_all()
    return cast(BinaryIO, file)
