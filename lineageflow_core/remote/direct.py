"""Which repositories' buckets this process can reach itself, so that bytes need not go through the server.

Tried once for each repository, by looking up a name in its bucket. What this process may do there is told by
its own environment; the server hands out no credentials. A folder or a memory is never tried: the server's is
not ours, although it may have the same name.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime

from lineageflow_core.errors import InvalidInputError, LineageFlowError
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.model.storage import Provider, StorageUrl, parse_storage
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.open import open_bucket
from lineageflow_core.store.ports import ContentStore

_PATIENCE = 5.0
"""Seconds in which a bucket has to answer; one that is cut off may need minutes to say so."""


class DirectContents:
    """Opens repositories' buckets. Threads may share it."""

    def __init__(self, repository: Callable[[str], RepositoryInfo]) -> None:
        """`repository` returns what the server knows of the repository with a name."""
        self._repository = repository
        self._found: dict[str, ContentStore | None] = {}
        self._lock = threading.Lock()

    def content(self, repository: str) -> ContentStore | None:
        """Returns a repository's content; None if its bucket cannot be reached from here."""
        with self._lock:
            if repository not in self._found:
                self._found[repository] = _open(self._repository(repository))
            return self._found[repository]

    def give_up(self, repository: str) -> None:
        """Makes everything of this repository go through the server from now on."""
        with self._lock:
            self._found[repository] = None


def _open(info: RepositoryInfo) -> ContentStore | None:
    if info.storage is None:
        return None
    try:
        url = parse_storage(info.storage).below(info.id)
        if url.provider in {Provider.FOLDER, Provider.MEMORY} or not _answers(url):
            return None
        return BucketContentStore(open_bucket(url))
    except InvalidInputError:  # its library is not installed here
        return None


def _answers(url: StorageUrl) -> bool:
    """Tells whether a bucket lets us look something up, and soon."""
    answer: Future[bool] = Future()
    bucket = open_bucket(url)

    def ask() -> None:
        try:
            bucket.size("tmp/never-written")
        except (LineageFlowError, OSError):
            answer.set_result(False)
        else:
            answer.set_result(True)

    # Not in a pool: that would wait for the thread when the process ends.
    threading.Thread(target=ask, name="lineageflow-direct", daemon=True).start()
    try:
        return answer.result(timeout=_PATIENCE)
    except NotInTime:
        return False
