"""What becomes of tainted datasets and partitions on one branch.

Invariant: an item is about what the branch holds at the tip that it was made for. Where the bad version is
current, the last clean one comes back. Where people changed it since without replacing it as a whole, what is
bad is told apart from their work (`later_work.py`).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, RunId, SnapshotId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.plan import PlanAction, PlanDecision, PlanItem, PlanReason
from lineageflow_core.service.later_work import Later, all_later_work, later_work, with_later_work
from lineageflow_core.service.log import changing
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.plan_decisions import WHOLLY, decided
from lineageflow_core.service.rollback_targets import Unit
from lineageflow_core.service.taint import Derived
from lineageflow_core.tree.root import RootTree, join


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
        """Yields what was, or is, later work on top of a bad version with some of that still in it.

        Also what was replaced since: somebody may have made something of it before.
        """
        for found in self._derived:
            unit = _unit(found)
            if found.version.version in self._tainted.get(unit, ()):
                for later in self._worked_on[unit]:
                    if later.bad == found.version.version:
                        yield from self._mixtures(found, later)

    @cached_property
    def _worked_on(self) -> dict[Unit, list[Later]]:
        return {
            unit: list(all_later_work(self._opened, self._tip, join(*unit), bad))
            for unit, bad in self._tainted.items()
        }

    def _mixtures(self, found: Derived, later: Later) -> Iterator[Version]:
        for place, commit in enumerate(later.commits):
            so_far = replace(later, commits=later.commits[place:])
            if self._with_later_work(found, commit, so_far) is not None:
                digest = RootTree(self._opened.nodes, commit.root).digest_at(join(*_unit(found)))
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


def _going_back(
    item: PlanItem, good: tuple[Commit | None, str | None], current: SnapshotId | None
) -> PlanItem:
    commit, digest = good
    return replace(
        item,
        good=SnapshotId(digest) if digest else None,
        good_commit=CommitId(commit.id) if commit is not None and digest else None,
        current=current,
        choices=WHOLLY,
    )


def _unit(found: Derived) -> Unit:
    return found.version.name, found.version.partition
