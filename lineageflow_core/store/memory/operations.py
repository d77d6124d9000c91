"""The log of publications, and the results of checks, in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from lineageflow_core.model.check import Check
from lineageflow_core.model.operation import Operation
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import RefName
from lineageflow_core.store.logged import operation_of
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.paging import check_limit, page_of, parse_sequence
from lineageflow_core.store.ports import PlacedOperation, Publication


class MemoryOperationStore:
    """An `OperationStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, repository: str, operation: int) -> Operation | None:
        with self._state.lock:
            return _find(self._state, repository, lambda number, _: number == operation)

    def with_key(self, repository: str, key: str) -> Operation | None:
        with self._state.lock:
            return _find(self._state, repository, lambda _, done: done.key == key)

    def makers(self, repository: str, refs: Sequence[RefName], *, operation: str) -> dict[RefName, Operation]:
        found: dict[RefName, Operation] = {}
        with self._state.lock:
            for number, (owner, done) in enumerate(self._state.log, 1):
                if (owner, done.operation) != (repository, operation):
                    continue
                for update in done.updates:
                    if update.ref in refs and update.expected is None and update.new is not None:
                        found[update.ref] = replace(operation_of(number, done), moves=())
        return found

    def list(
        self,
        repository: str,
        *,
        actor: str | None,
        operation: str | None,
        refs: Sequence[RefName],
        since: datetime | None,
        until: datetime | None,
        after: str | None,
        limit: int,
    ) -> Page[Operation]:
        check_limit(limit)
        before = parse_sequence(after) if after is not None else None
        with self._state.lock:
            found = [
                operation_of(number, done)
                for number, (owner, done) in enumerate(self._state.log, 1)
                if owner == repository
                and (before is None or number < before)
                and actor in {None, done.actor}
                and (operation or refs or done.is_for_people)
                and operation in {None, done.operation}
                and (since is None or done.at >= since)
                and (until is None or done.at < until)
            ]
        wanted = set(refs)
        found = [each for each in found if not wanted or wanted & {move.ref for move in each.moves}]
        return page_of(found[::-1], limit, cursor=lambda each: each.id)

    def placed_after(self, place: int, limit: int) -> Sequence[PlacedOperation]:
        with self._state.lock:
            log = list(enumerate(self._state.log, 1))[place : place + limit]
        return [
            PlacedOperation(place=number, repository=owner, operation=operation_of(number, done))
            for number, (owner, done) in log
        ]

    def last_place(self) -> int:
        with self._state.lock:
            return len(self._state.log)


class MemoryCheckStore:
    """A `CheckStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def list(self, repository: str, root: str) -> list[Check]:
        with self._state.lock:
            found = [
                check
                for (owner, content, _), check in self._state.checks.items()
                if (owner, content) == (repository, root)
            ]
        return sorted(found, key=lambda check: check.name)


def _find(state: State, repository: str, wanted: Callable[[int, Publication], bool]) -> Operation | None:
    return next(
        (
            operation_of(number, done)
            for number, (owner, done) in enumerate(state.log, 1)
            if owner == repository and wanted(number, done)
        ),
        None,
    )
