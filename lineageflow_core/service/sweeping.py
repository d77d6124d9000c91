"""Sweeping: what a collection does with what it did not mark. See `collection.py` for why that is safe.

Each step may be repeated, by this collection or a later one, and leaves nothing that a later one cannot
finish. Things go in batches: rows, then the move into the trash, then the rows again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.collection import (
    Collected,
    CollectedGroup,
    CollectedState,
    Collection,
    ContentKind,
)
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import every
from lineageflow_core.model.transfer import ImportState
from lineageflow_core.service.batches import in_batches
from lineageflow_core.service.marking import Marked, dead_objects, is_digest
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.store.ports import NodeLocation, StoredContent
from lineageflow_core.tree.pack import COMMIT, COPY, REFERENCE, read_records

T = TypeVar("T")

UNNAMED = "nothing leads to it"
_AT_ONCE = 1000


class Sweep:
    """One pass over what is stored; `collection` is None where nothing is to be done, only told."""

    def __init__(self, opened: OpenRepository, marked: Marked, *, collection: int | None) -> None:
        self._opened = opened
        self._marked = marked
        self._collection = collection
        self._settings = opened.settings()
        self._trash = opened.content.trash
        self._rows = opened.stores.collections
        self._repository = opened.info.id
        self._now = self._trash.now()
        self._trashed = _Groups()
        self._purged = _Groups()
        self._counts: Counter[str] = Counter()
        self._live_packs: set[str] = set()

    def run(self) -> Collection:
        """Brings back what is needed, purges what was in the trash for long, trashes what is dead."""
        self._live_packs = self._packs_of_live_nodes() | self._packs_of_running_imports()
        self._bring_back()
        self._purge()
        for kind in ContentKind:
            self._discard(kind)
        return Collection(
            collection=self._collection,
            trashed=self._trashed.all(),
            purged=self._purged.all(),
            recalled=self._counts["recalled"],
            kept=self._counts["kept"],
            kept_size=self._counts["kept size"],
            young=self._counts["young"],
        )

    def _bring_back(self) -> None:
        """Takes what is needed out of the trash, and what lies there without being known to."""
        for kind, needed in self._by_kind(self._in_trash(), self._is_live):
            self._counts["recalled"] += len(needed)
            if self._collection is not None:
                ids = [each.id for each in needed]
                self._rows.spare(self._repository, ids)
                self._trash.recall(kind, ids)
        if self._collection is None:
            return
        for some in in_batches(self._trash.list(), _AT_ONCE):
            rows = self._rows.get(self._repository, [each.id for each in some])
            for each in some:
                row = rows.get(each.id)
                if row is None or row.collection != each.collection or row.state is CollectedState.LEAVING:
                    # Whoever moved it died, or somebody took its row away to use it.
                    self._trash.recall(each.kind, [each.id])
                elif row.state is CollectedState.PURGED:
                    self._trash.purge(each.kind, [each.id], collection=each.collection)

    def _purge(self) -> None:
        """Deletes for good what was in the trash for long enough, and is not needed still."""
        until = self._now - timedelta(days=self._settings.trash_days)

        def is_due(row: Collected) -> bool:
            is_older = self._collection is None or row.collection < self._collection
            return is_older and row.at is not None and row.at <= until and not self._is_live(row)

        for _, due in self._by_kind(self._in_trash(CollectedState.TRASHED), is_due):
            gone = {each.id for each in due}
            if self._collection is not None:
                gone = self._rows.purge(self._repository, sorted(gone), collection=self._collection)
            for each in due:
                if each.id in gone:
                    self._purged.add(each)
                    if self._collection is not None:
                        self._trash.purge(each.kind, [each.id], collection=each.collection)

    def _discard(self, kind: ContentKind) -> None:
        """Moves what is dead, and not young, into the trash."""
        reasons = dead_objects(self._opened.nodes, self._marked) if kind is ContentKind.OBJECT else {}
        young = self._now - timedelta(hours=self._settings.grace_hours)
        for some in in_batches(self._dead(kind, young), _AT_ONCE):
            things = [self._condemned(each, reasons) for each in some]
            for each in things:
                self._trashed.add(each)
            if self._collection is not None:
                ids = [each.id for each in things]
                self._rows.condemn(self._repository, things)
                self._trash.discard(kind, ids, collection=self._collection)
                self._rows.confirm(self._repository, ids, collection=self._collection, at=self._now)

    def _dead(self, kind: ContentKind, young: datetime) -> Iterator[StoredContent]:
        for each in self._trash.list_stored(kind):
            if not is_digest(each.id):
                continue  # what somebody else put there is left alone
            is_live = self._is_live(each)
            if kind is ContentKind.OBJECT and is_live:
                self._counts["kept"] += 1
                self._counts["kept size"] += each.size
            if is_live:
                continue
            if each.modified_at > young:
                self._counts["young"] += kind is ContentKind.OBJECT
            elif kind is ContentKind.OBJECT or not self._has_live_commit(each):
                yield each

    def _condemned(self, thing: StoredContent, reasons: dict[bytes, tuple[str, str]]) -> Collected:
        dataset, reason = reasons.get(bytes.fromhex(thing.id), (None, UNNAMED))
        return Collected(
            kind=thing.kind,
            id=thing.id,
            state=CollectedState.LEAVING,
            size=thing.size,
            collection=self._collection or 0,
            reason=reason,
            dataset=dataset,
        )

    def _is_live(self, thing: StoredContent | Collected) -> bool:
        if thing.kind is ContentKind.OBJECT:
            return bytes.fromhex(thing.id) in self._marked.objects
        return thing.id in self._live_packs

    def _has_live_commit(self, pack: StoredContent) -> bool:
        """Tells whether a pack has a live commit or imported object: all can be rebuilt from packs."""
        try:
            content = self._opened.content.read_pack(pack.id, 0, pack.size)
            records = list(read_records(content))
        except IntegrityError:
            return True  # nothing that is not understood is taken
        return any(
            CommitId(digest.hex()) in self._marked.commits
            if kind == COMMIT
            else kind in {REFERENCE, COPY} and digest in self._marked.objects
            for kind, digest, _, _ in records
        )

    def _packs_of_running_imports(self) -> set[str]:
        imports = self._opened.stores.imports
        listed = every(lambda after, limit: imports.list(self._repository, after=after, limit=limit))
        return {pack.id for each in listed if each.state is ImportState.RUNNING for pack in each.packs}

    def _packs_of_live_nodes(self) -> set[str]:
        return {each.pack_id for each in locations(self._opened, self._marked.nodes)}

    def _in_trash(self, *states: CollectedState) -> Iterator[Collected]:
        asked = states or (CollectedState.LEAVING, CollectedState.TRASHED)
        return every(
            lambda after, limit: self._rows.list(self._repository, states=asked, after=after, limit=limit)
        )

    def _by_kind(
        self, rows: Iterable[Collected], wanted: Callable[[Collected], bool]
    ) -> Iterator[tuple[ContentKind, Sequence[Collected]]]:
        """Yields the rows that are wanted, in batches of one kind."""
        found = [row for row in rows if wanted(row)]
        for kind in ContentKind:
            for some in in_batches((row for row in found if row.kind is kind), _AT_ONCE):
                yield kind, some


class _Groups:
    """Counts things by dataset, reason and kind."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str | None, str, ContentKind]] = Counter()
        self._sizes: Counter[tuple[str | None, str, ContentKind]] = Counter()

    def add(self, thing: Collected) -> None:
        """Counts one."""
        group = (thing.dataset, thing.reason, thing.kind)
        self._counts[group] += 1
        self._sizes[group] += thing.size

    def all(self) -> tuple[CollectedGroup, ...]:
        """Returns the groups, the largest first."""
        ordered = sorted(self._counts, key=lambda group: (-self._sizes[group], group[1], group[0] or ""))
        return tuple(
            CollectedGroup(
                dataset=group[0],
                reason=group[1],
                kind=group[2],
                count=self._counts[group],
                size=self._sizes[group],
            )
            for group in ordered
        )


def locations(opened: OpenRepository, nodes: Iterable[bytes]) -> Iterator[NodeLocation]:
    """Yields where nodes lie."""
    for some in in_batches(nodes, _AT_ONCE):
        yield from opened.stores.commits.locate(opened.info.id, some).values()
