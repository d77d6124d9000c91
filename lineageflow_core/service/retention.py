"""What is kept of a repository, and why: roots, the histories of branches as rules have it, and pins.

A commit that a branch leads to stays with its whole tree; rules only decide about the bytes of its objects.
A version of a dataset goes if every branch whose history has it has rules for that dataset, and none of them
keeps it. So what no rule is about is kept for ever, and another rule never takes more than there was.
What a tip or a tag holds, and what is needed to reproduce that, stays whatever rules say.

This is the only place that knows: a collection marks what it is told here, and `explain` looks for one thing
among it. Each commit's parents are read once, and each commit of a history is told once, however many roots
lead to it: the time goes by commits, not by commits times refs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Protocol

from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.settings import RepositorySettings, RetentionRule
from lineageflow_core.service.ancestry import Ancestry
from lineageflow_core.service.batches import in_batches
from lineageflow_core.service.collection_roots import Root, Roots, roots_of
from lineageflow_core.service.id_set import IdSet
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.pins import Pins, pins_of
from lineageflow_core.tree.compare import changed_datasets
from lineageflow_core.tree.root import EMPTY_ROOT

_AT_ONCE = 500
_NODES_AT_ONCE = 256


class Keeper(Protocol):
    """Is told everything that is kept."""

    def whole(self, root: bytes, commit: CommitId, why: str) -> None:
        """All of a commit's content is kept."""
        ...

    def remains(self, root: bytes, commit: CommitId, why: str) -> None:
        """What is left of a commit's content is kept: some may have been gone before anybody held it."""
        ...

    def tree(self, root: bytes, commit: CommitId) -> None:
        """A commit is kept, and which versions it has; whether their content is, is told of each."""
        ...

    def version(self, dataset: str, tree: bytes, why: str) -> None:
        """A version of a dataset is kept."""
        ...

    def past(self, dataset: str, tree: bytes, why: str) -> None:
        """A version's tree is kept, but not for its objects' sake; `why` says which rule lets them go."""
        ...

    def pinned(self, pins: Pins) -> None:
        """Versions are kept, and partitions of versions, because what is live was made from them."""
        ...


@dataclass(frozen=True, slots=True)
class _Facts:
    """Of a commit, what retention needs."""

    root: str
    created_at: datetime
    parents: tuple[CommitId, ...]


def window_of(settings: RepositorySettings) -> timedelta:
    """Returns for how long removed refs, and what was current, are kept in any case."""
    return max(timedelta(days=settings.trash_days), timedelta(hours=settings.grace_hours))


def tell_kept(opened: OpenRepository, keeper: Keeper) -> None:
    """Tells everything that is kept now."""
    settings = opened.settings()
    roots = roots_of(opened, window=window_of(settings))
    _Retention(opened, settings, roots, keeper).tell()


