"""An object on its way in: written to a temporary file, and hashed, while it arrives."""

import errno
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from blake3 import blake3
from starlette.concurrency import run_in_threadpool

from lineageflow_core.errors import InvalidInputError, StorageError, StorageFullError
from lineageflow_core.model.ids import ObjectId

_CHUNK = 1 << 20
"""What is written at a time: a thread is not worth waking for less."""


class Incoming:
    """Takes an object's bytes as they arrive. Blocks no other request meanwhile."""

    def __init__(self, object_id: ObjectId) -> None:
        self._object_id = object_id
        self._file = tempfile.NamedTemporaryFile(prefix="lineageflow-upload-")  # noqa: SIM115 (closed on exit)
        self._digest = blake3()
        self._received = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    async def take(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        self._received += chunk
        if len(self._received) >= _CHUNK:
            await run_in_threadpool(self._write)

    async def finish(self) -> Path:
        """Returns the file with all bytes. Raises InvalidInputError if they are not the object's."""
        await run_in_threadpool(self._write)
        digest = self._digest.hexdigest()
        if digest != self._object_id:
            raise InvalidInputError(
                f"what arrived has the digest {digest}, not {self._object_id}; send the whole object again"
            )
        return Path(self._file.name)

    def _write(self) -> None:
        try:
            self._digest.update(self._received)
            self._file.write(self._received)
            self._file.flush()
            self._received.clear()
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            kind = StorageFullError if full else StorageError
            raise kind(
                f"the server could not keep what arrived: {error.strerror}; free space, then retry"
            ) from error
