"""The log of publications, and the checks that are recorded with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.check import Check
from lineageflow_core.model.operation import Operation
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import RefName


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOperation:
    """An operation of any repository, at its place in the order in which operations became visible."""

    place: int
    repository: str
    """The repository's id."""
    operation: Operation


class OperationStore(Protocol):
    """The log of publications. Filled by `RefStore.publish`; nothing is ever removed from it."""

    def get(self, repository: str, operation: int) -> Operation | None: ...

    def with_key(self, repository: str, key: str) -> Operation | None:
        """Returns what was published under a key."""
        ...

    def makers(self, repository: str, refs: Sequence[RefName], *, operation: str) -> dict[RefName, Operation]:
        """Returns the last operation of this name that made each of these refs, without its moves."""
        ...

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
        """Newest first. Those that moved one of `refs`, if any are named.

        Where neither an operation nor refs are named, only what is for people.
        """
        ...

    def placed_after(self, place: int, limit: int) -> Sequence[PlacedOperation]:
        """The first operations of all repositories behind a place, for people or not, by place.

        Nothing ever appears behind a place that was told of: several transactions may commit in another order
        than that in which they began, and places follow the commits. Places are larger than 0.
        """
        ...

    def last_place(self) -> int:
        """The place of the last operation that is visible; 0 where there is none."""
        ...


class CheckStore(Protocol):
    """Results of checks. Filled by `RefStore.publish`."""

    def list(self, repository: str, root: str) -> list[Check]:
        """Returns the latest result of each check of this content, by name."""
        ...
