"""`with fs.transaction:` several writes as one commit for each branch that they go to.

What is written in it is seen by this file system at once, and by nobody else before the end. An error in the
block leaves nothing. Like every transaction of fsspec it belongs to the file system's instance, so that the
threads of a library that writes with many take part.
"""

from typing import TYPE_CHECKING, Any

from fsspec.transaction import Transaction

from lineageflow_core.filesystem.pending import Pending

if TYPE_CHECKING:
    from lineageflow_core.filesystem.system import LineageFlowFileSystem


class LineageFlowTransaction(Transaction):  # type: ignore[misc]  # fsspec ships no types
    """A transaction of fsspec. `message` may be set inside: it becomes the commit's."""

    def __init__(self, fs: "LineageFlowFileSystem", **kwargs: Any) -> None:
        super().__init__(fs, **kwargs)
        self.fs: LineageFlowFileSystem | None = fs
        self.pending = Pending()
        self.message: str | None = None

    def complete(self, commit: bool = True) -> None:  # noqa: FBT001, FBT002  # fsspec's signature
        """Commits everything, or drops it. Files that are still open are closed."""
        fs, self.fs = self.fs, None
        assert fs is not None  # a transaction ends once
        try:
            while self.files:
                file = self.files.popleft()
                if commit:
                    file.close()
                else:
                    file.discard()
        finally:
            fs._intrans = False  # noqa: SLF001  # fsspec keeps a transaction's state in its file system
            fs._transaction = None  # noqa: SLF001
        if commit:
            fs.commit_pending(self.pending, self.message or "write in a transaction")
