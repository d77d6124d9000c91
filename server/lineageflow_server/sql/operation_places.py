"""Places of operations, in the order in which operations became visible.

Numbers that a database gives to new rows do not tell that: of two transactions, the one with the larger
number may commit first, and whoever has read up to it would never see the other. So places are given
afterwards, to rows that are visible, by one transaction at a time. It costs writers nothing, and an update
for each operation once somebody asks.
"""

from sqlalchemy import bindparam, select, update

from lineageflow_server.sql.database import Database
from lineageflow_server.sql.dialect import hold
from lineageflow_server.sql.tables import lake, operations

_AT_ONCE = 1000
_WAITING = select(operations.c.seq).where(operations.c.place.is_(None)).order_by(operations.c.seq)
_PUT = update(operations).where(operations.c.seq == bindparam("number")).values(place=bindparam("given"))


def give_places(database: Database) -> None:
    """Gives a place to each operation that is visible and has none."""
    while _is_any_waiting(database):
        with database.write() as connection:
            hold(connection, ["places of operations"])
            last: int = connection.scalars(select(lake.c.places)).one()
            waiting = connection.scalars(_WAITING.limit(_AT_ONCE)).all()
            if waiting:
                given = [
                    {"number": number, "given": place} for place, number in enumerate(waiting, start=last + 1)
                ]
                connection.execute(_PUT, given)
                connection.execute(update(lake).values(places=last + len(waiting)))


def _is_any_waiting(database: Database) -> bool:
    with database.ask() as connection:
        return connection.scalar(_WAITING.limit(1)) is not None
