"""Which state of the lake a run reads, and which branch it publishes to.

Run tags carry both, because every way to launch a run (schedule, sensor, backfill, launchpad, CLI) carries
tags. They are looked at once, by whichever process comes first; the transaction pins them for all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import dagster as dg

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import (
    InvalidInputError,
    RefNotFoundError,
    RunNotFoundError,
)
from lineageflow_core.model.ids import RunId
from lineageflow_core.run import ensure_branch
from lineageflow_dagster.naming import branch_name, dataset_path
from lineageflow_dagster.past_runs import what_it_read

REF_TAG = "lineageflow/ref"
"""Run tag: what the run reads where it has not written. A branch, tag, commit, `main~2`, ..."""
BASE_TAG = "lineageflow/base"
"""Run tag: the commit that the ref meant when many runs were requested at once. It goes first."""
INTO_TAG = "lineageflow/into"
"""Run tag: the branch that the run publishes to. It is made if it is not there."""
PINS_TAG = "lineageflow/pins"
"""Run tag: assets that are read at refs of their own, `shop/rates=v2025, prices=main~2`. It is one tag, as
Dagster lets no tag have an asset key in its name."""
REPLAY_TAG = "lineageflow/replay-of"
"""Run tag: the run whose exact inputs this run reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The two ends of a run's transaction; None leaves the choice to the lake."""

    base: str | None = None
    into: str | None = None
    pins: Mapping[str, str] = field(default_factory=dict)
    """What it reads elsewhere than at its base, as `RunSession` has it."""
    made_from: str | None = None
    """What `into` is made from if it is not there; None: from the base. A base that nobody has published
    is not shown to anybody by that."""


def bounds_of(run: dg.DagsterRun, catalog: Catalog, repository: str, *, defaults: Bounds) -> Bounds:
    """Returns where a run reads and publishes, by its tags, else by `defaults`.

    A run that reads a branch publishes to it unless told otherwise. One that reads a tag or a commit has to
    be told, or what is made from old data would go to the default branch unasked: InvalidInputError.
    """
    pins = tagged_pins(run.tags)
    replayed = run.tags.get(REPLAY_TAG)
    if replayed is not None:
        past = what_it_read(catalog, repository, replayed)
        own = branch_name(f"replay-{replayed}")
        return Bounds(base=past.base, into=run.tags.get(INTO_TAG) or own, pins={**past.pins, **pins})
    base = run.tags.get(BASE_TAG) or run.tags.get(REF_TAG) or defaults.base
    into = run.tags.get(INTO_TAG) or defaults.into
    if base is not None and into is None:
        into = _as_branch(base, catalog, repository)
    return Bounds(base=base, into=into, pins={**defaults.pins, **pins})


def tagged_pins(tags: Mapping[str, str]) -> dict[str, str]:
    """Returns the refs that run tags pin datasets to. Raises InvalidInputError for what names no ref."""
    pins: dict[str, str] = {}
    for pin in filter(None, map(str.strip, tags.get(PINS_TAG, "").split(","))):
        asset, _, ref = map(str.strip, pin.rpartition("="))
        if not asset or not ref:
            raise InvalidInputError(
                f"the run tag {PINS_TAG!r} has {pin!r}; write it as in 'shop/rates=v2025, prices=main~2'"
            )
        pins[asset_dataset(asset)] = ref
    return pins


def asset_dataset(asset: str) -> str:
    """Returns the dataset of an asset whose key is written as people do (`shop/orders`)."""
    return dataset_path(dg.AssetKey.from_user_string(asset).path)


def make_branch(bounds: Bounds, catalog: Catalog, repository: str, *, author: str) -> None:
    """Makes the branch to publish to, if nobody has, at what the run reads: else, at the default branch.

    So a branch deployment, or a replay, sees production's data at once, and production sees nothing of it.
    """
    if bounds.into is not None:
        ensure_branch(catalog, repository, bounds.into, source=bounds.made_from or bounds.base, author=author)


def is_branch(name: str, catalog: Catalog, repository: str) -> bool:
    """Tells whether a ref, as written, is a branch that is there."""
    try:
        catalog.refs.get_ref(repository, name)
    except (RefNotFoundError, InvalidInputError):
        return False
    return True


def resuming(
    bounds: Bounds, run: dg.DagsterRun, tags: Mapping[str, str], catalog: Catalog, repository: str
) -> Bounds:
    """Returns the bounds of a run that executes only some steps of its parent run again.

    It goes on from what the parent left, because the outputs of the steps that it skips are there, and
    publishes where the parent would have: unless it has a `lineageflow/into` of its own, and not the one
    among `tags`, the parent's. They are `bounds` where the parent has no transaction. Raises
    InvalidInputError if its tags ask for another state to be read.
    """
    if run.parent_run_id is None:
        return bounds
    try:
        parent = catalog.transactions.get_transaction(repository, RunId(run.parent_run_id))
    except RunNotFoundError:
        return bounds
    for tag in (REF_TAG, BASE_TAG, REPLAY_TAG):
        if run.tags.get(tag) not in {None, tags.get(tag)}:
            raise InvalidInputError(
                f"the run executes some steps of run {run.parent_run_id} again, so it reads what that left, "
                f"and not what its tag {tag!r} says ({run.tags[tag]!r}); execute all steps to read that, or "
                "launch it without the tag"
            )
    left = parent.tip
    into = run.tags.get(INTO_TAG)
    if into in {None, tags.get(INTO_TAG), parent.into}:
        return replace(bounds, base=left, into=parent.into)
    published = _parted(catalog, repository, parent.into, left)
    return replace(bounds, base=left, into=into, made_from=published)


def _parted(catalog: Catalog, repository: str, branch: str, head: str) -> str | None:
    """Returns what of `head` a branch has had, or the default branch where that one is gone."""
    if not is_branch(branch, catalog, repository):
        branch = catalog.repositories.get_repository(repository).default_branch
    return next(iter(catalog.history.compare(repository, branch, head).bases), None)


def _as_branch(base: str, catalog: Catalog, repository: str) -> str:
    if is_branch(base, catalog, repository):
        return base
    raise InvalidInputError(
        f"the run reads {base!r}, which is not a branch, so its outputs have nowhere to go; name the "
        f"branch to publish to with the run tag {INTO_TAG!r}: it is made if it is not there"
    )
