"""What becomes of tainted datasets and partitions on one branch.

Invariant: an item is about what the branch holds at the tip that it was made for. Where the bad version is
current, the last clean one comes back. Where people changed it since without replacing it as a whole, what it
is mixed of is told apart file by file: a three-way merge with the bad version as the base.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lineageflow_core.errors import InvalidInputError, PathConflictError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, RunId, SnapshotId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.merge import Side, changed_by
from lineageflow_core.model.names import is_under
from lineageflow_core.model.plan import PlanAction, PlanDecision, PlanItem, PlanReason
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.log import changing
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.rollback_targets import Unit
from lineageflow_core.service.taint import Derived
from lineageflow_core.tree.merge import MergeInput, merge_roots
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree, join
from lineageflow_core.tree.source import NodeBuffer
from lineageflow_core.tree.transplant import transplant

_WHOLLY = (PlanDecision.RESTORE, PlanDecision.SKIP)
_BY_FILE = (PlanDecision.KEEP_LATER, PlanDecision.RESTORE, PlanDecision.SKIP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Work on top of a bad version."""

    commits: tuple[Commit, ...]
    """Newest first."""
    bad_commit: Commit
    """Where the branch last held the bad version."""
    bad: str | None
    """That version; None where nothing was there."""


class BranchItems:
    """Makes the items of one branch."""

    def __init__(
        self,
        opened: OpenRepository,
        branch: str,
        tip: Commit,
        derived: Collection[Derived],
        *,
        jobs: Mapping[RunId, str],
        back_to: Mapping[Unit, Commit],
        mixed: Collection[Version] = (),
    ) -> None:
        """`derived` is what lineage says of this repository. `mixed` are versions with later work in them."""
        self._opened = opened
        self._branch = branch
        self._tip = tip
        self._jobs = jobs
        self._back_to = back_to
        self._derived = sorted(derived, key=lambda found: found.degree)
        self._tree = RootTree(opened.nodes, tip.root)
        self._tainted: dict[Unit, set[str | None]] = {}
        for found in derived:
            if found.tainted and found.version not in mixed:
                self._tainted.setdefault(_unit(found), set()).add(found.version.version)
        self._mixed: dict[Unit, set[str | None]] = {}
        for version in mixed:
            self._mixed.setdefault((version.name, version.partition), set()).add(version.version)
        self._current = {_unit(found): self._tree.digest_at(join(*_unit(found))) for found in derived}

    def mixed(self) -> Iterator[Version]:
        """Yields what was, or is, later work on top of a bad version with some of that still in it."""
        for found in self._derived:
            unit = _unit(found)
            bad = self._tainted.get(unit, set())
            if found.version.version not in bad or self._current[unit] in bad:
                continue
            later = self._later(unit)
            if later is None or later.bad != found.version.version:
                continue
            for place, commit in enumerate(later.commits):
                digest = RootTree(self._opened.nodes, commit.root).digest_at(join(*unit))
                so_far = replace(later, commits=later.commits[place:])
                if self._with_later_work(found, commit, so_far) is not None:
                    yield replace(found.version, version=digest)

    def items(self) -> Iterator[PlanItem]:
        """Yields the items, nearest to what is bad first."""
        settled: set[Unit] = set()
        order = sorted(
            self._derived,
            key=lambda found: (found.degree, found.version.version != self._current[_unit(found)]),
        )
        for found in order:
            unit = _unit(found)
            if unit in settled:
                continue
            current = self._current[unit]
            bad = self._tainted.get(unit, set())
            if found.version.version == current and current in bad:
                settled.add(unit)
                yield self._undo(found)
            elif found.version.version == current and not found.tainted:
                settled.add(unit)
                yield self._keep(found, PlanReason.SAME_CONTENT)
            elif current not in bad and found.version.version in bad:
                later = self._later(unit)
                item = None
                if later is not None and later.bad == found.version.version:
                    item = self._with_later_work(found, self._tip, later)
                if item is not None:
                    settled.add(unit)
                    yield item
                # Of what is not there any more, only the bad run's own outputs are worth a line.
                elif found.degree == 0 and not self._current_is_derived(unit):
                    settled.add(unit)
                    yield self._keep(found, PlanReason.SUPERSEDED)
            elif found.degree == 0 and not found.tainted and not self._current_is_derived(unit):
                settled.add(unit)
                yield self._keep(found, PlanReason.SUPERSEDED)

    def _current_is_derived(self, unit: Unit) -> bool:
        return any(
            _unit(each) == unit and each.version.version == self._current[unit] for each in self._derived
        )

    def _keep(self, found: Derived, reason: PlanReason) -> PlanItem:
        version = found.version
        return PlanItem(
            dataset=version.name,
            partition=version.partition,
            action=PlanAction.KEEP,
            reason=reason,
            degree=found.degree,
            produced_by=found.produced_by,
            job=self._jobs.get(found.produced_by) if found.produced_by else None,
            bad=SnapshotId(version.version) if version.version else None,
            repository=self._opened.info.name,
            branch=self._branch,
            dataset_type=found.dataset_type,
        )

    def _undo(self, found: Derived) -> PlanItem:
        item = self._keep(found, PlanReason.OUTPUT if found.degree == 0 else PlanReason.DERIVED)
        good = self._good(_unit(found), self._tip)
        return decided(_going_back(item, good, item.bad), PlanDecision.RESTORE)

    def _with_later_work(self, found: Derived, tip: Commit, later: Later) -> PlanItem | None:
        """Returns the item for what people changed since it was bad; None if nothing bad is left at `tip`."""
        unit = _unit(found)
        good = self._good(unit, later.bad_commit)
        item = self._keep(found, PlanReason.OUTPUT if found.degree == 0 else PlanReason.DERIVED)
        current = RootTree(self._opened.nodes, tip.root).digest_at(join(*unit))
        item = _going_back(item, good, SnapshotId(current or ""))
        return with_later_work(self._opened, tip, item, later)

    def _later(self, unit: Unit) -> Later | None:
        return later_work(self._opened, self._tip, join(*unit), self._tainted[unit])

    def _good(self, unit: Unit, start: Commit) -> tuple[Commit | None, str | None]:
        """Returns where a unit was last clean before `start`, and what it was."""
        path = join(*unit)
        if unit in self._back_to:
            return self._back_to[unit], RootTree(self._opened.nodes, self._back_to[unit].root).digest_at(path)
        held = self._opened.stores.quarantines.holding(self._opened.info.id, unit[0])
        bad = self._tainted[unit] | {each.snapshot for each in held if each.partition == unit[1]}
        bad |= self._mixed.get(unit, set())
        for commit in changing(self._opened, start, path):
            if not commit.parents:
                break
            before = self._opened.commit(commit.parents[0])
            digest = RootTree(self._opened.nodes, before.root).digest_at(path)
            if digest not in bad:
                return before, digest
        return None, None


