"""Bringing a branch what another place in history has, or taking back what it has itself.

Invariant: an operation and its preview are one computation on the branch's tip; the operation publishes what
came of it, if nothing is in its way, and the preview shows it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.model.merge import BranchPreview, Pick, Side
from lineageflow_core.model.names import check_folder
from lineageflow_core.model.settings import StaleReads
from lineageflow_core.service.conflicts import decide, publishable
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.restoring import Restoration, restore_paths
from lineageflow_core.service.rules import asked_of, refusals, rules_on
from lineageflow_core.service.selecting import picked, picking_steps, reverted, reverting_steps
from lineageflow_core.service.stale import stale_policy
from lineageflow_core.service.three_way import Facts, Outcome, Step, apply_steps, merge_onto
from lineageflow_core.service.writing import move_branch, tip_of, writable
from lineageflow_core.tree.compare import diff_datasets
from lineageflow_core.tree.moves import MOST_PAIRED, datasets_with_moves, find_moves
from lineageflow_core.tree.source import NodeBuffer

Attempt = Callable[[Commit, NodeBuffer], Outcome]
"""Works out what an operation makes of a tip."""
_NOBODY = ""
"""The author of what is only previewed."""


class MergingService:
    """Implements `catalog.Merging` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def merge(
        self,
        repository: str,
        source: str,
        *,
        into: str,
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        stale_reads: StaleReads | None = None,
        run_id: RunId | None = None,
        key: str | None = None,
    ) -> Commit:
        opened = self._lake.repository(repository)
        default = f"merge {_shown(source)} into {into}"
        facts = Facts(
            author=author,
            message=message or default,
            metadata=metadata,
            run_id=parse_run_id(run_id) if run_id is not None else None,
        )
        policy = stale_policy(opened, into, stale_reads)
        attempt = _merging(opened, source, picks, strategy, policy, facts)
        return _make(opened, into, "merge", attempt, author=author, key=key, doing=default)

    def preview_merge(
        self,
        repository: str,
        source: str,
        *,
        into: str,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
    ) -> BranchPreview:
        opened = self._lake.repository(repository)
        policy = stale_policy(opened, into, None)
        facts = Facts(author=_NOBODY, message="")
        attempt = _merging(opened, source, picks, strategy, _shown_under(policy), facts)
        return preview_of(opened, into, "merge", attempt, policy)

    def cherry_pick(
        self,
        repository: str,
        refs: Sequence[str],
        *,
        branch: str,
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        mainline: int = 1,
        stale_reads: StaleReads | None = None,
        key: str | None = None,
    ) -> Commit:
        opened = self._lake.repository(repository)
        describe = partial(picked, by=author, message=message, metadata=metadata)
        steps = partial(picking_steps, opened, refs, mainline=mainline, describe=describe)
        attempt = _stepping(opened, steps, picks, strategy, stale_policy(opened, branch, stale_reads))
        doing = f"cherry-pick {_named(refs)} onto {branch}"
        return _make(opened, branch, "cherry_pick", attempt, author=author, key=key, doing=doing)

    def preview_cherry_pick(
        self,
        repository: str,
        refs: Sequence[str],
        *,
        branch: str,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        mainline: int = 1,
    ) -> BranchPreview:
        opened = self._lake.repository(repository)
        policy = stale_policy(opened, branch, None)
        steps = partial(picking_steps, opened, refs, mainline=mainline, describe=_undescribed)
        attempt = _stepping(opened, steps, picks, strategy, _shown_under(policy))
        return preview_of(opened, branch, "cherry_pick", attempt, policy)

    def revert(
        self,
        repository: str,
        refs: Sequence[str],
        *,
        branch: str,
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        mainline: int = 1,
        key: str | None = None,
    ) -> Commit:
        opened = self._lake.repository(repository)
        describe = partial(reverted, by=author, message=message, metadata=metadata)
        steps = partial(reverting_steps, opened, refs, mainline=mainline, describe=describe)
        attempt = _stepping(opened, steps, picks, strategy)
        doing = f"revert {_named(refs)} on {branch}"
        return _make(opened, branch, "revert", attempt, author=author, key=key, doing=doing)

    def preview_revert(
        self,
        repository: str,
        refs: Sequence[str],
        *,
        branch: str,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        mainline: int = 1,
    ) -> BranchPreview:
        opened = self._lake.repository(repository)
        steps = partial(reverting_steps, opened, refs, mainline=mainline, describe=_undescribed)
        attempt = _stepping(opened, steps, picks, strategy)
        return preview_of(opened, branch, "revert", attempt)

    def reset(
        self,
        repository: str,
        branch: str,
        *,
        to: str,
        path: str = "",
        author: str,
        message: str | None = None,
        metadata: Mapping[str, str] = {},
        key: str | None = None,
    ) -> Commit:
        opened = self._lake.repository(repository)
        checked = check_folder(path)
        doing = f"restore {checked} from" if checked else f"reset {branch} to"

        def describe(source: Commit) -> Facts:
            return Facts(
                author=author, message=message or f"{doing} {_lasting(to, source)}", metadata=metadata
            )

        attempt = _resetting(opened, to, checked, describe)
        return _make(opened, branch, "reset", attempt, author=author, key=key, doing=f"{doing} {_shown(to)}")

    def preview_reset(self, repository: str, branch: str, *, to: str, path: str = "") -> BranchPreview:
        opened = self._lake.repository(repository)
        attempt = _resetting(opened, to, check_folder(path), _undescribed)
        return preview_of(opened, branch, "reset", attempt)