class _Retention:
    def __init__(
        self, opened: OpenRepository, settings: RepositorySettings, roots: Roots, keeper: Keeper
    ) -> None:
        self._opened = opened
        self._settings = settings
        self._roots = roots
        self._keeper = keeper
        self._now = opened.clock()
        self._ancestry = Ancestry(opened)

    def tell(self) -> None:
        live = self._tell_tips()
        by_rules: dict[tuple[RetentionRule, ...], list[tuple[str, CommitId]]] = {}
        for ref in self._roots.branches:
            rules = tuple(r for r in self._settings.retention_rules if fnmatchcase(ref.name, r.branches))
            by_rules.setdefault(rules, []).append((ref.name, ref.commit))
        unlimited = by_rules.pop((), [])
        told: set[CommitId] = set()
        for name, tip in sorted(unlimited, key=lambda each: each[0] != self._opened.info.default_branch):
            behind = self._ancestry.behind([tip], without=told)
            told.update(behind)
            self._tell_whole(behind, f"the history of branch {name!r}, which no rule limits")
        for rules, branches in by_rules.items():
            self._tell_limited(rules, branches)
        self._tell_others()
        self._keeper.pinned(pins_of(self._opened, live))

    def _tell_tips(self) -> list[tuple[str, str]]:
        """Tells what branches and tags are at; returns their names and roots."""
        named = [(f"branch {ref.name!r}", ref.commit) for ref in self._roots.branches]
        named += [(f"tag {ref.name!r}", ref.commit) for ref in self._roots.tags]
        facts = dict(self._facts({commit for _, commit in named}))
        for name, commit in named:
            self._keeper.whole(
                bytes.fromhex(facts[commit].root), commit, f"{name} is at a commit that has it"
            )
        return [(name, facts[commit].root) for name, commit in named]

    def _tell_others(self) -> None:
        """Tells of other roots, and of what only tags and they lead to."""
        for some in in_batches(self._others(), _AT_ONCE):
            facts = dict(self._facts(dict.fromkeys(root.commit for root in some)))
            for root in some:
                self._keeper.remains(bytes.fromhex(facts[root.commit].root), root.commit, root.why)

    def _others(self) -> Iterator[Root]:
        """Yields other roots, each with what it leads to and nothing before it does."""
        told = set(self._ancestry.behind([ref.commit for ref in self._roots.branches]))
        tagged = [Root(ref.commit, f"the history of tag {ref.name!r}") for ref in self._roots.tags]
        for root in (*tagged, *self._roots.others):
            behind = self._ancestry.behind([root.commit], without=told)
            told.update(behind)
            yield from (Root(each, root.why) for each in dict.fromkeys([root.commit, *behind]))

    def _tell_limited(
        self, rules: tuple[RetentionRule, ...], branches: Sequence[tuple[str, CommitId]]
    ) -> None:
        names = ", ".join(repr(name) for name, _ in branches[:3]) + (", ..." if len(branches) > 3 else "")
        tips = [tip for _, tip in branches]
        facts = dict(self._facts(self._ancestry.behind(tips)))
        until = _current_until(facts, self._now)
        self._tell_last(tips, rules, facts)
        recent = self._now - timedelta(hours=self._settings.grace_hours)
        cutoffs = [self._now - timedelta(days=rule.keep_days or 0) for rule in rules]
        seen: dict[frozenset[int], IdSet] = {}
        for some in in_batches(facts.items(), _NODES_AT_ONCE):
            # Read with others: one by one, the questions take longer than the work.
            self._opened.nodes.get_many([bytes.fromhex(fact.root) for _, fact in some])
            for commit, fact in some:
                if until[commit] >= recent:
                    why = f"it was current on branch {names} less than {self._settings.grace_hours} hours ago"
                    self._keeper.whole(bytes.fromhex(fact.root), commit, why)
                    continue
                kept_by = frozenset(
                    number
                    for number, rule in enumerate(rules)
                    if rule.keep_days is not None and until[commit] >= cutoffs[number]
                )
                self._keeper.tree(bytes.fromhex(fact.root), commit)
                for path, tree in self._datasets(fact.root, seen.setdefault(kept_by, IdSet())):
                    self._tell_version(path, tree, rules, kept_by, names)

    def _tell_version(
        self, path: str, tree: bytes, rules: Sequence[RetentionRule], kept_by: frozenset[int], names: str
    ) -> None:
        matching = [number for number, rule in enumerate(rules) if fnmatchcase(path, rule.datasets)]
        if not matching:
            self._keeper.version(path, tree, f"the history of branch {names}: no rule limits {path!r}")
            return
        for number in matching:
            if number in kept_by:
                self._keeper.version(path, tree, f"{describe_rule(rules[number])} keeps it on branch {names}")
                return
        self._keeper.past(path, tree, f"{describe_rule(rules[matching[0]])} lets it go")

    def _tell_last(
        self, tips: Sequence[CommitId], rules: Sequence[RetentionRule], facts: dict[CommitId, _Facts]
    ) -> None:
        """Tells the last versions of each dataset on branches, as many as rules say.

        Goes down all branches at once, so that a commit of several is compared with its parent once.
        """
        limits = [(rule, rule.keep_versions) for rule in rules if rule.keep_versions is not None]
        if not limits:
            return
        for commit, lines in self._ancestry.first_parents(tips):
            parents = facts[commit].parents
            before = facts[parents[0]].root if parents else EMPTY_ROOT
            for path, _, value in changed_datasets(self._opened.nodes, before, facts[commit].root):
                for rule, versions in limits:
                    if value is None or not fnmatchcase(path, rule.datasets):
                        continue
                    wanting = [told for told in lines if told[rule, path] < versions]
                    for told in wanting:
                        told[rule, path] += 1
                    if wanting:
                        why = f"{describe_rule(rule)} keeps it: it is one of the last {versions}"
                        self._keeper.version(path, value.id, why)

    def _tell_whole(self, commits: Iterable[CommitId], why: str) -> None:
        for commit, fact in self._facts(commits):
            self._keeper.whole(bytes.fromhex(fact.root), commit, why)

    def _facts(self, commits: Iterable[CommitId]) -> Iterator[tuple[CommitId, _Facts]]:
        for some in in_batches(commits, _AT_ONCE):
            for each in self._opened.stores.commits.get_many(self._opened.info.id, some).values():
                yield each.id, _Facts(each.root, each.created_at, each.parents)

    def _datasets(self, root: str, seen: IdSet) -> Iterator[tuple[str, bytes]]:
        """Yields the datasets in a root, but for those in nodes that were seen."""
        top = bytes.fromhex(root)
        pending = [top] if seen.add(top) else []
        while pending:
            some = [pending.pop() for _ in range(min(len(pending), _NODES_AT_ONCE))]
            for node in self._opened.nodes.get_many(some):
                children = [node.id_at(at) for at in range(len(node.keys))]
                if node.level == 0:
                    yield from zip(node.keys, children, strict=True)
                else:
                    pending += [child for child in children if seen.add(child)]


def _current_until(facts: dict[CommitId, _Facts], now: datetime) -> dict[CommitId, datetime]:
    """Returns until when each commit was what a branch, or one that was merged into it, was at."""
    until: dict[CommitId, datetime] = {}
    for fact in facts.values():
        for parent in fact.parents:
            until[parent] = max(fact.created_at, until.get(parent, fact.created_at))
    return {commit: until.get(commit, now) for commit in facts}


def describe_rule(rule: RetentionRule) -> str:
    """Returns a rule in words."""
    said = [f"{rule.keep_days} days"] if rule.keep_days is not None else []
    said += [f"{rule.keep_versions} versions"] if rule.keep_versions is not None else []
    return f"the rule for branches {rule.branches!r} and datasets {rule.datasets!r} ({', '.join(said)})"
