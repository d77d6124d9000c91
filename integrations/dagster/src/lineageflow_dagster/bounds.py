"""Which state of the lake a run reads, and which branch it publishes to.

Run tags carry both, because every way to launch a run (schedule, sensor, backfill, launchpad, CLI) carries
tags. They are looked at once, by whichever process comes first; the transaction pins them for all others.
"""

from dataclasses import dataclass

import dagster as dg

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, RefNotFoundError, RunNotFoundError
from lineageflow_core.model.ids import RunId

REF_TAG = "lineageflow/ref"
"""Run tag: what the run reads where it has not written. A branch, tag, commit, `main~2`, ..."""
INTO_TAG = "lineageflow/into"
"""Run tag: the branch that the run publishes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The two ends of a run's transaction; None leaves the choice to the lake."""

    base: str | None = None
    into: str | None = None


def bounds_of(run: dg.DagsterRun, catalog: Catalog, repository: str, *, defaults: Bounds) -> Bounds:
    """Returns where a run reads and publishes, by its tags, else by `defaults`.

    A run that reads a branch publishes to it unless told otherwise. One that reads a tag or a commit has to
    be told, or what is made from old data would go to the default branch unasked: InvalidInputError.
    """
    base = run.tags.get(REF_TAG, defaults.base)
    into = run.tags.get(INTO_TAG, defaults.into)
    if base is not None and into is None:
        into = _as_branch(base, catalog, repository)
    return Bounds(base=base, into=into)


def parent_bounds(run: dg.DagsterRun, catalog: Catalog, repository: str) -> Bounds | None:
    """Returns the bounds of a run that executes only some steps of its parent run again.

    It goes on from what the parent left, because the outputs of the steps that it skips are there, and
    publishes where the parent would have. None where the parent has no transaction.
    """
    if run.parent_run_id is None:
        return None
    try:
        parent = catalog.transactions.get_transaction(repository, RunId(run.parent_run_id))
    except RunNotFoundError:
        return None
    return Bounds(base=parent.head or parent.base, into=parent.into)


def _as_branch(base: str, catalog: Catalog, repository: str) -> str:
    try:
        return catalog.refs.get_ref(repository, base).name
    except (RefNotFoundError, InvalidInputError):
        raise InvalidInputError(
            f"the run reads {base!r}, which is not a branch, so its outputs have nowhere to go; name the "
            f"branch to publish to with the run tag {INTO_TAG!r}"
        ) from None
