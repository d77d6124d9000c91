"""How the statistics of two versions differ: from two profiles alone, so that no row is read again.

The effect is the population stability index: the sum of `(r - l) * ln(r / l)` over groups with the shares `l`
and `r` (B. Yurdakul, "Statistical Properties of Population Stability Index", 2018). Groups are the missing
values, and the frequent values of a column with few different ones, or else ranges between left's deciles.
"""

from bisect import bisect_right
from itertools import pairwise
from math import log

from lineageflow_core.model.table import ColumnStatistics, TableProfile
from lineageflow_core.model.table_diff import ColumnDrift, StatisticsDiff

_GROUPS = 10
_LEAST_SHARE = 1e-4
"""An empty group counts as this much, as a share of nothing has no logarithm."""


def compare_profiles(left: TableProfile, right: TableProfile) -> StatisticsDiff:
    """Returns the columns of both whose statistics differ, the largest effect first."""
    there = {column.name: column for column in right.columns}
    pairs = [(column, there[column.name]) for column in left.columns if column.name in there]
    drifts = [
        ColumnDrift(
            name=one.name,
            effect=round(_stability_index(one, left.counted_rows, other, right.counted_rows), 4),
            left=one,
            right=other,
        )
        for one, other in pairs
        if one != other
    ]
    return StatisticsDiff(
        left_rows=left.table.rows,
        right_rows=right.table.rows,
        is_sampled=left.sampled_rows is not None or right.sampled_rows is not None,
        columns=tuple(sorted(drifts, key=lambda drift: (-drift.effect, drift.name))),
    )


def _stability_index(
    left: ColumnStatistics, left_rows: int, right: ColumnStatistics, right_rows: int
) -> float:
    if not left_rows or not right_rows:
        return 0.0
    present = (left_rows - left.nulls) / left_rows, (right_rows - right.nulls) / right_rows
    groups = [(1 - present[0], 1 - present[1])]
    groups += [
        (one * present[0], other * present[1]) for one, other in _shares(left, left_rows, right, right_rows)
    ]
    return sum(
        (other - one) * log(other / one)
        for one, other in ((max(one, _LEAST_SHARE), max(other, _LEAST_SHARE)) for one, other in groups)
    )


def _shares(
    left: ColumnStatistics, left_rows: int, right: ColumnStatistics, right_rows: int
) -> list[tuple[float, float]]:
    """Returns the shares of the values of each group among the values that are there."""
    counts = left_rows - left.nulls, right_rows - right.nulls
    if not all(counts):
        return [(float(bool(counts[0])), float(bool(counts[1])))]
    if _is_listed_whole(left) and _is_listed_whole(right):
        return _by_value(left, counts[0], right, counts[1])
    if left.quantiles and right.quantiles:
        return _by_range(left.quantiles, right.quantiles)
    return _by_value(left, counts[0], right, counts[1])


def _is_listed_whole(column: ColumnStatistics) -> bool:
    return column.distinct is not None and len(column.top) >= column.distinct


def _by_value(
    left: ColumnStatistics, left_count: int, right: ColumnStatistics, right_count: int
) -> list[tuple[float, float]]:
    """Groups by frequent value, and all others together.

    A value that is listed on one side only may be just as frequent as the least of those that the other side
    lists: no more is taken to have moved than is known to.
    """
    shares = [
        {_text(value.value): value.count / count for value in column.top}
        for column, count in ((left, left_count), (right, right_count))
    ]
    least = [
        0.0 if _is_listed_whole(column) else min(listed.values(), default=1.0)
        for column, listed in zip((left, right), shares, strict=True)
    ]
    one, other = shares
    groups = []
    for value in one.keys() | other.keys():
        known = one.get(value), other.get(value)
        mine = min(least[0], known[1] or 0.0) if known[0] is None else known[0]
        theirs = min(least[1], known[0] or 0.0) if known[1] is None else known[1]
        groups.append((mine, theirs))
    rest = [max(0.0, 1 - sum(group[side] for group in groups)) for side in (0, 1)]
    return [*sorted(groups), (rest[0], rest[1])]


def _by_range(left: tuple[float, ...], right: tuple[float, ...]) -> list[tuple[float, float]]:
    steps = len(left) - 1
    edges = sorted({left[steps * group // _GROUPS] for group in range(1, _GROUPS)})
    below = [(_share_below(left, edge), _share_below(right, edge)) for edge in edges]
    return [
        (after[0] - before[0], after[1] - before[1])
        for before, after in pairwise([(0.0, 0.0), *below, (1.0, 1.0)])
    ]


def _share_below(quantiles: tuple[float, ...], value: float) -> float:
    """Returns the share of values up to `value`, between two quantiles in proportion."""
    steps = len(quantiles) - 1
    place = bisect_right(quantiles, value)
    if place == 0:
        return 0.0
    if place > steps:
        return 1.0
    low, high = quantiles[place - 1], quantiles[place]
    return (place - 1 + (value - low) / (high - low)) / steps


def _text(value: object) -> str:
    return str(value)
