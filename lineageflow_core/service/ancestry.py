"""Walking the graph of commits: common ancestors, and what one side has that the other has not.

A commit's generation is larger than its parents', so a walk in the order of falling generation sees every
commit after all of its descendants, and what it knows of a commit then is final.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId

# What the walk knows of a commit, as bits: plain numbers, because long walks do little else than join them.
_LEFT, _RIGHT, _STALE = 1, 2, 4  # stale: an ancestor of a common ancestor, so no best one
_BOTH = _LEFT | _RIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """How two histories part."""

    bases: tuple[Commit, ...]
    """The best common ancestors; more than one where the histories criss-cross."""
    left: tuple[Commit, ...]
    """Commits that only the left history has."""
    right: tuple[Commit, ...]
    """Commits that only the right history has."""

    @property
    def left_replaced(self) -> frozenset[str]:
        """Datasets and partitions that the left history alone wrote as one thing."""
        return frozenset(unit for commit in self.left for unit in commit.replaced)

    @property
    def right_replaced(self) -> frozenset[str]:
        """Datasets and partitions that the right history alone wrote as one thing."""
        return frozenset(unit for commit in self.right for unit in commit.replaced)


def part(left: Commit, right: Commit, read: Callable[[CommitId], Commit]) -> Parting:
    """Returns how the histories of two commits part."""
    seen: dict[CommitId, int] = {}
    commits: dict[CommitId, Commit] = {}
    queue: list[tuple[int, CommitId]] = []
    open_ends: set[CommitId] = set()
    """Commits in the queue that may still lead to a base."""

    def mark(commit: Commit, flags: int) -> None:
        if commit.id not in seen:
            seen[commit.id] = 0
            commits[commit.id] = commit
            heapq.heappush(queue, (-commit.generation, commit.id))
        seen[commit.id] |= flags
        if seen[commit.id] & _STALE:
            open_ends.discard(commit.id)
        else:
            open_ends.add(commit.id)

    mark(left, _LEFT)
    mark(right, _RIGHT)
    bases: list[Commit] = []
    only: dict[int, list[Commit]] = {_LEFT: [], _RIGHT: []}
    while open_ends:
        _, current = heapq.heappop(queue)
        open_ends.discard(current)
        commit, flags = commits[current], seen[current]
        if flags & _BOTH != _BOTH:
            only[flags].append(commit)
        elif not flags & _STALE:
            bases.append(commit)
            flags |= _STALE
        for parent in commit.parents:
            mark(commits.get(parent) or read(parent), flags)
    return Parting(bases=tuple(bases), left=tuple(only[_LEFT]), right=tuple(only[_RIGHT]))
