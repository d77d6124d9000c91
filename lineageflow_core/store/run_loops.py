"""Runs that are each other's parents, as producers tell: where they stand.

Somewhere a list of runs has to begin. Of those that go round, the one with the smallest id stands as if it
had no parent; so it does not depend on which of them was told of first.
"""

from collections.abc import Iterator, Mapping

from lineageflow_core.model.ids import RunId


def loops_in(parents: Mapping[RunId, RunId | None]) -> Iterator[frozenset[RunId]]:
    """Yields each set of runs that go round, from runs with their parents."""
    done: set[RunId] = set()
    for start in parents:
        way: dict[RunId, None] = {}
        here: RunId | None = start
        while here is not None and here not in done and here not in way:
            way[here] = None
            here = parents.get(here)
        if here in way:
            ids = list(way)
            yield frozenset(ids[ids.index(here) :])
        done.update(way)


def standing(parents: Mapping[RunId, RunId | None]) -> dict[RunId, RunId | None]:
    """Returns the parent that each run stands under: that of the first in a loop is None."""
    return {**parents, **{min(loop): None for loop in loops_in(parents)}}
