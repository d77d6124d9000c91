"""The part of a graph of commits that is in memory, and its sets of ancestors.

Each commit has a position, larger than those of its parents, and a set of commits is an int whose bits are
positions: joining two sets costs nanoseconds for each thousand commits. The set of a commit's ancestors is
found by a short walk to the next *checkpoints*, commits whose sets are kept.

Invariants: `floor` is a generation; of every commit here, all ancestors of that generation or a later one
are here, too. Nothing is ever changed but by adding commits behind what is here. About 350 bytes a commit:
checkpoints stand further apart where history is long, so that their sets take at most 130 of these.
Not safe for threads (`commit_graph` is), and it reads nothing: whoever fills it does.
"""

from array import array
from collections.abc import Container, Iterable, Iterator, Sequence
from heapq import heappop, heappush

from lineageflow_core.model.ids import CommitId
from lineageflow_core.store.ports import CommitLink, CommitPlace

_NONE, _BELOW = -1, -2
"""In place of a parent's position: there is no such parent; it lies below the floor."""
_SPACING = 64
"""Steps between two checkpoints where history is short."""
_POSITIONS_A_STEP = 1024
"""Beyond 64 times as many commits, checkpoints stand one step further apart for each so many."""


class GraphWindow:
    """Commits with all their ancestors down to a generation."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self.highest = floor
        """The largest generation here, or the floor."""
        self._positions: dict[CommitId, int] = {}
        self._ids: list[CommitId] = []
        self._generations = array("l")
        self._first = array("l")
        self._second = array("l")
        self._replacing = bytearray()
        self._cut: dict[int, tuple[CommitId, ...]] = {}
        """The parents of the commits that have some below the floor."""
        self._cut_set: int | None = 0
        """Those commits as a set; None if it is to be made anew."""
        self._last_of = array("l")
        """For each generation from the floor on, the last commit that was added to it."""
        self._same_generation = array("l")
        """For each commit, the one of its generation that was added before it."""
        self._steps = array("l")
        """How far each commit is, at most, from the checkpoints below it; 0 for those."""
        self._sets: dict[int, int] = {}
        self._due: list[int] = []
        """Checkpoints without a set yet, ascending."""

    def __contains__(self, commit: CommitId) -> bool:
        return commit in self._positions

    def lacking(self, commits: Iterable[CommitId]) -> list[CommitId]:
        """Returns those of some commits that are not here."""
        return [commit for commit in commits if commit not in self._positions]

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, link: CommitLink) -> None:
        """Adds a commit behind its parents: those that are not here are below the floor."""
        if link.id in self._positions:
            return
        at = len(self._ids)
        parents = [self._positions.get(parent, _BELOW) for parent in link.parents]
        self._positions[link.id] = at
        self._ids.append(link.id)
        self._generations.append(link.generation)
        self._first.append(parents[0] if parents else _NONE)
        self._second.append(parents[1] if len(parents) > 1 else _NONE)
        self._replacing.append(link.replaces)
        self.highest = max(self.highest, link.generation)
        if _BELOW in parents:
            self._cut[at] = link.parents
            self._cut_set = None
        while len(self._last_of) <= link.generation - self.floor:
            self._last_of.append(_NONE)
        self._same_generation.append(self._last_of[link.generation - self.floor])
        self._last_of[link.generation - self.floor] = at
        steps = 1 + max((self._steps[parent] for parent in parents if parent >= 0), default=0)
        if steps > max(_SPACING, at // _POSITIONS_A_STEP):
            self._due.append(at)
            steps = 0
        self._steps.append(steps)

    def missing(self) -> list[CommitId]:
        """Returns the parents that lie below the floor."""
        return sorted({each for parents in self._cut.values() for each in parents} - self._positions.keys())

    def extended(self, links: Iterable[CommitLink], floor: int) -> "GraphWindow":
        """Returns a window with these, which are all that lacks down to `floor`, in front of what is here."""
        window = GraphWindow(floor)
        for link in sorted(links, key=lambda link: link.generation):
            window.add(link)
        for at, commit in enumerate(self._ids):
            parents = self._cut.get(at) or tuple(self._ids[parent] for parent in self._parents(at))
            window.add(CommitLink(commit, parents, self._generations[at], bool(self._replacing[at])))
        return window

    def position(self, commit: CommitId) -> int:
        """Returns where a commit is that is here."""
        return self._positions[commit]

    def commit_at(self, position: int) -> CommitId:
        return self._ids[position]

    def generation_at(self, position: int) -> int:
        return self._generations[position]

    def is_cut(self, commits: int) -> bool:
        """Tells whether a parent of one of these is below the floor."""
        if self._cut_set is None:
            self._cut_set = set_of(sorted(self._cut, reverse=True))
        return bool(commits & self._cut_set)

    def first_parents(self, position: int, count: int) -> list[int]:
        """Returns the next first parents, at most so many; fewer if the root or the floor is in the way."""
        first = self._first
        found: list[int] = []
        while len(found) < count and (position := first[position]) >= 0:
            found.append(position)
        return found

    def on_line(
        self, position: int, wanted: Container[int], *, without: bytes, down_to: int
    ) -> tuple[list[int], int]:
        """Returns a commit and its first parents, of those that are `wanted`, and where the walk ended.

        It ends at the last one of generation `down_to` or more. Where one of the commits `without`
        (`octets_of` a set) comes first, the line itself ends, and that is told as -1.
        """
        first, generations = self._first, self._generations
        found: list[int] = []
        last = position
        while position >= 0 and generations[position] >= down_to:
            if without and is_among(without, position):
                return found, _NONE
            if position in wanted:
                found.append(position)
            last, position = position, first[position]
        return found, last

    def has_first_parent_below(self, position: int) -> bool:
        """Tells whether a commit's first parent lies below the floor."""
        return self._first[position] == _BELOW

    def commits(self, commits: int) -> list[CommitId]:
        """Returns the ids of a set, the last place first."""
        return self._in_order(members(commits))

    def replacing(self, commits: int) -> list[CommitId]:
        """Returns those of a set that wrote units as one thing."""
        return [self._ids[at] for at in members(commits) if self._replacing[at]]

    def reach(self, *positions: int) -> int:
        """Returns the set of some commits and their ancestors, as far as they are here."""
        for at in self._due:
            self._sets[at] = self._reach([at])
        self._due.clear()
        return self._reach(positions)

    def last_first(self, commits: int, *, after: CommitPlace | None, count: int) -> list[CommitId]:
        """Returns the first so many of a set, the last place first; those behind `after`."""
        octets = octets_of(commits)
        generation, last = self.highest, None
        if after is not None and after.generation <= generation:
            generation, last = after
        found: list[CommitId] = []
        while generation >= self.floor and len(found) < count:
            same: list[CommitId] = []
            at = self._last_of[generation - self.floor]
            while at >= 0:
                if is_among(octets, at):
                    same.append(self._ids[at])
                at = self._same_generation[at]
            found += sorted((each for each in same if last is None or each < last), reverse=True)
            generation, last = generation - 1, None
        return found[:count]

    def best(self, commits: int) -> list[CommitId]:
        """Returns those of a set of commits and all their ancestors that are no ancestor of another."""
        found: list[int] = []
        while commits:
            top = commits.bit_length() - 1
            found.append(top)
            commits ^= commits & self.reach(top)
        return self._in_order(found)

    def _reach(self, positions: Sequence[int]) -> int:
        """Walks from the newest to the oldest, so that what a checkpoint covers is not walked again."""
        first, second, sets = self._first, self._second, self._sets
        covered = 0
        walked: list[int] = []
        queued = set(positions)
        queue = sorted(-at for at in queued)
        while queue:
            at = -heappop(queue)
            if covered and covered >> at & 1:
                continue
            if (reach := sets.get(at)) is not None:
                covered |= reach
                continue
            walked.append(at)
            for parent in (first[at], second[at]):
                if parent >= 0 and parent not in queued:
                    queued.add(parent)
                    heappush(queue, -parent)
        return covered | set_of(walked)

    def _in_order(self, positions: Iterable[int]) -> list[CommitId]:
        # Positions say in which order commits were asked about; answers must not.
        places = ((self._generations[at], self._ids[at]) for at in positions)
        return [commit for _, commit in sorted(places, reverse=True)]

    def _parents(self, position: int) -> list[int]:
        return [at for at in (self._first[position], self._second[position]) if at >= 0]


def members(commits: int) -> Iterator[int]:
    """Yields the positions in a set, the largest first."""
    if not commits:
        return
    lowest = (commits & -commits).bit_length() - 1
    start = lowest & ~7
    octets = (commits >> start).to_bytes((commits.bit_length() - start + 7) // 8, "little")
    for at in range(len(octets) - 1, -1, -1):
        if octet := octets[at]:
            for bit in range(7, -1, -1):
                if octet >> bit & 1:
                    yield start + 8 * at + bit


def octets_of(commits: int) -> bytes:
    """Returns a set in the form for `is_among`."""
    return commits.to_bytes((commits.bit_length() + 7) // 8, "little")


def is_among(octets: bytes, position: int) -> bool:
    """Tells whether a position is in a set: of many, much faster than to shift it."""
    return position >> 3 < len(octets) and bool(octets[position >> 3] >> (position & 7) & 1)


def set_of(positions: Sequence[int]) -> int:
    """Returns the set of these positions, which descend."""
    if not positions:
        return 0
    start = positions[-1] & ~7
    octets = bytearray((positions[0] - start) // 8 + 1)
    for at in positions:
        octets[(at - start) >> 3] |= 1 << (at & 7)
    return int.from_bytes(octets, "little") << start
