"""One digest of many things, whatever their order.

The sum of the things' digests, modulo 2 ** 256: adding, as in AdHash (Bellare and Micciancio, "A New
Paradigm for Collision-Free Hashing", 1997). It finds what went wrong; it keeps nobody from making two sets of
equal sum on purpose.
"""

from collections.abc import Iterable

from blake3 import blake3


def digest_of_all(items: Iterable[bytes]) -> str:
    """Returns 64 hex digits, the same for the same items in any order. Memory does not grow with them."""
    total = sum(int.from_bytes(blake3(item).digest()) for item in items)
    return f"{total % (1 << 256):064x}"
