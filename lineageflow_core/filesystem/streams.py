"""Open files. A reader gives one object's bytes; a writer keeps what is written until it is closed.

Invariant: a file that was not closed, or whose block raised, leaves nothing: half a file is no version. Many
libraries close their files while an error passes through, without a word about it; so what is closed while
an error is on its way that came up after the file was opened is dropped, too, with a warning.
"""

import io
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from lineageflow_core.uploads import Source

if TYPE_CHECKING:
    from lineageflow_core.filesystem.system import LineageFlowFileSystem

IN_MEMORY = 8 << 20
"""Bytes of a file being written that are kept in memory; more go to a temporary file."""

Land = Callable[[Source], None]
"""Takes a finished file's content."""


class ObjectReader(io.BufferedIOBase):
    """One object, open for reading: the content it had when it was opened, whatever comes later."""

    mode = "rb"

    def __init__(self, fs: "LineageFlowFileSystem", info: dict[str, Any], stream: BinaryIO) -> None:
        self.fs = fs
        self.details = info
        self.path: str = info["name"]
        self.size: int = info["size"]
        self._stream = stream

    @property
    def full_name(self) -> str:
        """The file's URL."""
        return str(self.fs.unstrip_protocol(self.path))

    def info(self) -> dict[str, Any]:
        return self.details

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._stream.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        return self._stream.read(size if size >= 0 else io.DEFAULT_BUFFER_SIZE)

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._stream.readline(-1 if size is None else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()
        super().close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _open_again, (self.fs, self.details, self.tell())


def _open_again(fs: "LineageFlowFileSystem", info: dict[str, Any], position: int) -> ObjectReader:
    reader = fs.open_object(info)
    reader.seek(position)
    return reader


class ObjectWriter(io.BufferedIOBase):
    """One file being written, seekable meanwhile. `land` takes its content when it is closed.

    With `deferred`, closing only ends the writing, and `commit` hands the content over.
    """

    def __init__(
        self, fs: "LineageFlowFileSystem", path: str, mode: str, *, land: Land, deferred: bool
    ) -> None:
        self.fs = fs
        self.path = path
        self.mode = mode
        self._land: Land | None = land
        self._deferred = deferred
        self._handled = sys.exc_info()[1]
        """The error that was being handled when the file was opened."""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._buffer: BinaryIO = io.BytesIO()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._check_open()
        if self._folder is None and self._buffer.tell() + memoryview(data).nbytes > IN_MEMORY:
            self._move_to_disk()
        return self._buffer.write(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._buffer.seek(offset, whence)

    def tell(self) -> int:
        return self._buffer.tell()

    def truncate(self, size: int | None = None, /) -> int:
        return self._buffer.truncate(size)

    def flush(self) -> None:
        """Nothing becomes visible before the file is closed."""

    def close(self) -> None:
        if self.closed:
            return
        error = sys.exc_info()[1]
        if error is not None and error is not self._handled:
            self.discard()
            warnings.warn(
                f"{self.path!r} was not written: it was closed while {type(error).__name__} was raised or "
                "handled; to write in a handler, open the file there",
                stacklevel=2,
            )
            return
        super().close()
        if not self._deferred:
            self.commit()

    def commit(self) -> None:
        """Hands the content over, once."""
        land, self._land = self._land, None
        if land is None:
            return
        try:
            if self._folder is None:
                assert isinstance(self._buffer, io.BytesIO)
                land(self._buffer.getvalue())
            else:
                self._buffer.flush()
                land(Path(self._folder.name, "content"))
        finally:
            self._drop()

    def discard(self) -> None:
        """Throws the content away, and closes the file."""
        self._land = None
        self._drop()
        super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def __del__(self) -> None:
        if not self.closed:
            self.discard()

    def _move_to_disk(self) -> None:
        assert isinstance(self._buffer, io.BytesIO)
        position, so_far = self._buffer.tell(), self._buffer.getbuffer()
        self._folder = tempfile.TemporaryDirectory(prefix="lineageflow-")
        self._buffer = Path(self._folder.name, "content").open("w+b")  # noqa: SIM115  # closed with this
        self._buffer.write(so_far)
        self._buffer.seek(position)

    def _drop(self) -> None:
        self._buffer.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the file is closed")
