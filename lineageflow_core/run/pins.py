"""Pins: datasets that a run reads elsewhere than where it reads everything else.

A pin refines the base of a run, so it holds for what the run has not written itself. It is found by the path
of the dataset, or of anything above or below it; where code names a ref itself, only by both.
"""

from collections.abc import Iterator, Mapping

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, NotFoundError, RefNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.names import check_path, is_under, parents_of
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Transaction

Pins = Mapping[str, str]
"""A ref by the path of a dataset, or by `@ref/path` for what code reads of it at that ref."""


def check_pins(pins: Pins) -> dict[str, str]:
    """Returns pins whose paths are as datasets have them. Raises InvalidInputError."""
    return {_check(name): ref for name, ref in pins.items()}


def find_pin(pins: Pins, path: str, ref: str | None) -> tuple[str, str] | None:
    """Returns the pinned dataset that a path is, or lies in, and the ref that it is pinned to."""
    if not pins or not path:
        return None
    for each in (path, *reversed(parents_of(path))):
        pinned = pins.get(f"@{ref}/{each}" if ref is not None else each)
        if pinned is not None:
            return each, pinned
    return None


def is_unwritten(catalog: Catalog, transaction: Transaction, dataset: str) -> bool:
    """Tells whether a run has left a dataset alone since its base: not even written it as it was there."""
    head, base = transaction.head, transaction.base
    if head is None or head == base:
        return True
    now, was = (_digest(catalog, transaction, at, dataset) for at in (head, base))
    return now == was and not any(
        _has_written(commit, dataset) and now == _digest(catalog, transaction, commit.id, dataset)
        for commit in _commits_between(catalog, transaction.repository, base, head)
    )


def commit_of_pin(catalog: Catalog, transaction: Transaction, ref: str) -> CommitId:
    """Returns the commit that a pin is to: of a branch, the one that it was at when the run began."""
    repository = transaction.repository
    try:
        catalog.refs.get_ref(repository, ref)
        at = f"{ref}@{{{transaction.created_at.isoformat()}}}"
        return catalog.refs.resolve(repository, at).id
    except (RefNotFoundError, InvalidInputError):  # it is no branch, or younger than the run
        return catalog.refs.resolve(repository, ref).id


def _commits_between(catalog: Catalog, repository: str, base: CommitId, head: CommitId) -> Iterator[Commit]:
    """Yields the commits of a run, also those that its parts brought."""
    graph = catalog.history.graph
    return every(lambda after, limit: graph(repository, [f"{base}..{head}"], after=after, limit=limit))


def _has_written(commit: Commit, dataset: str) -> bool:
    """Tells whether a run wrote, by this commit, a dataset, something of it or all around it."""
    return commit.run_id is not None and any(
        is_under(unit, dataset) or is_under(dataset, unit) for unit in commit.replaced
    )


def _digest(catalog: Catalog, transaction: Transaction, commit: CommitId, dataset: str) -> str | None:
    try:
        return catalog.objects.get_dataset(transaction.repository, commit, dataset).snapshot
    except NotFoundError:
        return None


def _check(name: str) -> str:
    if not name.startswith("@"):
        return check_path(name)
    ref, _, path = name[1:].partition("/")
    return f"@{ref}/{check_path(path)}"
