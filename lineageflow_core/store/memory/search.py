"""Searching in memory: every dataset and job is looked at."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Job, RunState
from lineageflow_core.model.search import Condition, Text
from lineageflow_core.store.paging import PlaceOfFound, page_of
from lineageflow_core.store.ports import Word
from lineageflow_core.store.terms import NAME, WORD, WORD_FIELDS, Term, facet_terms

T = TypeVar("T", bound=DatasetName | Job)

WORST = 4
"""The rank of what is found by something else than its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search looks at of one dataset or job."""

    kind: str
    terms: frozenset[Term]
    state: RunState | None
    """Of the run that wrote it last, or of its last run."""
    at: datetime | None
    """When that was."""


def ranked(
    searched: Iterable[tuple[T, Searched]],
    conditions: Sequence[Condition],
    *,
    based_on: Mapping[Condition, Collection[DatasetName | Job]],
    now: datetime,
    after: str | None,
    limit: int,
) -> Page[tuple[PlaceOfFound, T]]:
    """Returns a page of what fits, each with its place. `based_on`: for which such a condition holds."""
    place = PlaceOfFound.parse(after) if after is not None else None
    found = {
        PlaceOfFound(rank, each.kind, named.namespace, named.name): named
        for named, each in searched
        if all(
            (named in based_on[condition]) != condition.negated
            for condition in conditions
            if condition in based_on
        )
        if (rank := _rank_of(each, [other for other in conditions if other not in based_on], now)) is not None
    }
    fitting = [(at, found[at]) for at in sorted(found) if place is None or at > place]
    return page_of(fitting, limit, cursor=lambda each: each[0])


def terms_of(words: Mapping[str, Word]) -> set[Term]:
    """Returns what is found by the last words on a dataset or job."""
    return {term for facet, word in words.items() for term in facet_terms(facet, word)}


def _rank_of(searched: Searched, conditions: Sequence[Condition], now: datetime) -> int | None:
    """Returns how well it fits; None where a condition does not hold."""
    total = 0
    for condition in conditions:
        if condition.field is None and not condition.negated:
            ranks = [rank for term in searched.terms if (rank := _rank(condition.text, term)) is not None]
            if not ranks:
                return None
            total += min(ranks)
        elif _holds(searched, condition, now) == condition.negated:
            return None
    return total


def _holds(searched: Searched, condition: Condition, now: datetime) -> bool:
    text = condition.text
    match condition.field:
        case None:
            return any(_rank(text, term) is not None for term in searched.terms)
        case "age":
            return searched.at is not None and (searched.at >= condition.since(now)) == condition.younger
        case "state":
            return searched.state is not None and text.matches(searched.state)
        case "kind" if text.matches(searched.kind):
            return True
        case field:
            return any(_any(each, field, searched.terms) for each in condition.texts)


def _any(text: Text, field: str, terms: Collection[Term]) -> bool:
    return any(each == field and text.matches(value) for each, value in terms)


def _rank(text: Text, term: Term) -> int | None:
    """Returns how well a term fits a word: by its name, then by a word of it, then by anything else."""
    field, value = term
    is_like = value.startswith(text.exact) if text.is_exact else text.matches(value)
    if field not in WORD_FIELDS or not is_like:
        return None
    if field == NAME:
        return 0 if text.is_exact and value == text.exact else 1
    if field == WORD:
        return 2 if text.is_exact and value == text.exact else 3
    return WORST
