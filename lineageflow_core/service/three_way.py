"""Three-way merges of commits onto a branch's tip: a merge, and commits done or undone somewhere else.

All are one thing, `tree.merge`, with different corners: to cherry-pick a commit is to merge it with its
parent as the base, and to revert it is to merge its parent with the commit as the base. Nothing is published
here: what comes of it is an Outcome, which a preview shows and an operation publishes, if it may.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.merge import ChangedBy, Conflict, Side, StaleRead
from lineageflow_core.model.names import is_under
from lineageflow_core.model.settings import StaleReads
from lineageflow_core.service.attribution import last_changes, last_writes
from lineageflow_core.service.commit_graph import Parting
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.stale import Brought, find_stale_reads
from lineageflow_core.tree.merge import Choice, Merged, MergeInput, merge_roots, virtual_base
from lineageflow_core.tree.root import EMPTY_ROOT
from lineageflow_core.tree.source import NodeBuffer

_TOLD = 20
"""So many paths are told in a message or in metadata; a preview lists all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What decides conflicts."""

    picks: Mapping[str, Choice] = field(default_factory=dict)
    strategy: Side | None = None
    """Wins where there is no pick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an operation makes of a branch's tip."""

    tip: Commit
    root: str
    """What the branch would hold, with undecided conflicts as it has them."""
    commits: tuple[Commit, ...] = ()
    """What is to be published, oldest first; none changes nothing."""
    sources: tuple[Commit, ...] = ()
    base: CommitId | None = None
    conflicts: tuple[Conflict, ...] = ()
    stale_reads: tuple[StaleRead, ...] = ()
    stale_policy: StaleReads = StaleReads.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a commit says beside its content."""

    author: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    run_id: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one commit did, or undid, between two states, to be done on a tip."""

    source: Commit
    before: str
    """The root that it starts from."""
    after: str
    since: Commit
    """What the tip has beyond this commit's history is later work."""
    makers: Sequence[CommitId]
    """The commits that made the difference, the latest generation first."""
    replaced: frozenset[str]
    """Datasets and partitions that they wrote as one thing."""
    facts: Facts
    written: Mapping[str, frozenset[str]] | None = None
    """Those of them that runs wrote, as `written_by` has it. None: it takes something back, and that goes by
    content alone, whoever wrote it again meanwhile."""


def merge_onto(
    opened: OpenRepository,
    nodes: NodeBuffer,
    tip: Commit,
    theirs: Commit,
    *,
    decisions: Decisions,
    stale_policy: StaleReads,
    facts: Facts,
) -> Outcome:
    """Merges `theirs` into a tip, as one commit. Nothing to merge changes nothing.

    What runs have written on the tip just as it was stands against what another run brings, and gives way to
    what people bring.
    """
    parting = opened.graph.part(tip, theirs)
    base = parting.bases[0].id if parting.bases else None
    if not parting.right:
        return Outcome(tip=tip, root=tip.root, sources=(theirs,), base=base)
    if facts.run_id is None:
        parting = replace(parting, left_written={})
    merged = _merge(opened, nodes, parting, tip, theirs, decisions)
    _check_picks(decisions, [merged])
    stale: tuple[StaleRead, ...] = ()
    if stale_policy is not StaleReads.ALLOW and _is_behind(opened, parting):
        brought = Brought(
            commits=parting.right,
            bases=frozenset(each.root for each in parting.bases),
            before=parting.bases[0].root if parting.bases else EMPTY_ROOT,
            after=theirs.root,
        )
        stale = find_stale_reads(opened, brought, onto=tip.root, others=parting.left)
    metadata = _with_stale(_with_decided(facts.metadata, merged), stale)
    conflicts: tuple[Conflict, ...] = ()
    if merged.conflicts:
        sides = {"ours": parting.left, "theirs": parting.right}
        conflicts = _attributed(nodes, opened.commit, merged, theirs, **sides)
    commit = make_commit(
        parents=[tip, theirs],
        root=merged.result,
        author=facts.author,
        message=facts.message,
        created_at=opened.clock(),
        metadata=metadata,
        run_id=facts.run_id,
    )
    return Outcome(
        tip=tip,
        root=merged.result,
        commits=(commit,),
        sources=(theirs,),
        base=base,
        conflicts=conflicts,
        stale_reads=stale,
        stale_policy=stale_policy,
    )


def apply_steps(
    opened: OpenRepository,
    nodes: NodeBuffer,
    tip: Commit,
    steps: Sequence[Step],
    *,
    decisions: Decisions,
    stale_policy: StaleReads = StaleReads.ALLOW,
) -> Outcome:
    """Does steps on a tip, one after the other: one commit for each that changes something."""
    current = tip
    made: dict[CommitId, Commit] = {}
    done: list[Merged] = []
    conflicts: list[Conflict] = []
    all_stale: list[StaleRead] = []

    def read(commit: CommitId) -> Commit:
        return made.get(commit) or opened.commit(commit)

    for step in steps:
        later = opened.graph.part(step.since, tip)
        sides = MergeInput(
            base=step.before,
            ours=current.root,
            theirs=step.after,
            ours_replaced=later.right_replaced.union(*(commit.replaced for commit in made.values())),
            theirs_replaced=step.replaced,
            theirs_written=step.written or {},
        )
        merged = merge_roots(nodes, sides, decisions.picks, strategy=decisions.strategy)
        done.append(merged)
        if merged.conflicts:
            ours = (*reversed(made), *later.right)
            conflicts += _attributed(nodes, read, merged, step.source, ours=ours, theirs=step.makers)
        if merged.result == current.root:
            continue
        stale: tuple[StaleRead, ...] = ()
        if stale_policy is not StaleReads.ALLOW:
            brought = Brought(
                commits=step.makers, bases=frozenset([step.before]), before=step.before, after=step.after
            )
            stale = find_stale_reads(opened, brought, onto=current.root, others=later.right)
            all_stale += stale
        current = make_commit(
            parents=[current],
            root=merged.result,
            author=step.facts.author,
            message=step.facts.message,
            created_at=opened.clock(),
            metadata=_with_stale(_with_decided(step.facts.metadata, merged), stale),
            run_id=step.facts.run_id,
            replaced=sorted(unit for unit in step.replaced if not _stays(unit, merged)),
        )
        made[current.id] = current
    if made:
        _check_picks(decisions, done)
    return Outcome(
        tip=tip,
        root=current.root,
        commits=tuple(made.values()),
        sources=tuple(step.source for step in steps),
        conflicts=tuple(conflicts),
        stale_reads=tuple(all_stale),
        stale_policy=stale_policy,
    )


