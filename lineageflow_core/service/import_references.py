"""The references of an import's packs, in the order of their ids: a merge of sorted runs, in bounded memory.

An index of digests that is filled in the order of a listing touches another page with every row: the larger
it is, the longer each takes. In the order of the digests all rows are neighbours. So an import keeps its
references only when all is listed, and each pack, which is such a run, is read from start to end once.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from lineageflow_core.model.transfer import ImportPack
from lineageflow_core.store.ports import ContentStore
from lineageflow_core.tree.pack import scan_records

_HELD_BYTES = 32 << 20
"""Of all packs together."""
_LEAST_BYTES = 64 << 10
"""Of a pack: smaller reads would be too many."""


def in_order(
    content: ContentStore, packs: Sequence[ImportPack], *, skip: int = 0
) -> Iterator[tuple[bytes, bytes]]:
    """Yields id and canonical form of each reference, by id, without the first `skip`.

    Raises IntegrityError if a pack is damaged.
    """
    piece = max(_LEAST_BYTES, _HELD_BYTES // max(1, len(packs)))
    runs = [
        (
            (digest, reference)
            for _, digest, reference in scan_records(_reader(content, pack), pack.length, piece)
        )
        for pack in packs
    ]
    return islice(heapq.merge(*runs), skip, None)


def _reader(content: ContentStore, pack: ImportPack) -> Callable[[int, int], bytes]:
    return lambda start, end: content.read_pack(pack.id, start, end - start)
