"""Nodes of the tree: sorted rows in columns, their one encoding and the id that follows from it.

A leaf's row is an entry of the map: key, id and size of the value, and its packed extra facts. A row of
a node above is one of its children: the child's last key and id, the bytes below it, and how many entries.
Both have four columns, so that one code cuts, edits and compares every level.

The invariant: equal rows have equal bytes, and so an equal id; `decode` returns nothing that does not
have the id asked for or is no well-formed node. What the values mean is the caller's business.

Stored form: a byte naming the format, then the encoding (MessagePack, https://msgpack.org) in one
Zstandard frame. The id is the BLAKE3 digest of the encoding, so compression may change without changing ids.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from operator import ge
from typing import Annotated, Any, NamedTuple, TypeAlias

import msgspec
import zstandard
from blake3 import blake3

from lineageflow_core.errors import IntegrityError, InvalidInputError
from lineageflow_core.model.ids import DIGEST_BYTES

MAX_NODE_BYTES = 64 << 20
"""Longest encoding that is written or read: far above any sane node, low enough to decode without harm."""

_FORMAT = b"\x01"

Note: TypeAlias = int | bytes | None
"""The last column: how many entries are below a child; the packed extra facts of an entry, or None."""


class Value(NamedTuple):
    """What a key maps to. A tuple rather than a dataclass, because scans make them by the million."""

    id: bytes
    """32 bytes: the digest of what the key names."""
    size: int
    """Bytes of what the key names; maps add them up."""
    packed: bytes | None = None
    """The extra facts as MessagePack, keys sorted, so that equal facts are equal bytes; None without any."""

    @classmethod
    def of(cls, target_id: bytes, size: int, extra: Mapping[str, Any] | None = None) -> "Value":
        """Returns a value with `extra` packed. No facts and None are the same."""
        return cls(target_id, size, _pack(dict(extra)) if extra else None)

    @property
    def extra(self) -> dict[str, Any]:
        """The extra facts, unpacked anew at each call; empty if there are none."""
        return {} if self.packed is None else _unpack(self.packed)


Entry: TypeAlias = tuple[bytes, int, Note]
"""A row without its key: a `Value` in a leaf; id, bytes and number of entries of a child above."""


class Rows(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A run of rows, by ascending key, in columns of equal length. Columns are never changed in place."""

    keys: list[str]
    """Ascending by code point, which is the order of their UTF-8 bytes. Above the leaves: the last key of
    each child."""
    ids: bytes
    """The 32-byte ids of the rows, one after the other."""
    sizes: list[int]
    """Bytes of each value, or below each child."""
    notes: list[Note]
    """What else there is to a row."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, Entry]]) -> "Rows":
        """Returns the rows of pairs that are already in order."""
        pairs = list(pairs)
        return Rows(
            [key for key, _ in pairs],
            b"".join([entry[0] for _, entry in pairs]),
            [entry[1] for _, entry in pairs],
            [entry[2] for _, entry in pairs],
        )

    @classmethod
    def joined(cls, runs: Iterable["Rows"]) -> "Rows":
        """Returns runs that follow one another as one."""
        keys: list[str] = []
        ids: list[bytes] = []
        sizes: list[int] = []
        notes: list[Note] = []
        for run in runs:
            keys += run.keys
            ids.append(run.ids)
            sizes += run.sizes
            notes += run.notes
        return Rows(keys, b"".join(ids), sizes, notes)

    def id_at(self, at: int) -> bytes:
        return self.ids[DIGEST_BYTES * at : DIGEST_BYTES * at + DIGEST_BYTES]

    def value_at(self, at: int) -> Value:
        """Returns the value in row `at` of a leaf."""
        return Value(self.id_at(at), self.sizes[at], self.notes[at])  # type: ignore[arg-type]

    def pairs(self) -> Iterator[tuple[str, Value]]:
        """Yields the keys and values of a leaf's rows."""
        ids = [self.ids[at : at + DIGEST_BYTES] for at in range(0, len(self.ids), DIGEST_BYTES)]
        return zip(self.keys, map(Value._make, zip(ids, self.sizes, self.notes, strict=True)), strict=True)

    def between(self, start: int, stop: int) -> "Rows":
        """Returns the rows from position `start` up to, but not including, `stop`."""
        return Rows(
            self.keys[start:stop],
            self.ids[DIGEST_BYTES * start : DIGEST_BYTES * stop],
            self.sizes[start:stop],
            self.notes[start:stop],
        )


