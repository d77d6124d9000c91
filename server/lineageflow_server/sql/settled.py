"""Which writes are settled, as `store.ports.Writes` has it: walks need not look at them more closely.

A write's row says so from the beginning, and whatever comes and contradicts it takes that back. It is never
given again but with a new row, so one that is pruned or put otherwise may leave writes unsettled that are
not: those only take longer.
"""

from collections.abc import Collection

from sqlalchemy import Connection, false, or_, select, update

from lineageflow_core.model.lineage import Evidence
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.by_keys import ByKeys
from lineageflow_server.sql.rows import Values

_IO, _OTHER = tables.ios.c, tables.ios.alias("other").c
_OF_VERSION = select(_OTHER.run).where(_OTHER.version == _IO.version).correlate(tables.ios)
_READS = _OF_VERSION.where(~_OTHER.written)
# Each is found by the order of `ios_by_version`, or by the primary key, however many read the version.
_UNSETTLE = (
    update(tables.ios)
    .where(
        _IO.written,
        _IO.settled,
        or_(
            _OF_VERSION.where(_OTHER.written, _OTHER.run != _IO.run).exists(),
            _READS.where(_OTHER.at < _IO.at).exists(),
            _READS.where(_OTHER.at.is_(None)).exists(),
            _READS.where(_OTHER.run == _IO.run).exists(),
        ),
    )
    .values(settled=false())
)
_UNSETTLE_OF = ByKeys(_UNSETTLE, _IO.version)


def may_be_settled(row: Values) -> bool:
    """Tells whether a row by itself may be that of a settled write."""
    return bool(row["written"]) and row["evidence"] is not Evidence.UNKNOWN and row["at"] is not None


def unsettle(connection: Connection, versions: Collection[int]) -> None:
    """Takes note that more is known of who read and wrote these versions."""
    if versions:
        _UNSETTLE_OF.execute(connection, versions)
