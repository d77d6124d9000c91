"""Which datasets a search means by `based_on:orders`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.page import every
from lineageflow_core.model.search import BASED_ON, BASED_ON_ANY_WAY, Condition, FoundKind, Text
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.renames import lasting_conditions

_MOST = 1000
"""Datasets that one condition may mean."""
_IS_DATASET = Condition(field="kind", text=Text(pieces=(FoundKind.DATASET.value,)))


def with_sources(lake: Lake, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Returns the conditions of a search with the datasets that they mean.

    Raises InvalidInputError where one means more than can be looked at.
    """
    return tuple(
        replace(each, sources=_sources(lake, each.text))
        if each.field in {BASED_ON, BASED_ON_ANY_WAY}
        else each
        for each in conditions
    )


def _sources(lake: Lake, text: Text) -> tuple[DatasetName, ...]:
    found = {name for asked in _asked(text) for name in _found(lake, asked)}
    if len(found) > _MOST:
        raise InvalidInputError(
            f"more than {_MOST} datasets are called {''.join(text.pieces)!r}: name fewer behind {BASED_ON}:"
        )
    return tuple(sorted(found))


def _asked(text: Text) -> Iterator[tuple[Condition, ...]]:
    """Yields searches for the datasets: the text may be a name, or a namespace and a name."""
    yield (_IS_DATASET, Condition(field="name", text=text))
    if (parts := text.parted()) is not None:
        yield (
            _IS_DATASET,
            Condition(field="namespace", text=parts[0]),
            Condition(field="name", text=parts[1]),
        )


def _found(lake: Lake, asked: Sequence[Condition]) -> Iterator[DatasetName]:
    conditions, now = lasting_conditions(asked, lake.names()), lake.clock()
    found = every(
        lambda after, limit: lake.datasets.search(conditions, now=now, after=after, limit=limit),
        most=_MOST + 1,
    )
    return (each.dataset.name for each in found if each.dataset is not None)
