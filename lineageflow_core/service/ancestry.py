"""The whole graph of commits behind some, each commit's parents read once.

It is for who needs all of a history: a collection. Who asks about a few commits asks `commit_graph.py`, which
reads as much as the answer takes. In memory there are a commit's id and its parents' ids, and nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from heapq import heapify, heappop, heappush
from typing import Any, TypeAlias

from lineageflow_core.model.ids import CommitId
from lineageflow_core.service.opened import OpenRepository

Line: TypeAlias = Counter[Any]
"""Whatever somebody counts while going down one branch."""


class Ancestry:
    """The commits of one repository, as far as they were asked for."""

    def __init__(self, opened: OpenRepository) -> None:
        self._opened = opened
        self._parents: dict[CommitId, tuple[CommitId, ...]] = {}
        self._generations: dict[CommitId, int] = {}

    def behind(self, tips: Iterable[CommitId], *, without: Set[CommitId] = frozenset()) -> list[CommitId]:
        """Returns commits and all their ancestors, but for those in `without` and behind those."""
        starts = [tip for tip in dict.fromkeys(tips) if tip not in without]
        self._read(starts)
        found = dict.fromkeys(starts)
        pending = list(starts)
        while pending:
            for parent in self._parents[pending.pop()]:
                if parent not in found and parent not in without:
                    found[parent] = None
                    pending.append(parent)
        return list(found)

    def first_parents(self, tips: Sequence[CommitId]) -> Iterator[tuple[CommitId, list[Line]]]:
        """Yields the commits on the lines of first parents from some tips, each once and before its parents.

        Each comes with a counter for every tip whose line it is on; the counters go down the lines.
        """
        self._read(tips)
        lines: dict[CommitId, list[Line]] = {tip: [Counter()] for tip in tips}
        heap = [(-self._generations[tip], tip) for tip in lines]
        heapify(heap)
        while heap:
            _, commit = heappop(heap)
            here = lines.pop(commit)
            yield commit, here
            for parent in self._parents[commit][:1]:
                if parent not in lines:
                    heappush(heap, (-self._generations[parent], parent))
                lines.setdefault(parent, []).extend(here)

    def _read(self, tips: Iterable[CommitId]) -> None:
        """Reads commits and all their ancestors, if they are not here."""
        pending = [tip for tip in dict.fromkeys(tips) if tip not in self._parents]
        while pending:
            links = self._opened.stores.commits.ancestors(self._opened.info.id, pending, down_to=0)
            self._parents.update((link.id, link.parents) for link in links)
            self._generations.update((link.id, link.generation) for link in links)
            missing = {parent for link in links for parent in link.parents if parent not in self._parents}
            pending = sorted(missing)
