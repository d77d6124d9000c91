"""Collecting what nothing needs any more.

Invariant: nothing that a branch, a tag or any other root leads to is ever deleted, whoever writes meanwhile,
however slow, and whenever a process dies. No lock is held for that, and no clock is trusted. The argument:

1. A collection first takes the next number (`CollectionStore.begin`), and only then looks at what is needed.
2. A publication names the number that was the last when its writer began to look at what is stored, and fails
   if that is not the last any more (the writer then looks again, `OpenRepository.publish`). So it is wholly
   before a collection, which then sees what it made reachable; or its writer looked after the collection had
   begun.
3. What is dead gets a row first, is then moved into the trash of this collection, and then has its row
   confirmed. From the trash a thing is deleted only by a *later* collection, which found it dead again, in
   two steps: its row is made PURGED, in a transaction that fails if a still later collection has begun; then
   its bytes are deleted, from the trash of the collection that moved it and nowhere else. As that collection
   confirmed the row after the move, it never moves the thing there again.
4. A writer that looks takes away the rows of all that its publication makes reachable (`wholeness.py`) and
   brings the things back, or is told that they are gone. So after 2 and 3: if a thing that a publication
   relies on has no row when its writer looks, then only a collection that began since can give it one, and
   only a still later one can delete it, which does not happen before it has seen the publication. If it has
   a row, then the writer and the deletion meet at that row, and one of them is first.
5. So what becomes reachable may be moved into the trash, if a collection marked before and swept after; there
   it is found by all who ask for it, and brought back by whoever does, or by the next collection. It is never
   deleted.

Nodes of trees are collected by the pack, and every publication brings the nodes it needs that its parent has
not, and makes their rows point to its own pack, so that packs die of age; what is live in packs that are
mostly dead is moved into others (`repacking.py`). The rows of nodes in a pack go with the row of the pack, in
one transaction. Commits are never collected, because the log of operations names them; and each that is live
is in a pack that stays, so that history can be rebuilt from packs alone. Where the pack has gone, who makes
the commit reachable again brings it along.

Besides, nothing younger than the grace is touched, by the storage's own clock. That is no part of the
argument; it spares writers the detour. The number of days in the trash is for people who change their minds.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.collection import (
    Collected,
    CollectedState,
    Collection,
    ContentKind,
    Explanation,
    Restored,
    TrashEntry,
    Usage,
)
from lineageflow_core.model.ids import CommitId, parse_object_id
from lineageflow_core.model.page import DEFAULT_LIMIT, Page, every
from lineageflow_core.model.refs import RefKind
from lineageflow_core.service.batches import in_batches
from lineageflow_core.service.explaining import explain
from lineageflow_core.service.marking import mark
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.sweeping import Sweep
from lineageflow_core.tree.read import extent
from lineageflow_core.wire.codec import decode, encode

_AT_ONCE = 1000


class CollectionService:
    """Implements `catalog.Collection` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def plan_collection(self, repository: str) -> Collection:
        return _sweep(self._lake.repository(repository), None)

    def collect(self, repository: str, *, author: str, key: str | None = None) -> Collection:
        opened = self._lake.repository(repository)
        if before := opened.published(key, "collect", None):
            return decode(before.answer, Collection)
        done = _sweep(opened, opened.stores.collections.begin(opened.info.id))
        trashed, purged = (sum(group.count for group in each) for each in (done.trashed, done.purged))
        logged = opened.publish(
            "collect",
            key=key or f"collect:{done.collection}",
            actor=author,
            message=f"{trashed} to the trash, {purged} out of it, {done.recalled} brought back",
            answer=encode(done),
        )
        return decode(logged.answer, Collection)

    def explain(self, repository: str, what: str) -> Explanation:
        return explain(self._lake.repository(repository), what)

    def list_trash(
        self, repository: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[TrashEntry]:
        opened = self._lake.repository(repository)
        last = parse_object_id(after) if after is not None else None
        page = opened.stores.collections.list(
            opened.info.id, states=(CollectedState.TRASHED,), after=last, limit=limit
        )
        days = timedelta(days=opened.settings().trash_days)
        return Page(items=tuple(_entry(row, days) for row in page.items), next=page.next)

    def restore_trash(
        self,
        repository: str,
        *,
        author: str,
        dataset: str | None = None,
        object_id: str | None = None,
        key: str | None = None,
    ) -> Restored:
        opened = self._lake.repository(repository)
        if before := opened.published(key, "restore_trash", None):
            return decode(before.answer, Restored)
        wanted = [
            row
            for row in _in_trash(opened)
            if (dataset is None or row.dataset == dataset) and (object_id is None or row.id == object_id)
        ]
        if object_id is not None and not wanted:
            raise InvalidInputError(
                f"object {object_id[:12]} is not in the trash; "
                f"`lineageflow trash list -R {repository}` shows what is"
            )
        count = size = 0
        for some in in_batches(wanted, _AT_ONCE):
            opened.stores.collections.spare(opened.info.id, [row.id for row in some])
            for kind in ContentKind:
                back = opened.content.trash.recall(kind, [row.id for row in some if row.kind is kind])
                count += len(back)
                size += sum(row.size for row in some if row.id in back)
        logged = opened.publish(
            "restore_trash",
            key=key,
            actor=author,
            message=f"{count} out of the trash",
            answer=encode(Restored(count=count, size=size)),
        )
        return decode(logged.answer, Restored)

    def usage(self, repository: str) -> Usage:
        opened = self._lake.repository(repository)
        stored = [each.size for each in opened.content.trash.list_stored(ContentKind.OBJECT)]
        history = sum(_sizes(opened, _commits(opened)))
        return Usage(
            objects=len(stored),
            stored=sum(stored),
            packs=sum(each.size for each in opened.content.trash.list_stored(ContentKind.PACK)),
            trash=sum(each.size for each in opened.content.trash.list()),
            tips=sum(_sizes(opened, _tips(opened))),
            history=history,
            saved=max(0, history - sum(stored)),
        )


def _sweep(opened: OpenRepository, collection: int | None) -> Collection:
    marked = mark(opened)
    try:
        return Sweep(opened, marked, collection=collection).run()
    finally:
        marked.close()


def _in_trash(opened: OpenRepository) -> list[Collected]:
    states = (CollectedState.LEAVING, CollectedState.TRASHED)
    collections = opened.stores.collections
    return list(
        every(lambda after, limit: collections.list(opened.info.id, states=states, after=after, limit=limit))
    )


def _entry(row: Collected, days: timedelta) -> TrashEntry:
    return TrashEntry(
        kind=row.kind,
        id=row.id,
        size=row.size,
        reason=row.reason,
        dataset=row.dataset,
        collection=row.collection,
        at=row.at,
        until=row.at + days if row.at is not None else None,
    )


def _tips(opened: OpenRepository) -> Iterator[CommitId]:
    """Yields the commit of each branch and tag."""
    refs = opened.stores.refs
    for kind in (RefKind.BRANCH, RefKind.TAG):
        for ref in every(
            lambda after, limit, kind=kind: refs.list(  # type: ignore[misc]  # mypy: cannot infer a lambda
                opened.info.id, kind=kind, prefix="", after=after, limit=limit
            )
        ):
            yield ref.commit


def _commits(opened: OpenRepository) -> list[CommitId]:
    """Returns all commits that branches and tags lead to."""
    tips = list(dict.fromkeys(_tips(opened)))
    return [link.id for link in opened.stores.commits.ancestors(opened.info.id, tips, down_to=0)]


def _sizes(opened: OpenRepository, commits: Iterable[CommitId]) -> Iterator[int]:
    """Yields how many bytes each commit's tree has in all."""
    for some in in_batches(commits, _AT_ONCE):
        found = opened.stores.commits.get_many(opened.info.id, some)
        for commit in some:
            yield extent(opened.nodes, bytes.fromhex(found[commit].root)).size
