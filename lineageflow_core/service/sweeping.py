"""Sweeping: what a collection does with what it did not mark. See `collection.py` for why that is safe.

Each step may be repeated, by this collection or a later one, and leaves nothing that a later one cannot
finish. Things go in batches: rows, then the move into the trash, then the rows again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import TypeVar

from lineageflow_core.errors import IntegrityError, ObjectMissingError
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
from lineageflow_core.service.repacking import repack, sparse_packs
from lineageflow_core.store.ports import NodeLocation, StoredContent
from lineageflow_core.tree.pack import COMMIT, COPY, OVERHEAD, REFERENCE, read_records

T = TypeVar("T")

UNNAMED = "nothing leads to it"
REWRITTEN = "little of it was live, and that is in another pack now"
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
        self._young = self._now - timedelta(hours=self._settings.grace_hours)
        self._trashed = _Groups()
        self._purged = _Groups()
        self._counts: Counter[str] = Counter()
        self._live_packs: Counter[str] = Counter()
        """Packs that are needed, and how many bytes of them are; 0: it is not known."""
        self._rewritten: set[str] = set()
        """Packs out of which everything live was taken, or would be."""

    def run(self) -> Collection:
        """Brings back what is needed, purges what was in the trash for long, trashes what is dead."""
        self._find_live_packs()
        self._bring_back()
        self._purge()
        self._repack()
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
            repacked=len(self._rewritten),
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

    def _repack(self) -> None:
        """Takes what is live out of packs that are mostly dead."""
        old = (each for each in self._trash.list_stored(ContentKind.PACK) if each.modified_at <= self._young)
        sparse = sparse_packs(old, self._live_packs)
        if self._collection is None:
            self._rewritten.update(each.id for each in sparse)
        else:
            for packs, new in repack(self._opened, self._marked, sparse, collection=self._collection):
                self._rewritten.update(packs)
                self._live_packs[new] = 0
        for each in self._rewritten:
            del self._live_packs[each]

    def _discard(self, kind: ContentKind) -> None:
        """Moves what is dead, and not young, into the trash."""
        reasons = dead_objects(self._opened.nodes, self._marked) if kind is ContentKind.OBJECT else {}
        for some in in_batches(self._dead(kind), _AT_ONCE):
            things = [self._condemned(each, reasons) for each in some]
            for each in things:
                self._trashed.add(each)
            if self._collection is not None:
                ids = [each.id for each in things]
                self._rows.condemn(self._repository, things)
                self._trash.discard(kind, ids, collection=self._collection)
                self._rows.confirm(self._repository, ids, collection=self._collection, at=self._now)

    def _dead(self, kind: ContentKind) -> Iterator[StoredContent]:
        for each in self._trash.list_stored(kind):
            if not is_digest(each.id):
                continue  # what somebody else put there is left alone
            is_live = self._is_live(each)
            if kind is ContentKind.OBJECT and is_live:
                self._counts["kept"] += 1
                self._counts["kept size"] += each.size
            if is_live:
                continue
            if each.modified_at > self._young:
                self._counts["young"] += kind is ContentKind.OBJECT
            elif kind is ContentKind.OBJECT or each.id in self._rewritten or not self._is_only_home(each):
                yield each

    def _condemned(self, thing: StoredContent, reasons: dict[bytes, tuple[str, str]]) -> Collected:
        unnamed = REWRITTEN if thing.id in self._rewritten else UNNAMED
        dataset, reason = reasons.get(bytes.fromhex(thing.id), (None, unnamed))
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

    def _is_only_home(self, pack: StoredContent) -> bool:
        """Tells whether a live commit or imported object is nowhere else: all can be rebuilt from packs."""
        try:
            content = self._opened.content.read_pack(pack.id, 0, pack.size)
            records = list(read_records(content))
        except (IntegrityError, ObjectMissingError):
            return True  # nothing that is not understood is taken, or that a later collection has taken
        if any(kind in {REFERENCE, COPY} and each in self._marked.objects for kind, each, _, _ in records):
            return True
        commits = [each for kind, each, _, _ in records if kind == COMMIT]
        live = [each for each in commits if CommitId(each.hex()) in self._marked.commits]
        # Of commits of earlier versions it is not known where they lie: here, and maybe nowhere else.
        return sum(1 for _ in locations(self._opened, live)) < len(live)

    def _find_live_packs(self) -> None:
        commits = (bytes.fromhex(commit) for commit in self._marked.commits)
        for node in locations(self._opened, chain(self._marked.nodes, commits)):
            self._live_packs[node.pack_id] += OVERHEAD + node.length
        imports = self._opened.stores.imports
        for each in every(lambda after, limit: imports.list(self._repository, after=after, limit=limit)):
            if each.state is ImportState.RUNNING:
                self._live_packs.update(dict.fromkeys((pack.id for pack in each.packs), 0))

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
    """Yields where nodes and commits lie."""
    for some in in_batches(nodes, _AT_ONCE):
        yield from opened.stores.commits.locate(opened.info.id, some).values()
