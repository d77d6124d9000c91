"""Where a level of a tree is cut into nodes: after keys that hash low, whatever the order of edits was.

The invariant: where a node ends depends only on the keys since the previous node's end, so equal maps
are cut equally (history independence) and a cut found again after an edit is followed by the same nodes
as before. The idea is the probabilistic B-tree ("prolly tree") of Noms and Dolt
(https://docs.dolthub.com/architecture/storage-engine/prolly-tree).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from lineageflow_core.errors import InvalidInputError

# 2**32 over the golden ratio, Knuth's multiplier (TAOCP 3, 6.4). CRC-32 is linear, so that numbered names
# would fall in steps; the product's high bits depend on every bit of it.
_MIX = 0x9E3779B1
_RANKS = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large nodes are. A tree is edited with the shape it was built with: it is part of the format.

    A node ends after a key whose rank is low enough for the node's level, or when it is full. Ranks have
    32 bits; on levels too high for them (with the default: 4 and up, which takes 69 thousand million entries,
    or somebody's hostile keys) only full nodes are cut, and so every tree comes to a single root.
    """

    leaf: int = 256
    """Entries of a leaf, on average."""
    fan_out: int = 128
    """Children of a node above the leaves, on average."""
    slack: int = 16
    """How many times the average a node may hold, whatever the keys. One node in e**slack gets there."""

    def __post_init__(self) -> None:
        if self.leaf < 1 or self.fan_out < 2 or self.slack < 2:  # else trees would never come to a root
            raise InvalidInputError(f"{self!r} is no shape: leaf is at least 1, fan_out and slack at least 2")

    def ends(self, keys: Iterable[str], *, level: int) -> list[int]:
        """Returns the ends (positions one past) of the `keys` whose rank ends a node on `level`."""
        bound = _RANKS // (self.leaf * self.fan_out**level)
        return [end for end, key in enumerate(keys, 1) if crc32(key.encode()) * _MIX % _RANKS < bound]

    def cut(self, ends: Iterable[int], *, length: int, level: int) -> list[int]:
        """Returns where the nodes of a run end, given the `ends` by rank and the run's `length`.

        The run starts at a node's start. What lies after the last cut is not a whole node yet, unless
        the level ends there.
        """
        full = self.slack * (self.leaf if level == 0 else self.fan_out)
        cuts: list[int] = []
        start = 0
        for end in ends:
            cuts.extend(range(start + full, end, full))
            cuts.append(end)
            start = end
        cuts.extend(range(start + full, length + 1, full))
        return cuts


SHAPE = Shape()
"""The shape of every stored tree."""
