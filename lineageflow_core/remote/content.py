"""Bytes to and from a server. Invariant: nothing is handed on before its digest was compared."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from blake3 import blake3

from lineageflow_core.errors import AccessDeniedError, IntegrityError, InvalidInputError, StorageError
from lineageflow_core.model.ids import ObjectId, parse_object_id
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.remote.direct import DirectContents
from lineageflow_core.remote.transport import Exchange, Transport
from lineageflow_core.store.progress import Reported
from lineageflow_core.wire.routes import API_PREFIX, OBJECT_PATH, REFERENCE_HEADER, fill

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
    """`catalog.Content` over HTTP; `missing` comes from the table of routes.

    Where this process can reach the repository's bucket itself, bytes go straight there and come straight
    from there (`direct.py`). The server is asked all the same what it misses then, and gets just that: so
    whatever a commit will name is where the server looks for it, even if the two mean different buckets.
    """

    missing: Callable[[str, Sequence[ObjectId]], list[ObjectId]]

    def __init__(self, transport: Transport, buckets: DirectContents | None = None) -> None:
        self._transport = transport
        self._buckets = buckets

    def upload(
        self,
        repository: str,
        sources: Sequence[bytes | Path],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> list[ObjectEntry]:
        uploads = self._send_directly(repository, sources, progress)
        reports = [Reported(None if uploads else progress) for _ in sources]
        if uploads is None:
            uploads = [_measure(source) for source in sources]
        by_id = {each.object_id: at for at, each in enumerate(uploads)}
        missing = self.missing(repository, list(by_id)) if by_id else []
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="lineageflow-upload") as pool:
            sent = (by_id[object_id] for object_id in missing)
            for _ in pool.map(lambda at: self._put(repository, uploads[at], reports[at]), sent):
                pass  # raises the first error
        for report, upload in zip(reports, uploads, strict=True):
            report.done(upload.size)
        return [ObjectEntry(path="", object_id=each.object_id, size=each.size) for each in uploads]

    def open(self, repository: str, object_id: ObjectId) -> BinaryIO:
        direct = self._buckets.content(repository) if self._buckets else None
        if direct is not None:
            with suppress(StorageError, AccessDeniedError):
                return direct.open_object(object_id)
        exchange = Exchange(
            verb="GET", path=_path(repository, parse_object_id(object_id)), query={}, headers={}, body=bytes
        )
        return self._transport.send(exchange, lambda response: _receive(response, object_id))

    def opener(self, repository: str) -> Callable[[ObjectId], BinaryIO]:
        return partial(self.open, repository)

    def _send_directly(
        self, repository: str, sources: Sequence[bytes | Path], progress: Callable[[int], None] | None
    ) -> list[_Upload] | None:
        """Stores sources in the repository's bucket; None if that cannot be done from here."""
        direct = self._buckets.content(repository) if self._buckets else None
        if direct is None or self._buckets is None:
            return None
        try:
            stored = direct.write_objects(sources, progress=progress)
        except (StorageError, AccessDeniedError):
            self._buckets.give_up(repository)
            return None
        return [
            _Upload(object_id=each.object_id, size=each.size, source=source)
            for each, source in zip(stored, sources, strict=True)
        ]

    def _put(self, repository: str, upload: _Upload, report: Reported) -> None:
        exchange = Exchange(
            verb="PUT",
            path=_path(repository, upload.object_id),
            query={},
            headers={"Content-Length": str(upload.size), "Content-Type": "application/octet-stream"},
            body=lambda: report.chunks(_chunks(upload.source)),
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


def _chunks(source: bytes | Path) -> Iterable[bytes]:
    return [source] if isinstance(source, bytes) else _file_chunks(source)


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
        # Where the bytes are kept elsewhere the server has compared their version, and no digest is known.
        if digest.hexdigest() != object_id and REFERENCE_HEADER not in response.headers:
            raise IntegrityError(
                f"what was received as object {object_id} has another digest", object_id=object_id
            )
        file.seek(0)
        on_failure.pop_all()
    return cast(BinaryIO, file)
