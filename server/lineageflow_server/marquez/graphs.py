"""Pictures of lineage, search and events, as Marquez answers them."""

from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.page import DEFAULT_LIMIT, MAX_LIMIT, TimeOrder
from lineageflow_core.model.token import Scope
from lineageflow_server.access.guard import needs
from lineageflow_server.marquez import shapes
from lineageflow_server.marquez.answers import Limit, Offset, answer, choice, instant
from lineageflow_server.marquez.columns import column_picture
from lineageflow_server.marquez.ids import dataset_node, job_node
from lineageflow_server.marquez.pictures import Picture, lineage_picture
from lineageflow_server.marquez.shapes import Json

_DEFAULT_DEPTH = 20


class GraphAnswers:
    """Pictures, search and events."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def routes(self) -> Iterator[tuple[str, Callable[..., Response]]]:
        """Yields paths, and what answers there."""
        yield "/lineage", self.lineage
        yield "/column-lineage", self.column_lineage
        yield "/search", self.search
        yield "/events/lineage", self.events

    @needs(Scope.READ)
    def lineage(
        self,
        node: Annotated[str, Query(alias="nodeId")],
        depth: int = _DEFAULT_DEPTH,
        at: str | None = None,
        version: str | None = None,
    ) -> Response:
        """Gives a picture of lineage as Marquez does; with `at`, as of then; with `version`, of that one."""
        return _picture(lineage_picture(self._catalog, node, depth=depth, at=instant(at), version=version))

    @needs(Scope.READ)
    def column_lineage(
        self,
        node: Annotated[str, Query(alias="nodeId")],
        depth: int = _DEFAULT_DEPTH,
        with_downstream: Annotated[bool, Query(alias="withDownstream")] = False,  # noqa: FBT002 (theirs)
        at: str | None = None,
        version: str | None = None,
    ) -> Response:
        """Gives a picture of column lineage as Marquez does; with `at` or `version`, as of that."""
        return _picture(
            column_picture(
                self._catalog,
                node,
                depth=depth,
                with_downstream=with_downstream,
                at=instant(at),
                version=version,
            )
        )

    @needs(Scope.READ)
    def search(
        self,
        q: str,
        filter: str | None = None,  # noqa: A002 (their parameter)
        sort: str = "name",
        limit: Limit = 10,
        namespace: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> Response:
        """Finds datasets and jobs by a part of their name as Marquez does; '%' and '_' stand for any text."""
        wanted = choice("filter", (filter or "all").lower(), {"all", "dataset", "job"})
        by = choice("sort", sort.lower(), {"name", "update_at", "updated_at"})
        results: list[Json] = []
        total = 0
        if wanted != "job":
            datasets = self._catalog.overview.list_dataset_cards(
                namespace=namespace, pattern=q, limit=MAX_LIMIT
            )
            total += datasets.total
            results += [
                _result("DATASET", dataset_node(card.name), shapes.dataset_shape(card))
                for card in datasets.items
            ]
        if wanted != "dataset":
            jobs = self._catalog.overview.list_job_cards(namespace=namespace, pattern=q, limit=MAX_LIMIT)
            total += jobs.total
            results += [
                _result("JOB", job_node(card.job), shapes.job_shape(card, None, [])) for card in jobs.items
            ]
        truncated = len(results) < total
        since, until = instant(after), instant(before)
        if since or until:
            results = [
                each
                for each in results
                if (not since or each["updatedAt"] >= since) and (not until or each["updatedAt"] < until)
            ]
            total = len(results)
        results.sort(key=lambda each: (each["name"], each["nodeId"]))
        if by != "name":
            results.sort(key=lambda each: each["updatedAt"], reverse=True)
        return answer({"totalCount": total, "results": results[:limit]}, truncated=truncated)

    @needs(Scope.READ)
    def events(
        self,
        before: str | None = None,
        after: str | None = None,
        sort_direction: Annotated[str, Query(alias="sortDirection")] = "desc",
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
        kind: str = EventKind.RUN.value,
    ) -> Response:
        """Lists events by their time as Marquez does; with `kind` other ones, too: dataset, job or all."""
        order = choice("sortDirection", sort_direction.lower(), {"asc", "desc"})
        wanted = choice("kind", kind.lower(), ["all", *EventKind])
        found = self._catalog.overview.list_events_by_time(
            kind=None if wanted == "all" else EventKind(wanted),
            since=instant(after),
            until=instant(before),
            order=TimeOrder.OLDEST_FIRST if order == "asc" else TimeOrder.NEWEST_FIRST,
            offset=offset,
            limit=min(limit, MAX_LIMIT),
        )
        return answer(
            {"events": [shapes.event_shape(event) for event in found.items], "totalCount": found.total}
        )


def _picture(picture: Picture) -> Response:
    return answer(picture.shape(), truncated=picture.truncated)


def _result(kind: str, node: str, shape: Json) -> Json:
    return {
        "type": kind,
        "name": shape["name"],
        "updatedAt": shape["updatedAt"],
        "namespace": shape["namespace"],
        "nodeId": node,
    }
