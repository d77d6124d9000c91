"""The graph of a repository's commits: where histories part, how far apart they are, who is whose ancestor.

What was asked about stays in memory (`graph_window`), and a question reads only what it needs beyond that: a
process that has just begun reads the generations around the commits in question, and twice as many for as
long as that does not decide it. Commits never change, so nothing here is ever out of date; those that
others make are read when they are first asked about.

Invariant: the answers are those that the whole graph gives. They are final as soon as no commit that only
one side has has a parent below the window's floor: whatever lies there belongs to both.
Safe for threads: one asks at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from threading import RLock

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.service.graph_window import GraphWindow, is_among, octets_of
from lineageflow_core.store.ports import CommitLink, CommitPlace

ReadAncestors = Callable[[Sequence[CommitId], int], Iterable[CommitLink]]
"""Returns commits and their ancestors down to a generation, as `CommitStore.ancestors` does."""
ReadCommits = Callable[[Sequence[CommitId]], Sequence[Commit]]

_Asked = tuple[GraphWindow, tuple[CommitId, ...], tuple[CommitId, ...]]
"""A window, commits in it whose histories are asked for, and those whose are left out."""

_FIRST_READ = 32
"""Generations that are read at once in the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parting:
    """How two histories part."""

    bases: tuple[Commit, ...]
    """The best common ancestors, the last place first; several where histories criss-cross."""
    left_replaced: frozenset[str]
    """Datasets and partitions that the left history alone wrote as one thing."""
    right_replaced: frozenset[str]
    """Datasets and partitions that the right history alone wrote as one thing."""
    left_written: Mapping[str, frozenset[str]]
    """Those of them that runs wrote, as `written_by` has it."""
    right_written: Mapping[str, frozenset[str]]
    _window: GraphWindow
    _left: int
    _right: int
    """Sets in that window, whose ids are seldom asked for and take long where a branch is far behind."""

    @property
    def left(self) -> list[CommitId]:
        """Commits that only the left history has, the last place first."""
        return self._window.commits(self._left)

    @property
    def right(self) -> list[CommitId]:
        """Commits that only the right history has, the last place first."""
        return self._window.commits(self._right)


def written_by(commits: Iterable[Commit]) -> dict[str, frozenset[str]]:
    """Returns the units that runs wrote as one thing by these commits, with the roots that they left.

    What a run wrote is written, also where nothing came to differ by it; what people write that is there
    already is not.
    """
    found: dict[str, frozenset[str]] = {}
    for commit in commits:
        if commit.run_id is not None:
            for unit in commit.replaced:
                found[unit] = found.get(unit, frozenset()) | {commit.root}
    return found


