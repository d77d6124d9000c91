"""Making commits, and reading and comparing what they made."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from lineageflow_core.errors import RefMovedError
from lineageflow_core.model.branch import Comparison
from lineageflow_core.model.change import Change, ChangeKind, check_change
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.commit_filter import CommitFilter
from lineageflow_core.model.diff import DatasetDiff, DiffEntry
from lineageflow_core.model.ids import CommitId, RunId, parse_run_id
from lineageflow_core.model.instants import in_utc
from lineageflow_core.model.names import check_folder, check_path, parents_of
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.text import check_text
from lineageflow_core.model.versions import PathVersion
from lineageflow_core.service.log import compare, graph, list_versions, log
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.paging import page_of
from lineageflow_core.service.writing import check_uploaded, move_branch, writable
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import changed_among, diff_datasets, diff_objects
from lineageflow_core.tree.moves import MOST_PAIRED, datasets_with_moves, diff_with_moves
from lineageflow_core.tree.root import join
from lineageflow_core.tree.source import NodeBuffer

_MOST_PUT = 1000
"""Of so many files a commit may tell that a run put them as they were. Whoever merges it reads all of it."""


class HistoryService:
    """Implements `catalog.History` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def commit(
        self,
        repository: str,
        branch: str,
        changes: Sequence[Change],
        *,
        author: str,
        message: str,
        metadata: Mapping[str, str] = {},
        run_id: RunId | None = None,
        expected: CommitId | None = None,
        key: str | None = None,
    ) -> Commit:
        opened, ref = self._lake.repository(repository), writable(branch)
        is_run = ref.kind is RefKind.RUN
        run_id = parse_run_id(run_id or ref.name) if run_id is not None or is_run else None
        checked = [check_change(change) for change in changes]
        check_uploaded(opened, [entry for change in checked for entry in change.objects])

        def build(tip: Commit, nodes: NodeBuffer) -> Commit:
            if expected is not None and expected != tip.id:
                _check_untouched(opened, expected, tip, checked)
            edit = RootEdit(nodes, tip.root)
            edit.apply(checked)
            root = edit.finish()
            replaced = edit.replaced
            if is_run:
                replaced |= _put_again(nodes, tip.root, root, checked)
            if root == tip.root and not (is_run and replaced):
                return tip
            return make_commit(
                parents=[tip],
                root=root,
                author=author,
                message=message,
                created_at=self._lake.clock(),
                metadata=metadata,
                run_id=run_id,
                replaced=sorted(replaced),
            )

        return move_branch(opened, ref, "commit", actor=author, key=key, build=build)

    def log(
        self,
        repository: str,
        ref: str,
        *,
        path: str = "",
        author: str | None = None,
        run_id: RunId | None = None,
        message: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        metadata: Mapping[str, str] = {},
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Commit]:
        shown = _filter(
            path=path,
            author=author,
            run_id=run_id,
            message=message,
            since=since,
            until=until,
            metadata=metadata,
        )
        return log(self._lake.repository(repository), ref, shown=shown, after=after, limit=limit)

    def graph(
        self,
        repository: str,
        refs: Sequence[str] = (),
        *,
        path: str = "",
        author: str | None = None,
        run_id: RunId | None = None,
        message: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        metadata: Mapping[str, str] = {},
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Commit]:
        shown = _filter(
            path=path,
            author=author,
            run_id=run_id,
            message=message,
            since=since,
            until=until,
            metadata=metadata,
        )
        return graph(self._lake.repository(repository), refs, shown=shown, after=after, limit=limit)

    def list_versions(
        self, repository: str, ref: str, path: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[PathVersion]:
        opened = self._lake.repository(repository)
        return list_versions(opened, ref, check_path(path), after=after, limit=limit)

    def compare(self, repository: str, left: str, right: str) -> Comparison:
        return compare(self._lake.repository(repository), left, right)

    def diff(
        self,
        repository: str,
        left: str,
        right: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DiffEntry]:
        opened, one, other = self._roots(repository, left, right)
        path = check_folder(path)
        moves = opened.moves(one, other, path=path, most=MOST_PAIRED)
        entries = diff_with_moves(opened.nodes, one, other, moves, path=path, after=after or "")
        return page_of(entries, limit, lambda entry: entry.path)

    def diff_datasets(
        self,
        repository: str,
        left: str,
        right: str,
        *,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DatasetDiff]:
        opened, one, other = self._roots(repository, left, right)
        path = check_folder(path)
        moves = opened.moves(one, other, path=path, most=MOST_PAIRED)
        found = diff_datasets(opened.nodes, one, other, path=path, after=after or "")
        entries = datasets_with_moves(moves, found, path=path)
        return page_of(entries, limit, lambda entry: entry.path)

    def merge_base(self, repository: str, left: str, right: str) -> CommitId | None:
        opened = self._lake.repository(repository)
        bases = opened.graph.merge_bases(opened.resolve(left), opened.resolve(right))
        return bases[0] if bases else None

    def _roots(self, repository: str, left: str, right: str) -> tuple[OpenRepository, str, str]:
        opened = self._lake.repository(repository)
        return opened, opened.resolve(left).root, opened.resolve(right).root


def _filter(
    *,
    path: str,
    author: str | None,
    run_id: RunId | None,
    message: str | None,
    since: datetime | None,
    until: datetime | None,
    metadata: Mapping[str, str],
) -> CommitFilter:
    """Returns which commits are to be shown. Raises InvalidInputError."""
    for text in (author, message, *metadata.keys(), *metadata.values()):
        check_text(text or "")
    return CommitFilter(
        path=check_folder(path),
        author=author,
        run_id=parse_run_id(run_id) if run_id is not None else None,
        message=message,
        since=in_utc(since),
        until=in_utc(until),
        metadata=metadata,
    )


def _check_untouched(
    opened: OpenRepository, expected: CommitId, tip: Commit, changes: Sequence[Change]
) -> None:
    """Raises RefMovedError where others changed, since `expected`, what the changes touch.

    As in a merge, what they replaced they changed as one thing.
    """
    known = opened.resolve(expected)
    replaced = opened.graph.part(known, tip).right_replaced
    touched = {path for change in changes for path in _touched(change)}
    reached = touched | {folder for path in touched for folder in parents_of(path)}
    for entry in diff_objects(opened.nodes, known.root, tip.root):
        above = parents_of(entry.path)
        units = replaced.intersection(above)
        if entry.path in reached or not reached.isdisjoint(units) or not touched.isdisjoint(above):
            raise RefMovedError(
                f"{entry.path!r} was changed by others since {known.id[:8]}, and this commit changes it or "
                f"what it belongs to, too; look at the new tip {tip.id[:8]}, then commit again",
                expected=known.id,
                actual=tip.id,
                path=entry.path,
            )


def _put_again(nodes: NodeBuffer, before: str, after: str, changes: Sequence[Change]) -> set[str]:
    """Returns the files that changes put where they were already: each is a thing that a run wrote.

    None where very many are put at once: who does that keeps a folder up to date, and has not made them.
    """
    puts = (change for change in changes if change.kind is ChangeKind.PUT)
    put = {join(change.path, entry.path) for change in puts for entry in change.objects}
    return put - changed_among(nodes, before, after, put) if len(put) <= _MOST_PUT else set()


def _touched(change: Change) -> Iterator[str]:
    if change.kind is ChangeKind.PUT:
        yield from (join(change.path, entry.path) for entry in change.objects)
    else:
        yield change.path
        if change.target is not None:
            yield change.target
