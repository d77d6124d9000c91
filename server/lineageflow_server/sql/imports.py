"""References and imports in SQL."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select, tuple_, update

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.page import Page
from lineageflow_core.model.transfer import Import, ImportId, ImportState, Reference, decode_reference
from lineageflow_core.store.paging import Place, check_limit, page_of
from lineageflow_server.sql import rows
from lineageflow_server.sql.bulk import insert_missing_rows
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dialect import hold, insert_missing
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import imports, object_references


class SqlReferenceStore:
    """A `ReferenceStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def add(self, repository: str, references: Mapping[bytes, bytes]) -> None:
        if not references:
            return
        with self._database.write() as connection:
            key = self._keys.make(connection, repository)
            # In the order of their ids they go into neighbouring pages of the index.
            found = [
                {"repository": key, "object_id": object_id, "body": references[object_id]}
                for object_id in sorted(references)
            ]
            insert_missing_rows(connection, object_references, found)

    def get_many(self, repository: str, object_ids: Iterable[ObjectId]) -> dict[ObjectId, Reference]:
        asked = [bytes.fromhex(each) for each in dict.fromkeys(object_ids)]
        table = object_references.c
        found: dict[ObjectId, Reference] = {}
        with self._database.ask() as connection:
            mine = table.repository == self._keys.find(connection, repository)
            query = select(table.object_id, table.body).where(mine)
            for some in chunks(asked):
                for object_id, body in connection.execute(query.where(table.object_id.in_(some))):
                    found[ObjectId(object_id.hex())] = decode_reference(body)
        return found


class SqlImportStore:
    """An `ImportStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def add(self, repository: str, started: Import) -> Import:
        with self._database.write() as connection:
            hold(connection, [f"imports:{repository}"])
            row = rows.import_row(self._keys.make(connection, repository), started)
            table = imports.c
            running = select(table.body).where(
                table.repository == row["repository"],
                table.plan == row["plan"],
                table.state == ImportState.RUNNING,
            )
            if (body := connection.scalar(running)) is not None:
                return rows.from_body(Import, body)
            connection.execute(insert_missing(connection, imports), row)
            stored = _read(connection, row["repository"], started.id)
            assert stored is not None
            return stored

    def get(self, repository: str, import_id: ImportId) -> Import | None:
        with self._database.ask() as connection:
            return _read(connection, self._keys.find(connection, repository), import_id)

    def list(self, repository: str, *, after: str | None, limit: int) -> Page[Import]:
        check_limit(limit)
        table = imports.c
        order = (table.created_at, table.id)
        query = select(table.body).order_by(*(column.desc() for column in order)).limit(limit + 1)
        if after is not None:
            query = query.where(tuple_(*order) < tuple(Place.parse(after)))
        with self._database.ask() as connection:
            mine = table.repository == self._keys.find(connection, repository)
            found = [rows.from_body(Import, body) for body in connection.scalars(query.where(mine))]
        return page_of(found, limit, cursor=lambda each: Place(each.created_at, each.id))

    def move(self, repository: str, changed: Import, *, expected: Import) -> bool:
        with self._database.write() as connection:
            row = rows.import_row(self._keys.make(connection, repository), changed)
            before = rows.import_row(row["repository"], expected)
            table = imports.c
            stored = (
                table.repository == row["repository"],
                table.id == changed.id,
                table.body == before["body"],
            )
            return connection.execute(update(imports).where(*stored).values(row)).rowcount == 1


def _read(connection: Connection, repository: int | None, import_id: ImportId) -> Import | None:
    table = imports.c
    body = connection.scalar(select(table.body).where(table.repository == repository, table.id == import_id))
    return rows.from_body(Import, body) if body is not None else None
