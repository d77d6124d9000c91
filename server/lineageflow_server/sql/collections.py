"""Collections and what they took, in SQL.

A publication and the beginning of a collection meet at one row: the one reads it so that nobody changes it
until it is committed, the other changes it. So each publication is wholly before a collection or after it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from lineageflow_core.model.collection import Collected, CollectedState, ContentKind
from lineageflow_core.model.page import Page
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.ports import NodeLocation
from lineageflow_core.store.refusals import collection_begun
from lineageflow_server.sql import rows, tables
from lineageflow_server.sql.commits import add_nodes
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dialect import insert_missing, insert_or_update
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import collected, collections

_COLUMNS = ("kind", "state", "size", "collection", "reason", "at", "dataset")


class SqlCollectionStore:
    """A `CollectionStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def last(self, repository: str) -> int:
        with self._database.ask() as connection:
            key = self._keys.find(connection, repository)
            query = select(collections.c.last).where(collections.c.repository == key)
            return connection.scalar(query) or 0

    def begin(self, repository: str) -> int:
        with self._database.write() as connection:
            key = self._keys.make(connection, repository)
            connection.execute(insert_missing(connection, collections), {"repository": key, "last": 0})
            here = collections.c.repository == key
            connection.execute(update(collections).where(here).values(last=collections.c.last + 1))
            number: int = connection.scalars(select(collections.c.last).where(here)).one()
            return number

    def condemn(self, repository: str, things: Sequence[Collected]) -> None:
        if not things:
            return
        with self._database.write() as connection:
            key = self._keys.make(connection, repository)
            for number in {each.collection for each in things}:
                check_last(connection, key, number)
            put = insert_or_update(
                connection,
                collected,
                columns=_COLUMNS,
                by=("repository", "id"),
                where=_IS_NOT_TRASHED,
            )
            ordered = sorted(things, key=lambda each: each.id)
            connection.execute(put, [rows.collected_row(key, each) for each in ordered])

    def confirm(self, repository: str, ids: Sequence[str], *, collection: int, at: datetime) -> None:
        leaving = and_(collected.c.state == CollectedState.LEAVING, collected.c.collection == collection)
        with self._database.write() as connection:
            mine = collected.c.repository == self._keys.find(connection, repository)
            for some in chunks(sorted(ids)):
                those = (mine, leaving, collected.c.id.in_(some))
                connection.execute(
                    update(collected).where(*those).values(state=CollectedState.TRASHED, at=at)
                )

    def spare(self, repository: str, ids: Iterable[str]) -> dict[str, Collected]:
        found: dict[str, Collected] = {}
        with self._database.write() as connection:
            mine = collected.c.repository == self._keys.find(connection, repository)
            for some in chunks(sorted(ids)):
                those = and_(mine, collected.c.id.in_(some))
                # Held until the end: what is told of a row is what it is when it goes, or stays.
                query = select(collected).where(those).order_by(collected.c.id).with_for_update()
                there = {row.id: rows.collected_from(row) for row in connection.execute(query)}
                found.update(there)
                if there:
                    kept = collected.c.state == CollectedState.PURGED
                    connection.execute(delete(collected).where(those, ~kept))
        return found

    def forget(self, repository: str, rows: Sequence[Collected]) -> None:
        purged = collected.c.state == CollectedState.PURGED
        with self._database.write() as connection:
            mine = collected.c.repository == self._keys.find(connection, repository)
            for number in sorted({row.collection for row in rows}):
                same = and_(mine, purged, collected.c.collection == number)
                for some in chunks(sorted(row.id for row in rows if row.collection == number)):
                    connection.execute(delete(collected).where(same, collected.c.id.in_(some)))

    def relocate(
        self, repository: str, nodes: Sequence[NodeLocation], *, out_of: str, collection: int
    ) -> None:
        with self._database.write() as connection:
            key = self._keys.make(connection, repository)
            check_last(connection, key, collection)
            add_nodes(connection, key, nodes, out_of=out_of)

    def purge(self, repository: str, ids: Sequence[str], *, collection: int) -> set[str]:
        with self._database.write() as connection:
            key = self._keys.make(connection, repository)
            check_last(connection, key, collection)
            trashed = and_(
                collected.c.repository == key,
                collected.c.state == CollectedState.TRASHED,
                collected.c.collection < collection,
            )
            purged: dict[str, ContentKind] = {}
            for some in chunks(sorted(ids)):
                gone = (
                    update(collected)
                    .where(trashed, collected.c.id.in_(some))
                    .values(state=CollectedState.PURGED)
                    .returning(collected.c.id, collected.c.kind)
                )
                purged.update((row.id, row.kind) for row in connection.execute(gone))
            packs = [each for each, kind in purged.items() if kind is ContentKind.PACK]
            _forget_packs(connection, key, packs)
        return set(purged)

    def get(self, repository: str, ids: Sequence[str]) -> dict[str, Collected]:
        with self._database.ask() as connection:
            mine = collected.c.repository == self._keys.find(connection, repository)
            return {
                row.id: rows.collected_from(row)
                for some in chunks(ids)
                for row in connection.execute(select(collected).where(mine, collected.c.id.in_(some)))
            }

    def list(
        self, repository: str, *, states: Sequence[CollectedState], after: str | None, limit: int
    ) -> Page[Collected]:
        check_limit(limit)
        query = select(collected).where(collected.c.state.in_(states)).order_by(collected.c.id)
        if after is not None:
            query = query.where(collected.c.id > after)
        with self._database.ask() as connection:
            mine = collected.c.repository == self._keys.find(connection, repository)
            found = [
                rows.collected_from(row) for row in connection.execute(query.where(mine).limit(limit + 1))
            ]
        return page_of(found, limit, cursor=lambda row: row.id)


_IS_NOT_TRASHED: ColumnElement[bool] = collected.c.state != CollectedState.TRASHED


def check_last(connection: Connection, repository: int, collection: int) -> None:
    """Sees that no later collection has begun, and that none begins before this transaction ends.

    Raises CollectionBegunError.
    """
    # Before the first collection there is no row to hold. But that one purges nothing.
    query: Any = select(collections.c.last).where(collections.c.repository == repository)
    last = connection.scalar(query.with_for_update(read=True)) or 0
    if last != collection:
        raise collection_begun(collection, last)


def _forget_packs(connection: Connection, repository: int, pack_ids: Sequence[str]) -> None:
    """Removes packs, with the locations of the nodes that lay there."""
    packs, nodes = tables.packs.c, tables.nodes.c
    for some in chunks(pack_ids):
        query = select(packs.key).where(packs.repository == repository, packs.id.in_(some))
        keys = connection.scalars(query).all()
        connection.execute(delete(tables.nodes).where(nodes.repository == repository, nodes.pack.in_(keys)))
        connection.execute(delete(tables.packs).where(packs.key.in_(keys)))
