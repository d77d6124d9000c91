"""The reference implementation of the ports, in memory: for tests, and for a lake that may vanish.

It is stricter than the others: what they could only store wrongly, or find out much later, it refuses
with InvalidInputError, so that code tested on it can be trusted on them.
"""

from lineageflow_core.store.memory.stores import MemoryStores

__all__ = ["MemoryStores"]