class CommitGraph:
    """Answers questions about one repository's commits."""

    def __init__(self, read_ancestors: ReadAncestors, read_commits: ReadCommits) -> None:
        self._read_ancestors = read_ancestors
        self._read_commits = read_commits
        self._window = GraphWindow(0)
        self._lock = RLock()
        self._reached: tuple[_Asked, int] | None = None
        self._known: Sequence[CommitId] = ()
        """Commits that the window has: those that were asked about last."""

    def part(self, left: Commit, right: Commit) -> Parting:
        """Returns how the histories of two commits part. They need not be stored, if their parents are."""
        with self._lock:
            both, only_left, only_right = self._compare(left, right)
            window = self._window
            bases = window.best(both)
            left_replacing, right_replacing = window.replacing(only_left), window.replacing(only_right)
        mine, other = self._replacing(left, left_replacing), self._replacing(right, right_replacing)
        return Parting(
            bases=tuple(self._read_commits(bases)),
            left_replaced=frozenset(unit for commit in mine for unit in commit.replaced),
            right_replaced=frozenset(unit for commit in other for unit in commit.replaced),
            left_written=written_by(mine),
            right_written=written_by(other),
            _window=window,
            _left=only_left,
            _right=only_right,
        )

    def merge_bases(self, left: Commit, right: Commit) -> list[CommitId]:
        """Returns the best common ancestors, the last place first."""
        with self._lock:
            both, _, _ = self._compare(left, right)
            return self._window.best(both)

    def ahead_behind(self, commits: Sequence[Commit], against: Commit) -> list[tuple[int, int]]:
        """Returns how many commits the history of each has that `against` has not, and the reverse."""
        with self._lock:
            self._know([*commits, against])
            compared = (self._compare(commit, against) for commit in commits)
            return [(ahead.bit_count(), behind.bit_count()) for _, ahead, behind in compared]

    def leads_to(self, commit: Commit, others: Sequence[Commit]) -> bool:
        """Tells whether a commit is one of some others, or in the history of one."""
        with self._lock:
            self._know([commit, *others])
            reach = self._reach([other.id for other in others])
            return bool(reach >> self._window.position(commit.id) & 1)

    def last_first(
        self,
        tips: Sequence[CommitId],
        *,
        without: Sequence[CommitId] = (),
        after: CommitPlace | None,
        count: int,
    ) -> list[CommitId]:
        """Returns these commits and their ancestors, the last place first, but for `without` and theirs.

        Every commit comes before its parents. `after` is a place to go on behind.
        """
        with self._lock:
            self._know_ids([*tips, *without])
            if after is not None:
                self._go_down_to(after.generation)
            while True:
                window = self._window
                reach = self._reach(tips, without)
                found = window.last_first(reach, after=after, count=count)
                if len(found) == count or not window.is_cut(reach):
                    return found
                self._extend(count - len(found))

    def among(
        self,
        tips: Sequence[CommitId],
        batches: Iterable[Sequence[CommitPlace]],
        *,
        without: Sequence[CommitId] = (),
    ) -> Iterator[CommitId]:
        """Yields of some places, the last first, those that `last_first` has."""
        for places in filter(None, batches):
            with self._lock:
                self._know_ids([*tips, *without])
                self._go_down_to(places[-1].generation)
                octets = octets_of(self._reach(tips, without))
                here = self._positions(places)
                found = [commit for commit, position in here.items() if is_among(octets, position)]
            yield from found

    def first_parents(self, start: Commit, count: int, *, without: Sequence[Commit] = ()) -> list[CommitId]:
        """Returns the next `count` first parents of a commit, newest first; fewer where history ends.

        None of them is one of the commits `without`, or in the history of one.
        """
        with self._lock:
            self._know(without)
            line = self._line(start, count)
            octets = octets_of(self._reach([each.id for each in without]))
            kept = takewhile(lambda position: not is_among(octets, position), line) if octets else line
            return list(map(self._window.commit_at, kept))

    def on_line(
        self,
        start: Commit,
        batches: Iterable[Sequence[CommitPlace]],
        *,
        without: Sequence[Commit] = (),
    ) -> Iterator[CommitId]:
        """Yields of some places, the last first, those that are `start` or one of its first parents.

        None of them is one of the commits `without`, or in the history of one. No batch is asked for that
        cannot have any of them.
        """
        at = start.id
        for places in filter(None, batches):
            with self._lock:
                self._know([start, *without])
                self._go_down_to(places[-1].generation)
                window, wanted = self._window, self._positions(places)
                found, last = window.on_line(
                    window.position(at),
                    frozenset(wanted.values()),
                    without=octets_of(self._reach([each.id for each in without])),
                    down_to=places[-1].generation,
                )
                commits = list(map(window.commit_at, found))
                if last >= 0:
                    at = window.commit_at(last)
            yield from commits
            if last < 0:
                return

    def behind(self, start: Commit, place: CommitPlace) -> CommitId | None:
        """Returns the first of `start` and its first parents that comes behind a place."""
        at = start.id
        with self._lock:
            self._know([start])
            while True:
                window, position = self._window, self._window.position(at)
                if CommitPlace(window.generation_at(position), at) < place:
                    return at
                if window.has_first_parent_below(position):
                    self._extend(_FIRST_READ)
                    continue
                parents = window.first_parents(position, 1)
                if not parents:
                    return None
                at = window.commit_at(parents[0])

    def back(self, start: Commit, steps: int) -> CommitId | None:
        """Returns the first parent so many steps (at least one) back; None where history is shorter."""
        with self._lock:
            line = self._line(start, steps)
            return self._window.commit_at(line[-1]) if len(line) == steps else None

    def _reach(self, tips: Sequence[CommitId], without: Sequence[CommitId] = ()) -> int:
        """Returns the set of some commits and their ancestors, but for others and theirs.

        It is kept, for who turns the pages of a list.
        """
        if not tips:
            return 0
        # In one window a commit's ancestors stay what they are.
        asked = (self._window, tuple(tips), tuple(without))
        if self._reached is None or self._reached[0] != asked:
            reach, taken = (self._window.reach(*map(self._window.position, each)) for each in (tips, without))
            self._reached = asked, reach & ~taken
        return self._reached[1]

    def _positions(self, places: Iterable[CommitPlace]) -> dict[CommitId, int]:
        """Returns where these are. What is not here, in a window that goes down to it, nobody asked about."""
        window = self._window
        return {place.id: window.position(place.id) for place in places if place.id in window}

    def _line(self, start: Commit, count: int) -> list[int]:
        """Returns the positions of the next first parents."""
        self._know([start])
        while True:
            window = self._window
            at = window.position(start.id)
            found = window.first_parents(at, count)
            if len(found) == count or not window.has_first_parent_below(found[-1] if found else at):
                return found
            self._extend(count - len(found))

    def _replacing(self, tip: Commit, replacing: Sequence[CommitId]) -> list[Commit]:
        """Returns these commits, of which the tip need not be stored."""
        stored = [commit for commit in replacing if commit != tip.id]
        return [*self._read_commits(stored), *([tip] if len(stored) < len(replacing) else [])]

    def _compare(self, left: Commit, right: Commit) -> tuple[int, int, int]:
        """Returns what both histories have (as far as it is here), only the left and only the right one."""
        self._know([left, right])
        while True:
            window = self._window
            one, other = (window.reach(window.position(each.id)) for each in (left, right))
            both = one & other
            if not window.is_cut(one ^ other):
                return both, one ^ both, other ^ both
            self._extend(_FIRST_READ)

    def _know_ids(self, commits: Sequence[CommitId]) -> None:
        """Sees to it that the window has these commits, which are stored."""
        if commits == self._known:  # all branches, page after page: looking each up would take longer
            return
        if new := self._window.lacking(commits):
            self._know(self._read_commits(new))
        self._known = commits

    def _go_down_to(self, generation: int) -> None:
        """Sees to it that the window has, of the commits that it has, the ancestors of a generation."""
        if generation < self._window.floor:
            self._extend(self._window.floor - generation)

    def _know(self, commits: Sequence[Commit]) -> None:
        """Sees to it that the window has these commits."""
        new = [commit for commit in commits if commit.id not in self._window]
        if not new:
            return
        lowest = min(commit.generation for commit in new)
        if not len(self._window):
            self._window = GraphWindow(max(0, lowest - _FIRST_READ))
        elif lowest <= self._window.floor:
            self._extend(self._window.floor - lowest + _FIRST_READ)
        wanted: dict[CommitId, int] = {}
        for commit in new:
            wanted |= dict.fromkeys(commit.parents, commit.generation)
        # At first as far as the window reaches: what others made since is then read at once.
        lag = max(wanted.values(), default=0) - self._window.highest
        links = self._read(wanted, floor=self._window.floor, depth=max(_FIRST_READ, lag))
        links += [CommitLink(each.id, each.parents, each.generation, bool(each.replaced)) for each in new]
        for link in sorted(links, key=lambda link: link.generation):
            self._window.add(link)

    def _extend(self, generations: int) -> None:
        """Moves the window's floor down: by so many generations, or to twice the window's height."""
        window = self._window
        floor = max(0, window.floor - max(generations, window.highest - window.floor))
        below = dict.fromkeys(window.missing(), window.floor)
        self._window = window.extended(self._read(below, floor=floor, depth=window.floor - floor), floor)

    def _read(self, wanted: Mapping[CommitId, int], *, floor: int, depth: int) -> list[CommitLink]:
        """Reads commits and their ancestors down to `floor`, but for those that the window has.

        Each commit wanted comes with a generation that it is below. `depth` is how far to read at first.
        """
        found: dict[CommitId, CommitLink] = {}
        settled: set[CommitId] = set()
        while wanted := {
            each: top
            for each, top in wanted.items()
            if top > floor and not (each in found or each in settled or each in self._window)
        }:
            down_to = max(floor, max(wanted.values()) - depth)
            read = {link.id: link for link in self._read_ancestors(list(wanted), down_to)}
            found |= read
            if down_to == floor:
                settled.update(wanted.keys() - read.keys())
            later = {each: min(top, down_to) for each, top in wanted.items() if each not in read}
            for link in read.values():
                later |= dict.fromkeys(link.parents, link.generation)
            wanted, depth = later, 2 * depth
        if floor == 0 and settled:
            raise IntegrityError(f"commit {min(settled)} is named but not stored", commit=min(settled))
        return [each for each in found.values() if each.generation >= floor and each.id not in self._window]
