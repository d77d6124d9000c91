"""What a task reads and where its writes go, where neither the path nor the code names a ref.

Read, in this order: the `@ref` in a path; `lineageflow_ref`, from the DAG run's conf or params; what the run
has written itself; the commit that the triggering asset event tells of; the default branch. Written, in this
order: the `@branch` in a path; the run's own branch, in a block that is published as a whole; the branch of
`lineageflow_into`; the default branch. A ref that is read is never written to: it may be a point in history.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineageflow_airflow.assets import EXTRA, parse_uri
from lineageflow_airflow.blocks import Block
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, RefNotFoundError
from lineageflow_core.run import ensure_branch

REF = "lineageflow_ref"
"""The param, and the key of a DAG run's conf, for what is read where the run has not written."""
INTO = "lineageflow_into"
"""The param, and the key of a DAG run's conf, for the branch that is published to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a DAG run says of one repository."""

    base: str | None = None
    """What is read where the run has not written; None: what it is to be published to, as it was then."""
    into: str | None = None
    """The branch that is published to; None: the repository's default branch."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """The commits that the run was triggered by, by dataset; '' is the repository as a whole."""


def bounds_of(
    dag_run: Any, params: Mapping[str, Any], repository: str, *, blocks: Sequence[Block] = ()
) -> Bounds:
    """Returns what a DAG run says of a repository, for a task that is in `blocks`.

    `lineageflow_ref` and `lineageflow_into` are a text, or a mapping from the repositories that they hold
    for. A text holds for the repositories of the task's blocks; of a task that is in none, for all. Raises
    InvalidInputError for anything else.
    """
    block = next((each for each in blocks if each.repository == repository), None)
    is_meant = block is not None or not blocks
    base = _said(REF, dag_run, params, repository, is_meant=is_meant)
    into = _said(INTO, dag_run, params, repository, is_meant=is_meant) or (block.into if block else None)
    pins = {} if base else _pins(dag_run.consumed_asset_events, repository)
    return Bounds(base=base or pins.pop("", None), into=into, pins=pins)


def make_branch(bounds: Bounds, catalog: Catalog, repository: str, *, author: str) -> None:
    """Makes the branch that is published to, if nobody has, at what is read: else, at the default branch."""
    if bounds.into is not None:
        ensure_branch(catalog, repository, bounds.into, source=bounds.base, author=author)


def has_branch(bounds: Bounds, catalog: Catalog, repository: str) -> bool:
    """Tells whether the branch that is published to is there."""
    if bounds.into is None:
        return True
    try:
        catalog.refs.get_ref(repository, bounds.into)
    except RefNotFoundError:
        return False
    return True


def event_extra(extra: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Returns what an asset event's `extra` tells of a publication; None where it tells of none."""
    said = extra or {}
    payload = said.get("payload") if said.get("from_trigger") else None
    told = (payload if isinstance(payload, Mapping) else said).get(EXTRA)
    return told if isinstance(told, Mapping) and told.get("commit") else None


def _said(
    name: str, dag_run: Any, params: Mapping[str, Any], repository: str, *, is_meant: bool
) -> str | None:
    said = (dag_run.conf or {}).get(name) or params.get(name) or None
    if isinstance(said, Mapping):
        said = said.get(repository) or None
    elif not is_meant:
        return None
    if said is not None and not isinstance(said, str):
        raise InvalidInputError(
            f"{name} is {said!r}; it is to be the name of a ref, or a mapping from repositories to refs"
        )
    return said


def _pins(events: Iterable[Any], repository: str) -> dict[str, str]:
    """Returns the commits that asset events tell of; of several about one dataset, the newest one's."""
    pins = {}
    for event in sorted(events, key=lambda each: each.timestamp):
        place = parse_uri(event.asset.uri)
        told = event_extra(event.extra)
        if place is not None and told is not None and place.repository == repository:
            pins[place.path] = str(told["commit"])
    return pins
