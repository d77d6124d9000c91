"""What stands in the way of an operation: how people decide it beforehand, and how they are told of it."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    PathConflictError,
    StaleReadError,
)
from lineageflow_core.model.change import check_change
from lineageflow_core.model.change import replace as replacing
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.merge import Conflict, Pick, Side
from lineageflow_core.model.names import check_path, parents_of
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.settings import StaleReads
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.three_way import Decisions, Outcome
from lineageflow_core.service.writing import check_uploaded
from lineageflow_core.tree.merge import Choice, Placed
from lineageflow_core.tree.root import RootTree, join, object_value

_SHOWN = 5


def decide(opened: OpenRepository, picks: Mapping[str, Pick], strategy: Side | None) -> Decisions:
    """Returns what people chose, looked up.

    Raises RefNotFoundError, ObjectMissingError, InvalidInputError.
    """
    chosen = ((check_path(path), pick) for path, pick in picks.items())
    return Decisions(picks={path: _choice(opened, path, pick) for path, pick in chosen}, strategy=strategy)


def publishable(outcome: Outcome, attempt: str) -> Sequence[Commit]:
    """Returns what is to be published.

    Raises MergeConflictError or StaleReadError, if that is in the way.
    """
    if outcome.conflicts:
        raise conflict_error(outcome.conflicts, attempt)
    if outcome.stale_reads and outcome.stale_policy is StaleReads.FAIL:
        raise StaleReadError(
            f"cannot {attempt}: its runs read {_some([read.path for read in outcome.stale_reads])}, which "
            "the branch has changed since: their outputs are out of date. Nothing happened; run them again "
            "on what the branch has now, or bring them in as they are (`--stale-reads allow`)",
            stale_reads=list(msgspec.to_builtins(outcome.stale_reads)),
        )
    return outcome.commits


def conflict_error(conflicts: Sequence[Conflict], attempt: str) -> MergeConflictError:
    """Returns the error that lists conflicts and says how to decide them."""
    both = _some([conflict.path for conflict in conflicts])
    return MergeConflictError(
        f"cannot {attempt}: both sides changed {both}; nothing happened. Decide each with a pick "
        "(`--pick PATH=theirs`), all of them with a strategy (`--strategy theirs`), or change one side first",
        conflicts=list(msgspec.to_builtins(conflicts)),
    )


def _choice(opened: OpenRepository, path: str, pick: Pick) -> Choice:
    if isinstance(pick, Side):
        return pick
    if pick.ref is None:
        return dict(_uploaded(opened, path, pick.objects))
    if pick.objects:
        raise InvalidInputError(f"the pick for {path!r} has objects and a ref; give one of the two")
    tree = RootTree(opened.nodes, opened.resolve(pick.ref).root)
    return {
        entry.path: Placed(object_value(entry), home.path, home.partition_depth)
        for home, entry in tree.objects_in_datasets(path)
    }


def _uploaded(
    opened: OpenRepository, path: str, entries: Sequence[ObjectEntry]
) -> Iterator[tuple[str, Placed]]:
    change = check_change(replacing(path, entries))
    check_uploaded(opened, change.objects)
    places = {join(change.path, entry.path) for entry in change.objects}
    for entry in change.objects:
        place = join(change.path, entry.path)
        if places.intersection(parents_of(place)):
            raise PathConflictError(
                f"the pick for {path!r} makes a folder of {place!r} an object, too; give one of the two",
                path=place,
            )
        yield place, Placed(object_value(entry), None, 0)


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