def _is_behind(opened: OpenRepository, parting: Parting) -> bool:
    """Tells whether what is brought may have been made from something else than the branch has."""
    # Even if it has all of the branch's history: it may have merged that after its runs had read.
    return bool(parting.left) or any(len(each.parents) > 1 for each in opened.commits(parting.right))


def _check_picks(decisions: Decisions, merges: Sequence[Merged]) -> None:
    """Raises InvalidInputError for a pick without a conflict: misspelt, it would leave one to the strategy.

    Not while conflicts are left: those are told, and hold what is to be picked.
    """
    if any(merged.conflicts for merged in merges):
        return
    decided = {path for merged in merges for path, _ in merged.decided}
    for path in decisions.picks:
        if path not in decided:
            there = _listed(sorted(decided)) or "nothing"
            raise InvalidInputError(
                f"the pick for {path!r} decides nothing, because that is not in conflict; in conflict is "
                f"{there}. Nothing happened; leave the pick out, or mend its path",
                path=path,
            )


def _with_decided(metadata: Mapping[str, str], merged: Merged) -> dict[str, str]:
    """Returns a commit's metadata, and in it how conflicts were decided: a merge that chose should say so."""
    decided = [
        f"{path}={choice.value if isinstance(choice, Side) else 'content'}" for path, choice in merged.decided
    ]
    return {**metadata, "decided": _listed(decided)} if decided else dict(metadata)


def _with_stale(metadata: dict[str, str], stale: Sequence[StaleRead]) -> dict[str, str]:
    return {**metadata, "stale_reads": _listed([read.path for read in stale])} if stale else metadata


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_TOLD]) + (f", and {len(paths) - _TOLD} more" if len(paths) > _TOLD else "")


def _attributed(
    nodes: NodeBuffer,
    read: Callable[[CommitId], Commit],
    merged: Merged,
    source: Commit,
    *,
    ours: Sequence[CommitId],
    theirs: Sequence[CommitId],
) -> tuple[Conflict, ...]:
    """Returns the conflicts with who made each side."""
    mine = _last(nodes, read, ours, {each.path: each.ours != each.base for each in merged.conflicts})
    other = _last(nodes, read, theirs, {each.path: each.theirs != each.base for each in merged.conflicts})
    return tuple(
        replace(
            conflict,
            ours_by=mine.get(conflict.path),
            theirs_by=other.get(conflict.path),
            source=source.id,
        )
        for conflict in merged.conflicts
    )


def _last(
    nodes: NodeBuffer, read: Callable[[CommitId], Commit], side: Sequence[CommitId], paths: Mapping[str, bool]
) -> dict[str, ChangedBy]:
    """Returns, for each path, the side's last commit that changed it, or wrote it where it is as it was."""
    changed = last_changes(nodes, read, side, [path for path, is_changed in paths.items() if is_changed])
    return changed | last_writes(read, side, [path for path, is_changed in paths.items() if not is_changed])


def _stays(unit: str, merged: Merged) -> bool:
    """Tells whether a unit stays what the branch has, because somebody chose that."""
    return any(choice is Side.OURS and is_under(unit, path) for path, choice in merged.decided)


def _merge(
    opened: OpenRepository,
    nodes: NodeBuffer,
    parting: Parting,
    ours: Commit,
    theirs: Commit,
    decisions: Decisions,
) -> Merged:
    scratch = NodeBuffer(opened.nodes)
    sides = _sides(parting, _base_root(opened, scratch, parting.bases), ours.root, theirs.root)
    if len(parting.bases) < 2:
        return merge_roots(nodes, sides, decisions.picks, strategy=decisions.strategy)
    # A virtual base's nodes are for this merge only: they must not reach the pack.
    over_scratch = NodeBuffer(scratch)
    merged = merge_roots(over_scratch, sides, decisions.picks, strategy=decisions.strategy)
    nodes.new.update(over_scratch.new)
    return merged


def _sides(parting: Parting, base: str, ours: str, theirs: str) -> MergeInput:
    return MergeInput(
        base=base,
        ours=ours,
        theirs=theirs,
        ours_replaced=parting.left_replaced,
        theirs_replaced=parting.right_replaced,
        ours_written=parting.left_written,
        theirs_written=parting.right_written,
    )


def _base_root(opened: OpenRepository, scratch: NodeBuffer, bases: Sequence[Commit]) -> str:
    """Returns the root to compare both sides with: that of the base, or of several merged into one."""
    if not bases:
        return EMPTY_ROOT
    root, so_far = bases[0].root, bases[0]
    for other in bases[1:]:
        parting = opened.graph.part(so_far, other)
        inner = _base_root(opened, scratch, parting.bases)
        root = virtual_base(scratch, _sides(parting, inner, root, other.root))
        so_far = make_commit(
            parents=[so_far, other],
            root=root,
            author="",
            message="",
            created_at=other.created_at,
        )
    return root
