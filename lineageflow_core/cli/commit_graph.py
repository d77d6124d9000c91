"""A history with its merges, drawn as lanes: `●` is a commit, each lane leads to a parent."""

from collections.abc import Iterator

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId


def draw(commits: Iterator[Commit]) -> Iterator[tuple[str, Commit | None]]:
    """Yields lines: the lanes, and the commit that stands behind them; None where lanes only part or join.

    Every commit must come before its parents, as in `History.graph`.
    """
    lanes: list[CommitId] = []
    for commit in commits:
        if commit.id not in lanes:
            lanes.append(commit.id)
        lane = lanes.index(commit.id)
        while lanes.count(commit.id) > 1:
            last = len(lanes) - 1 - lanes[::-1].index(commit.id)
            yield _bend(len(lanes), lane, last, "╯"), None
            del lanes[last]
        yield "".join("● " if place == lane else "│ " for place in range(len(lanes))), commit
        if not commit.parents:
            del lanes[lane]
            continue
        lanes[lane] = commit.parents[0]
        for parent in commit.parents[1:]:
            lanes.append(parent)
            yield _bend(len(lanes), lane, len(lanes) - 1, "╮"), None


def _bend(width: int, start: int, end: int, corner: str) -> str:
    """Returns a line where the lane `end` bends into the lane `start`."""

    def at(place: int) -> str:
        if place == start:
            return "├─"
        if place == end:
            return corner + " "
        return "┼─" if start < place < end else "│ "

    return "".join(at(place) for place in range(width))
