"""Reading history: a branch's own commits, all that led to some refs, and how far two refs are apart.

Lists go on behind a commit, which never changes, so a branch may move while someone turns the pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.branch import Comparison
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, RunId, SnapshotId, parse_object_id
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.versions import PathVersion
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.paging import page_of
from lineageflow_core.store.paging import check_limit
from lineageflow_core.store.ports import CommitPlace
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree

_FIRST_BATCH, _BATCH = 32, 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which commits to show: those of which all this is true."""

    author: str | None = None
    run_id: RunId | None = None
    message: str | None = None
    """Text that the message contains, in whatever case."""
    since: datetime | None = None
    until: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What the commit's metadata says, among others."""

    def shows(self, commit: Commit) -> bool:
        """Tells whether a commit is to be shown."""
        return (
            (self.author is None or commit.author == self.author)
            and (self.run_id is None or commit.run_id == self.run_id)
            and (self.message is None or self.message.casefold() in commit.message.casefold())
            and (self.since is None or commit.created_at >= self.since)
            and (self.until is None or commit.created_at < self.until)
            and self.metadata.items() <= commit.metadata.items()
        )


def log(
    opened: OpenRepository, ref: str, *, path: str, shown: LogFilter, after: str | None, limit: int
) -> Page[Commit]:
    """Returns the first parents of `ref` that changed `path` and are to be shown, newest first."""
    check_limit(limit)
    start = _start(opened, ref, after)
    if path:
        commits = changing(opened, start, path)
    elif shown.run_id is not None:
        commits = _made_by(opened, start, shown.run_id)
    else:
        commits = first_parents(opened, start)
    return page_of(filter(shown.shows, commits), limit, lambda commit: commit.id)


def list_versions(
    opened: OpenRepository, ref: str, path: str, *, after: str | None, limit: int
) -> Page[PathVersion]:
    """Returns what the first parents of `ref` made of `path`, newest first."""
    page = page_of(changing(opened, _start(opened, ref, after), path), limit, lambda commit: commit.id)
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


def graph(opened: OpenRepository, refs: Sequence[str], *, after: str | None, limit: int) -> Page[Commit]:
    """Returns all that led to `refs` (none given: to any branch), every commit before its parents."""
    check_limit(limit)
    named = [opened.resolve(ref).id for ref in refs]
    tips = named or opened.stores.refs.tips(opened.info.id, RefKind.BRANCH)
    found = opened.graph.last_first(tips, after=_place(after) if after else None, count=limit + 1)
    page = opened.commits(found[:limit])
    more = len(found) > limit
    return Page(items=tuple(page), next=f"{page[-1].generation}.{page[-1].id}" if more else None)


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


def first_parents(opened: OpenRepository, start: Commit | None) -> Iterator[Commit]:
    """Yields `start` and its first parents, newest first."""
    if start is None:
        return
    yield start
    size = _FIRST_BATCH
    while commits := opened.commits(opened.graph.first_parents(start, size)):
        yield from commits
        start, size = commits[-1], min(2 * size, _BATCH)


def changing(opened: OpenRepository, start: Commit | None, path: str) -> Iterator[Commit]:
    """Yields those of `start` and its first parents that changed something at or below `path`, newest first.

    Costs what changed it, on whatever branch, not what there is. Trees have the last word.
    """
    size, place = _FIRST_BATCH, CommitPlace(start.generation + 1, CommitId("")) if start else None
    while start is not None:
        places = opened.stores.commits.touching(opened.info.id, path, after=place, limit=size)
        for commit in opened.commits(opened.graph.on_line(start, places)):
            start = commit
            if changed(opened, commit, path):
                yield commit
        if len(places) < size:
            return
        size, place = min(2 * size, _BATCH), places[-1]


def _made_by(opened: OpenRepository, start: Commit | None, run_id: RunId) -> Iterator[Commit]:
    """Yields those of `start` and its first parents that a run made, newest first."""
    if start is not None:
        places = opened.stores.commits.made_by(opened.info.id, run_id)
        yield from opened.commits(opened.graph.on_line(start, places))


def changed(opened: OpenRepository, commit: Commit, path: str) -> bool:
    """Tells whether a commit changed something at or below `path`, against its first parent."""
    here = RootTree(opened.nodes, commit.root)
    before = RootTree(opened.nodes, opened.commit(commit.parents[0]).root if commit.parents else EMPTY_ROOT)
    home = here.dataset_at(path)
    if home is not None and home == before.dataset_at(path):
        return False
    # An object's digest is that of its bytes: what else is said of it counts, too.
    now, then = ((tree.digest_below(path), tree.object_at(path)) for tree in (here, before))
    return now != then


def _start(opened: OpenRepository, ref: str, after: str | None) -> Commit | None:
    """Returns where a list begins: at `ref`, or behind a commit of it; None behind the first commit."""
    if after is None:
        return opened.resolve(ref)
    last = opened.resolve(after)
    return opened.commit(last.parents[0]) if last.parents else None


def _content(opened: OpenRepository, commit: Commit, path: str) -> SnapshotId | None:
    digest = RootTree(opened.nodes, commit.root).digest_at(path)
    return SnapshotId(digest) if digest else None


def check_zone(instant: datetime | None) -> datetime | None:
    """Returns an instant, or None. Raises InvalidInputError where it could be any of several."""
    if instant is not None and instant.utcoffset() is None:
        raise InvalidInputError(f"{instant.isoformat()} has no time zone; add one, as in '2026-05-01T00:00Z'")
    return instant


def _place(text: str) -> CommitPlace:
    generation, _, commit = text.partition(".")
    if not generation.isdecimal() or len(generation) > 18:
        raise InvalidInputError(
            f"{text[:100]!r} is not a place in this list: pass the `next` of a page as `after`"
        )
    return CommitPlace(int(generation), CommitId(parse_object_id(commit)))
