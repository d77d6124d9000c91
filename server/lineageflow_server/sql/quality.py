"""What runs tested and measured, in SQL. Under two names of one dataset, what failed under either failed."""

from collections.abc import Sequence

from sqlalchemy import Connection, case, exists, func, select, tuple_

from lineageflow_core.model.lineage import Version
from lineageflow_core.model.page import Page
from lineageflow_core.model.quality import Tested
from lineageflow_core.store.paging import PlaceOfTested, check_limit, page_of
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dataset_names import first_names
from lineageflow_server.sql.name_lists import dataset_from
from lineageflow_server.sql.rows import AnyRow

_OF = first_names("of")
_TESTED = (
    select(
        tables.runs.c.id.label("run_id"),
        tables.tested.c.written,
        _OF.c.namespace,
        _OF.c.name,
        func.max(case((tables.tested.c.failed, 1), else_=0)).label("failed"),
    )
    .select_from(tables.tested.join(tables.runs).join(_OF, _OF.c.key == tables.tested.c.dataset))
    .group_by(tables.runs.c.id, tables.tested.c.written, _OF.c.namespace, _OF.c.name)
)


def list_tested(
    connection: Connection, dataset: int | None, *, failed: bool | None, after: str | None, limit: int
) -> Page[Tested]:
    """Returns a page of what `DatasetStore.list_tested` promises, of the dataset with this key, or of any."""
    check_limit(limit)
    query = _TESTED if dataset is None else _TESTED.where(_OF.c.first_key == dataset)
    found = query.subquery()
    run = tables.runs.c
    order = (run.placed_at, run.id, found.c.namespace, found.c.name, found.c.written)
    page = select(found, run.placed_at).join_from(found, tables.runs, run.id == found.c.run_id)
    if failed is not None:
        page = page.where(found.c.failed == int(failed))
    if after is not None:
        page = page.where(tuple_(*order) < tuple(PlaceOfTested.parse(after)))
    page = page.order_by(*(column.desc() for column in order)).limit(limit + 1)
    cut = page_of(
        connection.execute(page).all(),
        limit,
        cursor=lambda row: PlaceOfTested(row.placed_at, row.run_id, row.namespace, row.name, row.written),
    )
    return Page(items=tuple(map(_tested_from, cut.items)), next=cut.next)


def tested(connection: Connection, versions: Sequence[Version]) -> list[Tested]:
    """Returns what was tested or measured of versions, by who wrote and who read them."""
    io = tables.ios
    touched = exists().where(
        io.c.run == tables.tested.c.run,
        io.c.written == tables.tested.c.written,
        io.c.version == tables.versions.c.key,
    )
    query = _TESTED.join(tables.versions, tables.versions.c.dataset == _OF.c.first_key).where(touched)
    found: dict[Tested, None] = {}
    for some in chunks([lineage_rows.version_identity(version) for version in versions]):
        wanted = query.where(tables.versions.c.digest.in_(some))
        found |= dict.fromkeys(_tested_from(row) for row in connection.execute(wanted))
    return list(found)


def _tested_from(row: AnyRow) -> Tested:
    return Tested(run_id=row.run_id, dataset=dataset_from(row), written=row.written, failed=bool(row.failed))
