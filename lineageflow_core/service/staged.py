"""Some of what somebody staged, or all: choosing it, bringing it to a branch's tip, and what is left then."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.model.refs import RefName
from lineageflow_core.service.drafts import base_of, make_draft
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.three_way import Decisions, Facts, Outcome, Step, apply_steps
from lineageflow_core.tree.compare import diff_objects
from lineageflow_core.tree.merge import MergeInput, merge_roots
from lineageflow_core.tree.source import NodeBuffer
from lineageflow_core.tree.transplant import transplant


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Staged changes."""

    base: Commit
    root: str
    """The base with them."""
    replaced: tuple[str, ...]
    paths: frozenset[str] = frozenset()
    """Where they are; none: everywhere."""


def all_of(base: Commit, draft: Commit) -> Chosen:
    """Returns all that is staged."""
    return Chosen(base=base, root=draft.root, replaced=draft.replaced if draft.id != base.id else ())


def choose(opened: OpenRepository, nodes: NodeBuffer, draft: Commit, named: Sequence[str]) -> Chosen:
    """Returns the staged changes at or below some paths; all, if none is named. Raises as `paths_of`."""
    base = base_of(opened, draft)
    if not named:
        return all_of(base, draft)
    paths = paths_of(opened, base, draft, named)
    return Chosen(
        base=base,
        root=transplant(nodes, base.root, draft.root, paths),
        replaced=tuple(unit for unit in draft.replaced if is_in(unit, paths)),
        paths=paths,
    )


def paths_of(opened: OpenRepository, base: Commit, draft: Commit, named: Sequence[str]) -> frozenset[str]:
    """Returns the paths that are named, and the other ends of moves that have one end there.

    What lies in something that is staged as one thing goes with that: where all of it moved from or to a path
    that is named, it goes along. Raises ObjectNotFoundError, and InvalidInputError for a part of what was
    staged as one thing.
    """
    units = set(draft.replaced)
    moves = opened.moves(base.root, draft.root)
    paths = set(named)
    for path in named:
        unit = _unit_of(path, units)
        if unit is not None:
            raise InvalidInputError(
                f"{path!r} is part of {unit!r}, which is staged as one thing; name {unit!r}, or stage "
                "another change to it first",
                path=path,
                unit=unit,
            )
        if next(diff_objects(opened.nodes, base.root, draft.root, path=path), None) is None:
            raise ObjectNotFoundError(
                f"nothing is staged at {path!r}; `lineageflow status` shows what is", path=path
            )
        partners: dict[str, set[str]] = {}
        for one, other in moves.at(path):
            unit = _unit_of(other, units)
            if unit is not None:
                partners.setdefault(unit, set()).add(other)
            elif _unit_of(one, units) is None:
                paths.add(other)
        for unit, moved in partners.items():
            changed = diff_objects(opened.nodes, base.root, draft.root, path=unit)
            if all(entry.path in moved for entry in changed):
                paths.add(unit)
    return frozenset(paths)


def _unit_of(path: str, units: Container[str]) -> str | None:
    """Returns the outermost thing above a path that is staged as one."""
    return next((folder for folder in parents_of(path) if folder in units), None)


def is_in(path: str, folders: Iterable[str]) -> bool:
    """Tells whether a path is or lies in one of these."""
    return any(is_under(path, folder) for folder in folders)


def bring(
    opened: OpenRepository,
    nodes: NodeBuffer,
    tip: Commit,
    draft: Commit,
    chosen: Chosen,
    decisions: Decisions,
    *,
    facts: Facts | None = None,
) -> Outcome:
    """Brings staged changes to a branch's tip, as a cherry-pick brings those of a commit."""
    step = Step(
        source=draft,
        before=chosen.base.root,
        after=chosen.root,
        since=chosen.base,
        makers=[draft.id],
        replaced=frozenset(chosen.replaced),
        written={},
        facts=facts or Facts(author=draft.author, message=draft.message),
    )
    return apply_steps(opened, nodes, tip, [step], decisions=decisions)


def rest_of(
    opened: OpenRepository,
    nodes: NodeBuffer,
    ref: RefName,
    draft: Commit,
    chosen: Chosen,
    *,
    tip: Commit,
    commit: Commit,
) -> Commit:
    """Returns the draft of what is left once the chosen changes are committed on `tip`."""
    if chosen.root == draft.root:
        return commit
    replaced = frozenset(draft.replaced) - frozenset(chosen.replaced)
    later = opened.graph.part(chosen.base, tip)
    sides = MergeInput(
        base=chosen.root,
        ours=commit.root,
        theirs=draft.root,
        ours_replaced=later.right_replaced,
        theirs_replaced=replaced,
    )
    root = merge_roots(nodes, sides, {}).root
    if root is not None:
        return make_draft(opened, ref, base=commit, root=root, replaced=replaced)
    # What others committed is in its way: it stays on the old base until somebody decides.
    root = transplant(nodes, draft.root, chosen.base.root, chosen.paths)
    return make_draft(opened, ref, base=chosen.base, root=root, replaced=replaced)
