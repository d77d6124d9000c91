"""Packs: the new tree nodes and commits of one publication, travelling as one immutable file.

A pack is a header, then records one after another: kind (1 byte), digest (32), length (4, big-endian),
content. So each record can be read by itself, knowing its place, and history can be rebuilt from the packs
alone, without any database. A pack's id is the digest of the whole file.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from blake3 import blake3

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.commit import Commit, encode_commit
from lineageflow_core.store.ports import NodeLocation

HEADER = b"LFPACK\x00\x01"
NODE = 1
COMMIT = 2
REFERENCE = 3
"""What an imported object refers to, by its id (`model.transfer`)."""
COPY = 4
"""Where an object was copied from, as a reference, by the object's id."""
_RECORD = struct.Struct(">B32sI")
OVERHEAD = _RECORD.size
"""Bytes of a record before its content."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that is to be written."""

    id: str
    content: bytes
    nodes: tuple[NodeLocation, ...]
    """Where its nodes and commits lie."""


def make_pack(nodes: Mapping[bytes, bytes], commits: Iterable[Commit]) -> Pack:
    """Packs encoded nodes, by id, and commits."""
    encoded = ((NODE, node_id, content) for node_id, content in nodes.items())
    told = ((COMMIT, bytes.fromhex(commit.id), encode_commit(commit)) for commit in commits)
    return pack_records((*encoded, *told))


def pack_records(records: Iterable[tuple[int, bytes, bytes]]) -> Pack:
    """Packs records: kind, digest, content. What an import found is by the 32 bytes of the object's id."""
    parts: list[bytes] = [HEADER]
    spans: list[tuple[bytes, int, int]] = []
    position = len(HEADER)
    for kind, digest, content in records:
        parts += (_RECORD.pack(kind, digest, len(content)), content)
        if kind in {NODE, COMMIT}:
            spans.append((digest, position + OVERHEAD, len(content)))
        position += OVERHEAD + len(content)
    whole = b"".join(parts)
    pack_id = blake3(whole).hexdigest()
    located = (
        NodeLocation(node_id=digest, pack_id=pack_id, offset=offset, length=length)
        for digest, offset, length in spans
    )
    return Pack(pack_id, whole, tuple(located))


def read_records(content: bytes) -> Iterator[tuple[int, bytes, int, int]]:
    """Yields kind, digest, offset and length of each record. Raises IntegrityError on a damaged pack."""
    if not content.startswith(HEADER):
        raise IntegrityError("this is not a pack, or one of a version that LineageFlow cannot read")
    position = len(HEADER)
    while position < len(content):
        try:
            kind, digest, length = _RECORD.unpack_from(content, position)
        except struct.error:
            raise IntegrityError("the pack ends inside a record") from None
        position += _RECORD.size
        if position + length > len(content):
            raise IntegrityError("the pack ends inside a record")
        yield kind, digest, position, length
        position += length


def scan_records(
    read: Callable[[int, int], bytes], length: int, piece: int
) -> Iterator[tuple[int, bytes, bytes]]:
    """Yields kind, digest and content of each record of a pack of `length` bytes, about `piece` at a time.

    `read` returns the bytes from a start to before an end. Raises IntegrityError on a damaged pack.
    """
    start = 0  # of what is not yielded yet
    wanted = max(piece, len(HEADER))
    while start < length:
        content = read(start, min(start + wanted, length))
        done = position = 0
        if not start:
            if not content.startswith(HEADER):
                raise IntegrityError("this is not a pack, or one of a version that LineageFlow cannot read")
            done = position = len(HEADER)
        while position + _RECORD.size <= len(content):
            kind, digest, size = _RECORD.unpack_from(content, position)
            position += _RECORD.size + size
            if position > len(content):
                break
            yield kind, digest, content[position - size : position]
            done = position
        if start + len(content) >= length and done < len(content):
            raise IntegrityError("the pack ends inside a record")
        wanted = piece if done else 2 * wanted  # a record that is longer than a piece
        start += done