class Node(Rows, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """The rows that are stored, and shared, as one."""

    level: Annotated[int, msgspec.Meta(ge=0, le=32)]
    """0 is a leaf; the children of a node are one level below it."""

    @property
    def counts(self) -> list[int]:
        """How many entries of the map each child has. Not for leaves."""
        return self.notes  # type: ignore[return-value]

    @property
    def count(self) -> int:
        """How many entries of the map are in or below this node."""
        return sum(self.counts) if self.level else len(self.keys)


NO_ROWS = Rows([], b"", [], [])


class _Zstd(threading.local):
    """Contexts that are dear to make and must not be shared by threads at work."""

    def __init__(self) -> None:
        # Ids hardly compress: against level 1, this takes half the time both ways and 2 % more room.
        self.compress = zstandard.ZstdCompressor(level=-1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Node).decode
_pack = msgspec.msgpack.Encoder(order="deterministic").encode
_unpack = msgspec.msgpack.Decoder(dict[str, Any]).decode


def encode(node: Node) -> tuple[bytes, bytes]:
    """Returns a node's id and its stored form. Raises InvalidInputError if it cannot be stored."""
    if len(node.ids) != DIGEST_BYTES * len(node.keys):
        raise InvalidInputError(f"an id of an entry near {node.keys[0]!r} is not {DIGEST_BYTES} bytes long")
    plain = _encode(node)
    if len(plain) > MAX_NODE_BYTES:
        raise InvalidInputError(
            f"the {len(node.keys)} entries from {node.keys[0]!r} take {len(plain)} bytes, and at most "
            f"{MAX_NODE_BYTES} are stored together: give the entries less metadata"
        )
    return blake3(plain).digest(), _FORMAT + _zstd.compress(plain)


def decode(node_id: bytes, stored: bytes) -> Node:
    """Returns the node stored as `stored`. Raises IntegrityError if that is not exactly `node_id`'s node."""
    plain = _decompress(node_id, stored)
    if blake3(plain).digest() != node_id:
        raise _damaged(node_id, "its bytes have another hash")
    try:
        node = _decode(plain)
    except msgspec.DecodeError as error:
        raise _damaged(node_id, str(error)) from error
    if not _is_well_formed(node):
        raise _damaged(node_id, "its columns do not fit together")
    return node


def _decompress(node_id: bytes, stored: bytes) -> bytes:
    if stored[:1] != _FORMAT:
        raise _damaged(node_id, f"it starts with {stored[:1]!r}, not {_FORMAT!r}")
    frame = memoryview(stored)[1:]
    try:
        # The frame says how long its content is, and that much memory is taken: look before believing.
        length = zstandard.frame_content_size(frame)
        if not 0 <= length <= MAX_NODE_BYTES:
            raise _damaged(node_id, f"its length is {length} bytes, of at most {MAX_NODE_BYTES}")
        return _zstd.decompress(frame)
    except zstandard.ZstdError as error:
        raise _damaged(node_id, str(error)) from error


def _is_well_formed(node: Node) -> bool:
    keys, notes = node.keys, node.notes
    if not (DIGEST_BYTES * len(keys) == len(node.ids) and len(keys) == len(node.sizes) == len(notes)):
        return False
    if any(map(ge, keys, keys[1:])):
        return False
    if node.level == 0:
        return notes.count(None) == len(notes) or not any(isinstance(note, int) for note in notes)
    return bool(keys) and all(isinstance(note, int) for note in notes)


def _damaged(node_id: bytes, reason: str) -> IntegrityError:
    return IntegrityError(
        f"the tree node {node_id.hex()} is damaged: {reason}. Restore it from another copy of the repository",
        node=node_id.hex(),
    )


EMPTY_NODE = Node([], b"", [], [], 0)
EMPTY = encode(EMPTY_NODE)[0]
"""The root of the map without entries: an empty leaf, which every source has."""