def later_work(opened: OpenRepository, tip: Commit, path: str, bad: Collection[str | None]) -> Later | None:
    """Returns the work on top of the last bad content of `path`; None if it was replaced, or never there."""
    commits: list[Commit] = []
    for commit in changing(opened, tip, path):
        digest = RootTree(opened.nodes, commit.root).digest_at(path)
        if digest in bad:
            return Later(commits=tuple(commits), bad_commit=commit, bad=digest) if commits else None
        if digest is None or _replaces(opened, commit, path):
            return None
        commits.append(commit)
    return None


def with_later_work(opened: OpenRepository, tip: Commit, item: PlanItem, later: Later) -> PlanItem | None:
    """Returns an item with what can become of the later work; None if nothing bad is left."""
    item = replace(
        item,
        later=tuple(changed_by(commit) for commit in later.commits),
        bad_commit=later.bad_commit.id,
    )
    nodes = NodeBuffer(opened.nodes)
    try:
        root = kept_later(opened, nodes, tip.root, item)
    except (PathConflictError, InvalidInputError):
        # The layout changed since: file by file there is no telling. Nothing of it is lost unasked.
        return decided(replace(item, choices=_WHOLLY), PlanDecision.SKIP)
    merged = RootTree(nodes, root).digest_at(item.path)
    if merged == item.current:
        return None
    item = replace(item, merged=SnapshotId(merged) if merged else None, choices=_BY_FILE)
    return decided(item, PlanDecision.KEEP_LATER)


def kept_later(opened: OpenRepository, nodes: NodeBuffer, root: str, item: PlanItem) -> str:
    """Returns a root without what the bad version of an item brought, and with the work since.

    Where both changed a file, the later work has it.
    """
    assert item.bad_commit is not None  # there is later work
    good = opened.commit(item.good_commit).root if item.good_commit else EMPTY_ROOT
    sides = MergeInput(
        base=transplant(nodes, root, opened.commit(item.bad_commit).root, [item.path]),
        ours=root,
        theirs=transplant(nodes, root, good, [item.path]),
    )
    return merge_roots(nodes, sides, {}, strategy=Side.OURS).result


def decided(item: PlanItem, decision: PlanDecision) -> PlanItem:
    """Returns an item with a decision. Raises InvalidInputError if it is none of its choices."""
    if decision not in item.choices:
        offered = ", ".join(choice.value.replace("_", "-") for choice in item.choices) or "nothing"
        raise InvalidInputError(
            f"{decision.value.replace('_', '-')} cannot be chosen for {item.path!r}; to choose: {offered}",
            path=item.path,
        )
    actions = {
        PlanDecision.RESTORE: PlanAction.RESTORE if item.good else PlanAction.REMOVE,
        PlanDecision.KEEP_LATER: PlanAction.MERGE,
        PlanDecision.SKIP: PlanAction.SKIP,
    }
    return replace(item, action=actions[decision])


def decide_items(items: Iterable[PlanItem], decisions: Mapping[str, PlanDecision]) -> tuple[PlanItem, ...]:
    """Returns items with the decisions made about them. Raises InvalidInputError for a path that has none."""
    found = list(items)
    for name, decision in decisions.items():
        meant = [index for index, item in enumerate(found) if item.choices and name in _names(item)]
        if not meant:
            choices = ", ".join(item.path for item in found if item.choices) or "nothing"
            raise InvalidInputError(f"there is nothing to decide about {name!r}; there is about: {choices}")
        for index in meant:
            found[index] = decided(found[index], decision)
    return tuple(found)


def _names(item: PlanItem) -> set[str]:
    """Returns what an item can be called."""
    namespace = dataset_namespace(item.repository)
    return {item.path, f"{namespace}/{item.path}", f"{namespace}/@{item.branch}/{item.path}"}


def _going_back(
    item: PlanItem, good: tuple[Commit | None, str | None], current: SnapshotId | None
) -> PlanItem:
    commit, digest = good
    return replace(
        item,
        good=SnapshotId(digest) if digest else None,
        good_commit=CommitId(commit.id) if commit is not None and digest else None,
        current=current,
        choices=_WHOLLY,
    )


def _replaces(opened: OpenRepository, commit: Commit, path: str) -> bool:
    """Tells whether a commit, or what it merged, wrote `path` or what it is in as one thing."""
    units: Collection[str] = commit.replaced
    if len(commit.parents) > 1:
        units = opened.graph.part(opened.commit(commit.parents[0]), commit).right_replaced
    return any(is_under(path, unit) for unit in units)


def _unit(found: Derived) -> Unit:
    return found.version.name, found.version.partition
