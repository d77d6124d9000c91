"""Reading history: a branch's own commits, all that led to some refs, and how far two refs are apart.

Lists go on behind a commit, which never changes, so a branch may move while someone turns the pages. What
narrows a list down is asked of the store, which names candidates in the list's order; the graph tells which
of them belong to it, and only those are read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.branch import Comparison
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.commit_filter import CommitFilter
from lineageflow_core.model.ids import CommitId, SnapshotId, parse_object_id
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import RefKind, parse_range
from lineageflow_core.model.versions import PathVersion
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.paging import page_of
from lineageflow_core.store.paging import check_limit
from lineageflow_core.store.ports import CommitPlace
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree

_FIRST_BATCH, _BATCH = 32, 1024
_PLACES = 16 * _BATCH
"""Candidates that are asked for at once, at most: they are places, not commits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a log is of: some commits and what led to them, without others and what led to these."""

    tips: tuple[Commit, ...]
    without: tuple[Commit, ...] = ()


def span_of(opened: OpenRepository, text: str) -> Span:
    """Returns what a ref or a range means, as in git (https://git-scm.com/docs/gitrevisions).

    `a..b` is what `b` has and `a` has not, `a...b` what only one of them has. Raises RefNotFoundError.
    """
    ends = parse_range(text)
    if ends is None:
        return Span(tips=(opened.resolve(text),))
    start, end = opened.resolve(ends.start), opened.resolve(ends.end)
    if not ends.is_symmetric:
        return Span(tips=(end,), without=(start,))
    return Span(tips=(start, end), without=tuple(opened.commits(opened.graph.merge_bases(start, end))))


def log(
    opened: OpenRepository, ref: str, *, shown: CommitFilter, after: str | None, limit: int
) -> Page[Commit]:
    """Returns the first parents of `ref`, or of a range's ends, that are to be shown, newest first."""
    check_limit(limit)
    span = span_of(opened, ref)
    lines = [_line(opened, start, shown, span.without) for start in _starts(opened, span, after)]
    return page_of(merge(*lines, key=_place_of, reverse=True), limit, lambda commit: commit.id)


def list_versions(
    opened: OpenRepository, ref: str, path: str, *, after: str | None, limit: int
) -> Page[PathVersion]:
    """Returns what the first parents of `ref` made of `path`, newest first."""
    page = log(opened, ref, shown=CommitFilter(path=path), after=after, limit=limit)
    recorded = opened.stores.commits.snapshots_after(
        opened.info.id, path, [commit.id for commit in page.items]
    )
    versions = (
        PathVersion(
            commit=commit.id,
            snapshot=recorded[commit.id] if commit.id in recorded else _content(opened, commit, path),
            author=commit.author,
            message=commit.message,
            created_at=commit.created_at,
            run_id=commit.run_id,
        )
        for commit in page.items
    )
    return Page(items=tuple(versions), next=page.next)


def graph(
    opened: OpenRepository, refs: Sequence[str], *, shown: CommitFilter, after: str | None, limit: int
) -> Page[Commit]:
    """Returns all that led to `refs` (none given: to any branch) and is to be shown, parents last."""
    check_limit(limit)
    spans = [span_of(opened, ref) for ref in refs]
    tips = [tip.id for span in spans for tip in span.tips] or opened.stores.refs.tips(
        opened.info.id, RefKind.BRANCH
    )
    without = [commit.id for span in spans for commit in span.without]
    place = _parse_place(after) if after else None
    if shown.shows_all:
        last_first = opened.graph.last_first(tips, without=without, after=place, count=limit + 1)
        found = iter(opened.commits(last_first))
    else:
        batches = _candidates(opened, shown, place)
        commits = _read(opened, opened.graph.among(tips, batches, without=without))
        found = (each for each in commits if shown.admits(each) and _made_change(opened, each, shown.path))
    return page_of(found, limit, lambda commit: f"{commit.generation}.{commit.id}")


def compare(opened: OpenRepository, left: str, right: str) -> Comparison:
    """Returns how two refs stand to one another."""
    one, other = opened.resolve(left), opened.resolve(right)
    [(ahead, behind)] = opened.graph.ahead_behind([other], one)
    return Comparison(
        left=one.id,
        right=other.id,
        bases=tuple(opened.graph.merge_bases(one, other)),
        ahead=ahead,
        behind=behind,
    )


def first_parents(
    opened: OpenRepository, start: Commit, *, without: Sequence[Commit] = ()
) -> Iterator[Commit]:
    """Yields `start` and its first parents, newest first, before the history of the commits `without`."""
    if without and opened.graph.leads_to(start, without):
        return
    yield start
    size = _FIRST_BATCH
    while commits := opened.commits(opened.graph.first_parents(start, size, without=without)):
        yield from commits
        start, size = commits[-1], min(2 * size, _BATCH)


def changing(opened: OpenRepository, start: Commit, path: str) -> Iterator[Commit]:
    """Yields those of `start` and its first parents that changed something at or below `path`, newest first.

    Costs what changed it, on whatever branch, not what there is. Trees have the last word.
    """
    return _line(opened, start, CommitFilter(path=path), ())


def changed(opened: OpenRepository, commit: Commit, path: str) -> bool:
    """Tells whether a commit changed something at or below `path`, against its first parent."""
    parent = opened.commit(commit.parents[0]) if commit.parents else None
    return _differ(opened, commit, parent, path)


def _line(
    opened: OpenRepository, start: Commit, shown: CommitFilter, without: Sequence[Commit]
) -> Iterator[Commit]:
    """Returns those of `start` and its first parents that are to be shown."""
    if shown.shows_all:
        return first_parents(opened, start, without=without)
    batches = _candidates(opened, shown, CommitPlace(start.generation + 1, CommitId("")))
    commits = _read(opened, opened.graph.on_line(start, batches, without=without))
    admitted = filter(shown.admits, commits)
    return (commit for commit in admitted if not shown.path or changed(opened, commit, shown.path))


def _candidates(
    opened: OpenRepository, shown: CommitFilter, after: CommitPlace | None
) -> Iterator[list[CommitPlace]]:
    size, places = _FIRST_BATCH, [after] if after else []
    while size:
        last = places[-1] if places else None
        places = opened.stores.commits.candidates(opened.info.id, shown, after=last, limit=size)
        yield places
        size = min(2 * size, _PLACES) if len(places) == size else 0


def _read(opened: OpenRepository, commits: Iterator[CommitId]) -> Iterator[Commit]:
    """Reads commits, more and more at once."""
    size = _FIRST_BATCH
    while some := list(islice(commits, size)):
        yield from opened.commits(some)
        size = min(2 * size, _BATCH)


def _made_change(opened: OpenRepository, commit: Commit, path: str) -> bool:
    """Tells whether a commit is where `path` became what it is: a merge that took one side's is not."""
    parents: Iterable[Commit | None] = opened.commits(commit.parents) or [None]
    return not path or all(_differ(opened, commit, parent, path) for parent in parents)


def _differ(opened: OpenRepository, commit: Commit, parent: Commit | None, path: str) -> bool:
    here = RootTree(opened.nodes, commit.root)
    before = RootTree(opened.nodes, parent.root if parent else EMPTY_ROOT)
    home = here.dataset_at(path)
    if home is not None and home == before.dataset_at(path):
        return False
    # An object's digest is that of its bytes: what else is said of it counts, too.
    now, then = ((tree.digest_below(path), tree.object_at(path)) for tree in (here, before))
    return now != then


def _starts(opened: OpenRepository, span: Span, after: str | None) -> list[Commit]:
    """Returns where the lines of a log begin: at the tips, or behind a commit."""
    if after is None:
        return list(span.tips)
    last = opened.resolve(after)
    if len(span.tips) == 1:
        return opened.commits(last.parents[:1])
    starts = (opened.graph.behind(tip, _place_of(last)) for tip in span.tips)
    return opened.commits([start for start in starts if start is not None])


def _content(opened: OpenRepository, commit: Commit, path: str) -> SnapshotId | None:
    digest = RootTree(opened.nodes, commit.root).digest_at(path)
    return SnapshotId(digest) if digest else None


def _place_of(commit: Commit) -> CommitPlace:
    return CommitPlace(commit.generation, commit.id)


def _parse_place(text: str) -> CommitPlace:
    generation, _, commit = text.partition(".")
    if not generation.isdecimal() or len(generation) > 18:
        raise InvalidInputError(
            f"{text[:100]!r} is not a place in this list: pass the `next` of a page as `after`"
        )
    return CommitPlace(int(generation), CommitId(parse_object_id(commit)))
