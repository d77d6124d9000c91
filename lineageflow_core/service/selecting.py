"""Which commits people mean who name several, and what each of them did or undid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.refs import parse_range
from lineageflow_core.service.commit_graph import written_by
from lineageflow_core.service.log import first_parents
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.three_way import Facts, Step
from lineageflow_core.tree.root import EMPTY_ROOT

Describe = Callable[[Commit], Facts]
"""Says what the commit that does or undoes another one tells beside its content."""


def select(opened: OpenRepository, refs: Sequence[str]) -> Iterator[list[Commit]]:
    """Yields what each ref or range names, the commits of a range oldest first.

    Raises InvalidInputError for a range without commits, RefNotFoundError.
    """
    if not refs:
        raise InvalidInputError("no commits were named; give refs, like 'main~1', or ranges, like 'v1..main'")
    for text in refs:
        ends = parse_range(text)
        if ends is None:
            yield [opened.resolve(text)]
            continue
        if ends.is_symmetric:
            raise InvalidInputError(
                f"the range {text!r} is two lines of commits, which have no order; name one, as in "
                f"'{ends.start}..{ends.end}'"
            )
        start, end = opened.resolve(ends.start), opened.resolve(ends.end)
        line = list(first_parents(opened, end, without=[start]))
        if not line:
            raise InvalidInputError(
                f"the range {text!r} holds no commits: {ends.start} has all that {ends.end} has; "
                "write the older end first"
            )
        yield line[::-1]


def picking_steps(
    opened: OpenRepository, refs: Sequence[str], *, mainline: int, describe: Describe
) -> list[Step]:
    """Returns the steps that do again what these commits did, ranges oldest first."""
    return [
        _doing(opened, commit, mainline, describe(commit))
        for commits in select(opened, refs)
        for commit in commits
    ]


def reverting_steps(
    opened: OpenRepository, refs: Sequence[str], *, mainline: int, describe: Describe
) -> list[Step]:
    """Returns the steps that undo these commits, ranges newest first."""
    return [
        _undoing(opened, commit, mainline, describe(commit))
        for commits in select(opened, refs)
        for commit in reversed(commits)
    ]


def picked(commit: Commit, *, by: str, message: str | None, metadata: Mapping[str, str]) -> Facts:
    """Returns what a cherry-picked commit says: as git has it, who made the change stays its author."""
    traces = {"cherry_picked_from": commit.id, "cherry_picked_by": by}
    return Facts(
        author=commit.author,
        message=message or commit.message,
        metadata={**commit.metadata, **metadata, **traces},
        run_id=commit.run_id,
    )


def reverted(commit: Commit, *, by: str, message: str | None, metadata: Mapping[str, str]) -> Facts:
    """Returns what the commit that reverts another one says."""
    subject = commit.message.partition("\n")[0]
    return Facts(
        author=by, message=message or f'revert "{subject}"', metadata={**metadata, "reverts": commit.id}
    )


def _doing(opened: OpenRepository, commit: Commit, mainline: int, facts: Facts) -> Step:
    parent = _parent(opened, commit, mainline)
    brought = _brought(opened, parent, commit)
    return Step(
        source=commit,
        before=parent.root if parent else EMPTY_ROOT,
        after=commit.root,
        since=parent or commit,
        makers=brought.makers,
        replaced=brought.replaced,
        written=brought.written,
        facts=facts,
    )


def _undoing(opened: OpenRepository, commit: Commit, mainline: int, facts: Facts) -> Step:
    parent = _parent(opened, commit, mainline)
    brought = _brought(opened, parent, commit)
    return Step(
        source=commit,
        before=commit.root,
        after=parent.root if parent else EMPTY_ROOT,
        since=commit,
        makers=brought.makers,
        replaced=brought.replaced,
        facts=facts,
    )


@dataclass(frozen=True, slots=True)
class _Brought:
    makers: Sequence[CommitId]
    """The commits that made what a commit has and its parent has not."""
    replaced: frozenset[str]
    """What they replaced."""
    written: Mapping[str, frozenset[str]]
    """What of that runs wrote, as `written_by` has it."""


def _brought(opened: OpenRepository, parent: Commit | None, commit: Commit) -> _Brought:
    """Returns what `commit` has and `parent` has not.

    Of a merge, that is all that it merged: a run's units are in the commits that its publication brought.
    """
    if parent is None or commit.parents == (parent.id,):
        return _Brought((commit.id,), frozenset(commit.replaced), written_by([commit]))
    parting = opened.graph.part(parent, commit)
    return _Brought(parting.right, parting.right_replaced, parting.right_written)


def _parent(opened: OpenRepository, commit: Commit, mainline: int) -> Commit | None:
    if mainline == 1 and not commit.parents:
        return None
    if not 1 <= mainline <= len(commit.parents):
        raise InvalidInputError(
            f"commit {commit.id[:8]} has no parent number {mainline}; it has {len(commit.parents)}, and only "
            "merges have more than one",
            commit=commit.id,
        )
    return opened.commit(commit.parents[mainline - 1])
