"""What holds content by itself: where everything that is kept begins.

A root keeps the whole content of its commit, whatever rules say. Besides, the histories of branches are kept
as far as rules say (`retention.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.operation import Operation
from lineageflow_core.model.page import Page, every
from lineageflow_core.model.plan import PlanState
from lineageflow_core.model.refs import Ref, RefKind
from lineageflow_core.model.run import TransactionState
from lineageflow_core.service.opened import OpenRepository

T = TypeVar("T")

_UNDOABLE = frozenset({RefKind.BRANCH, RefKind.TAG, RefKind.STAGE})


@dataclass(frozen=True, slots=True)
class Root:
    """A commit whose content is kept, and why."""

    commit: CommitId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """All roots of a repository."""

    branches: tuple[Ref, ...]
    tags: tuple[Ref, ...]
    others: tuple[Root, ...]
    """Drafts, runs, plans, and what can be undone. What they lead to may be gone already, and stays so."""


def roots_of(opened: OpenRepository, *, window: timedelta) -> Roots:
    """Returns what holds content now; `window` is how long a removed ref can be brought back.

    Refs come last: what moves from a draft, a run or a plan into a branch meanwhile is seen there.
    """
    others = (*_plans(opened), *_undoable(opened, opened.clock() - window), *_runs(opened))
    drafts = tuple(Root(ref.commit, f"changes staged: {ref.name}") for ref in _refs(opened, RefKind.STAGE))
    runs = tuple(Root(ref.commit, f"the branch of run {ref.name}") for ref in _refs(opened, RefKind.RUN))
    return Roots(
        others=(*others, *drafts, *runs),
        tags=tuple(_refs(opened, RefKind.TAG)),
        branches=tuple(_refs(opened, RefKind.BRANCH)),
    )


def _refs(opened: OpenRepository, kind: RefKind) -> Iterator[Ref]:
    refs = opened.stores.refs
    return every(
        lambda after, limit: refs.list(opened.info.id, kind=kind, prefix="", after=after, limit=limit)
    )


def _runs(opened: OpenRepository) -> Iterator[Root]:
    for state in (TransactionState.OPEN, TransactionState.DISCARDED):
        for run in every(_pages(opened.stores.transactions.list, opened, state=state)):
            why = f"run {run.run_id} is {state.value} until {run.expires_at:%Y-%m-%d}"
            yield Root(run.base, f"{why}, and reads it")
            if run.head is not None:
                yield Root(run.head, f"{why}, and wrote it")


def _plans(opened: OpenRepository) -> Iterator[Root]:
    for plan in every(_pages(opened.stores.plans.list, opened)):
        if plan.state is PlanState.PLANNED:
            for commit in {item.good_commit for item in plan.items if item.good_commit is not None}:
                yield Root(commit, f"plan {plan.id} is not applied yet, and restores it")


def _undoable(opened: OpenRepository, since: datetime) -> Iterator[Root]:
    def pages(after: str | None, limit: int) -> Page[Operation]:
        return opened.stores.operations.list(
            opened.info.id,
            actor=None,
            operation=None,
            refs=(),
            since=since,
            until=None,
            after=after,
            limit=limit,
        )

    for operation in every(pages):
        for move in operation.moves:
            if move.after is None and move.before is not None and move.ref.kind in _UNDOABLE:
                yield Root(
                    move.before, f"operation {operation.id} ({operation.operation}) can still be undone"
                )


def _pages(
    list_page: Callable[..., Page[T]], opened: OpenRepository, **filters: object
) -> Callable[[str | None, int], Page[T]]:
    return lambda after, limit: list_page(opened.info.id, after=after, limit=limit, **filters)
