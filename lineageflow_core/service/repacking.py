"""Repacking: what is live in packs that are mostly dead is written into new packs, so that the old ones die.

A pack stays as long as one tree node or commit in it is live. After many changes to one dataset, and rules
that let most versions go, that would be most packs. So nodes and commits are copied, and then their rows are
made to point to the copy, pack by pack, each in one transaction that fails if a later collection has begun.

Invariant: a row never points to bytes that are not durable, and an old pack goes no other way than every dead
one does. Somebody who looked before a row was changed finds the old pack where it was, or in the trash, and
who comes still later finds it gone and looks again (`OpenRepository`). A publication that moves a node to its
own pack meanwhile wins, because only rows that point to the old pack are changed. Whoever makes something
reachable that was dead in the old pack finds its row there, as in any dead pack. `collection.py` does the
rest; it is why the new pack is secured before it is written, as a publication's is.

Packs of imports are left alone: nothing but their own content tells which references they hold.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from blake3 import blake3

from lineageflow_core.errors import IntegrityError, ObjectMissingError
from lineageflow_core.model.ids import CommitId
from lineageflow_core.service.batches import in_batches
from lineageflow_core.service.marking import Marked
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.wholeness import Wholeness
from lineageflow_core.store.ports import StoredContent
from lineageflow_core.tree.pack import COMMIT, NODE, pack_records, read_records

SPARSE = 0.25
"""A pack is rewritten if less of it is live: what is written is at most a third of what is freed."""
WORTH = 1 << 20
"""Bytes that are freed in all, at least: else it can wait, and many small packs become one."""
_PACK = 16 << 20
"""Bytes from which a new pack is written: what is in memory at a time, beside one old pack."""
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    """What is live in a pack."""

    pack_id: str
    records: tuple[tuple[int, bytes, bytes], ...]

    @property
    def size(self) -> int:
        return sum(len(content) for _, _, content in self.records)


def sparse_packs(packs: Iterable[StoredContent], live: Mapping[str, int]) -> list[StoredContent]:
    """Returns the packs that are worth rewriting; `live` tells how many bytes of packs are live."""
    found = [pack for pack in packs if 0 < live.get(pack.id, 0) < pack.size * SPARSE]
    return found if sum(pack.size - live[pack.id] for pack in found) >= WORTH else []


def repack(
    opened: OpenRepository, marked: Marked, packs: Iterable[StoredContent], *, collection: int
) -> Iterator[tuple[list[str], str]]:
    """Writes what is live in some packs into new ones; yields old ones, and the new one in their place.

    Packs that are damaged or not understood are left out. Raises CollectionBegunError.
    """
    waiting: list[_Live] = []
    for pack in packs:
        found = _live_in(opened, marked, pack)
        if found is not None:
            waiting.append(found)
        if sum(each.size for each in waiting) >= _PACK:
            yield _write(opened, waiting, collection)
            waiting = []
    if waiting:
        yield _write(opened, waiting, collection)


def _live_in(opened: OpenRepository, marked: Marked, pack: StoredContent) -> _Live | None:
    """Returns what is live in a pack and lies nowhere else; None of a pack that is left alone."""
    try:
        content = opened.content.read_pack(pack.id, 0, pack.size)
        records = list(read_records(content))
    except (IntegrityError, ObjectMissingError):
        return None  # it is not understood, or a later collection has taken it
    if blake3(content).hexdigest() != pack.id:
        return None  # what is damaged is for people to look into
    if any(kind not in {NODE, COMMIT} for kind, *_ in records):
        return None
    places: dict[bytes, str] = {}
    for some in in_batches((digest for _, digest, _, _ in records), _AT_ONCE):
        located = opened.stores.commits.locate(opened.info.id, some)
        places |= {digest: each.pack_id for digest, each in located.items()}
    return _Live(
        pack_id=pack.id,
        records=tuple(
            (kind, digest, content[start : start + length])
            for kind, digest, start, length in records
            if _is_live(marked, kind, digest) and places.get(digest, pack.id) == pack.id
        ),
    )


def _is_live(marked: Marked, kind: int, digest: bytes) -> bool:
    return CommitId(digest.hex()) in marked.commits if kind == COMMIT else digest in marked.nodes


def _write(opened: OpenRepository, live: list[_Live], collection: int) -> tuple[list[str], str]:
    new = pack_records(record for each in live for record in each.records)
    rows = opened.stores.collections
    Wholeness(opened.stores, opened.info.id, opened.content, opened.nodes).secure_pack(new.id)
    opened.content.write_pack(new.id, new.content)
    located = {node.node_id: node for node in new.nodes}
    for each in live:
        nodes = [located[digest] for _, digest, _ in each.records]
        rows.relocate(opened.info.id, nodes, out_of=each.pack_id, collection=collection)
    return [each.pack_id for each in live], new.id
