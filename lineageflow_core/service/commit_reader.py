"""Commits by id, read once and kept for a while: they never change.

Invariant: what is asked for is named by something that is stored, so a commit that is not there is damage.
Safe for threads.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId

_KEPT = 4096


class CommitReader:
    """Reads commits through a memory of those used last."""

    def __init__(self, read: Callable[[Sequence[CommitId]], Mapping[CommitId, Commit]]) -> None:
        self._read = read
        self._kept: OrderedDict[CommitId, Commit] = OrderedDict()
        self._lock = Lock()

    def get(self, commit: CommitId) -> Commit:
        """Returns a commit. Raises IntegrityError if it is not stored."""
        return self.get_many([commit])[0]

    def find(self, commit: CommitId) -> Commit | None:
        """Returns a commit that somebody names, who may be wrong; None if it is not stored."""
        with self._lock:
            found = self._kept.get(commit)
        found = found or self._read([commit]).get(commit)
        if found is not None:
            self.keep([found])
        return found

    def get_many(self, commits: Sequence[CommitId]) -> list[Commit]:
        """Returns commits in the order given. Raises IntegrityError if one is not stored."""
        with self._lock:
            found = {commit: kept for commit in commits if (kept := self._kept.get(commit)) is not None}
        missing = [commit for commit in dict.fromkeys(commits) if commit not in found]
        if missing:
            found |= self._read(missing)
        for commit in missing:
            if commit not in found:
                raise IntegrityError(f"commit {commit} is named but not stored", commit=commit)
        self.keep(found.values())
        return [found[commit] for commit in commits]

    def keep(self, commits: Iterable[Commit]) -> None:
        """Takes commits that are stored, so that they need not be read."""
        with self._lock:
            for commit in commits:
                self._kept[commit.id] = commit
                self._kept.move_to_end(commit.id)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