def _merging(
    opened: OpenRepository,
    source: str,
    picks: Mapping[str, Pick],
    strategy: Side | None,
    policy: StaleReads,
    facts: Facts,
) -> Attempt:
    def attempt(tip: Commit, nodes: NodeBuffer) -> Outcome:
        return merge_onto(
            opened,
            nodes,
            tip,
            opened.resolve(source),
            decisions=decide(opened, picks, strategy),
            stale_policy=policy,
            facts=facts,
        )

    return attempt


def _stepping(
    opened: OpenRepository,
    steps: Callable[[], Sequence[Step]],
    picks: Mapping[str, Pick],
    strategy: Side | None,
    policy: StaleReads = StaleReads.ALLOW,
) -> Attempt:
    def attempt(tip: Commit, nodes: NodeBuffer) -> Outcome:
        decisions = decide(opened, picks, strategy)
        return apply_steps(opened, nodes, tip, steps(), decisions=decisions, stale_policy=policy)

    return attempt


def _shown_under(policy: StaleReads) -> StaleReads:
    """Returns how a preview looks for stale reads: it shows them whatever becomes of them."""
    return StaleReads.WARN if policy is StaleReads.ALLOW else policy


def _resetting(opened: OpenRepository, to: str, path: str, describe: Callable[[Commit], Facts]) -> Attempt:
    def attempt(tip: Commit, nodes: NodeBuffer) -> Outcome:
        source = opened.resolve(to)
        facts = describe(source)
        commit = restore_paths(
            opened,
            nodes,
            [Restoration(path=path, source=source)],
            tip=tip,
            author=facts.author,
            message=facts.message,
            metadata={**facts.metadata, "reset_to": source.id},
        )
        made = () if commit.id == tip.id else (commit,)
        return Outcome(tip=tip, root=commit.root, commits=made, sources=(source,))

    return attempt


def _make(
    opened: OpenRepository,
    branch: str,
    operation: str,
    attempt: Attempt,
    *,
    author: str,
    key: str | None,
    doing: str,
) -> Commit:
    def build(tip: Commit, nodes: NodeBuffer) -> Sequence[Commit]:
        return publishable(attempt(tip, nodes), doing)

    return move_branch(opened, writable(branch), operation, actor=author, key=key, build=build)


def preview_of(
    opened: OpenRepository,
    branch: str,
    operation: str,
    attempt: Attempt,
    policy: StaleReads = StaleReads.ALLOW,
) -> BranchPreview:
    """Returns what an operation would do to a branch now."""
    nodes, ref = NodeBuffer(opened.nodes), writable(branch)
    outcome = attempt(tip_of(opened, ref).commit, nodes)
    rules = rules_on(opened, ref)
    asked = asked_of(rules, operation)
    refused = (
        str(refusal)
        for commit in outcome.commits
        for refusal in refusals(opened, rules, branch, operation, commit=commit)
    )
    before, after = outcome.tip.root, outcome.root
    moves = find_moves(nodes, before, after, most=MOST_PAIRED)
    return BranchPreview(
        branch=branch,
        head=outcome.tip.id,
        sources=tuple(commit.id for commit in outcome.sources),
        base=outcome.base,
        up_to_date=not outcome.commits and not outcome.conflicts,
        datasets=tuple(datasets_with_moves(moves, diff_datasets(nodes, before, after))),
        conflicts=outcome.conflicts,
        stale_reads=outcome.stale_reads,
        stale_policy=policy,
        refusals=tuple(dict.fromkeys(refused)),
        required_metadata=asked.metadata,
        writers=asked.writers,
    )


def _undescribed(_commit: Commit) -> Facts:
    return Facts(author=_NOBODY, message="")


def _shown(ref: str) -> str:
    """Returns a ref as a message tells it: a commit's id is cut short."""
    return ref[:8] if len(ref) == 64 else ref


def _lasting(ref: str, commit: Commit) -> str:
    """Returns a ref as a message tells it for good: one that counts from now comes with its commit."""
    return f"{ref} ({_shown(commit.id)})" if "~" in ref or "@" in ref else _shown(ref)


def _named(refs: Sequence[str]) -> str:
    return ", ".join(_shown(ref) for ref in refs)
