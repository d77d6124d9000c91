"""Plans in SQL."""

from sqlalchemy import Connection, select, tuple_, update

from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.page import Page
from lineageflow_core.model.plan import RollbackPlan
from lineageflow_core.store.paging import Place, check_limit, page_of
from lineageflow_core.store.refusals import plan_missing, plan_taken
from lineageflow_server.sql import rows
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.dialect import insert_missing
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.tables import plans, repository_keys


class SqlPlanStore:
    """A `PlanStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def repository_of(self, plan: PlanId) -> str | None:
        owner = select(repository_keys.c.id).join(plans, plans.c.repository == repository_keys.c.key)
        with self._database.read() as connection:
            found: str | None = connection.scalar(owner.where(plans.c.id == plan))
        return found

    def add(self, repository: str, plan: RollbackPlan) -> None:
        with self._database.write() as connection:
            key = self._keys.make(connection, repository)
            added = connection.execute(insert_missing(connection, plans), rows.plan_row(key, plan))
            if added.rowcount == 0 and _read(connection, plan.id) != plan:
                raise plan_taken(plan.id)

    def get(self, plan: PlanId) -> RollbackPlan | None:
        with self._database.ask() as connection:
            return _read(connection, plan)

    def list(self, repository: str, *, after: str | None, limit: int) -> Page[RollbackPlan]:
        check_limit(limit)
        table = plans.c
        order = (table.created_at, table.id)
        query = select(table.body).order_by(*(column.desc() for column in order)).limit(limit + 1)
        if after is not None:
            query = query.where(tuple_(*order) < tuple(Place.parse(after)))
        with self._database.ask() as connection:
            mine = table.repository == self._keys.find(connection, repository)
            found = [rows.from_body(RollbackPlan, body) for body in connection.scalars(query.where(mine))]
        return page_of(found, limit, cursor=lambda plan: Place(plan.created_at, plan.id))

    def replace(self, plan: RollbackPlan) -> None:
        with self._database.write() as connection:
            repository = connection.scalar(select(plans.c.repository).where(plans.c.id == plan.id))
            if repository is None:
                raise plan_missing(plan.id)
            changed = update(plans).where(plans.c.id == plan.id).values(rows.plan_row(repository, plan))
            connection.execute(changed)


def _read(connection: Connection, plan: PlanId) -> RollbackPlan | None:
    body = connection.scalar(select(plans.c.body).where(plans.c.id == plan))
    return rows.from_body(RollbackPlan, body) if body is not None else None
