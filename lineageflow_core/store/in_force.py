"""Which versions of a dataset were there at a time.

A write of the whole dataset takes the place of all before it; a write of a partition, of that partition. So
the whole dataset is, at any time, what was last written as a whole and every partition written since.
"""

from collections.abc import Iterable
from datetime import datetime

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.store.instants import EPOCH


def in_force(
    writes: Iterable[Io], *, partition: str, at: datetime | None, reader: RunId | None = None
) -> list[Version]:
    """Returns the versions, by partition, that were there at an instant, of `partition` or of all ('').

    `writes` are those of one dataset. What the run `reader` wrote itself, it did not read; and of what has
    no time nobody can say that it was there.
    """
    newest: dict[str, Io] = {}
    for io in sorted(writes, key=_order):
        is_before = at is not None and io.at is not None and io.at <= at
        if io.version.version is None or io.run_id == reader or not is_before:
            continue
        if io.version.partition == "":
            newest.clear()
        newest[io.version.partition] = io
    wanted = newest if partition == "" else {key: newest[key] for key in ("", partition) if key in newest}
    if partition and partition in wanted:
        wanted = {partition: wanted[partition]}
    return [wanted[key].version for key in sorted(wanted)]


def _order(io: Io) -> tuple[datetime, RunId, str, str]:
    return io.at or EPOCH, io.run_id, io.version.partition, io.version.version or ""
