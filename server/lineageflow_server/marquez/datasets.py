"""Namespaces, sources, tags and datasets, as Marquez answers them."""

from collections.abc import Callable, Iterator

from starlette.responses import Response

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.known import KnownNamespace
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.page import DEFAULT_LIMIT, MAX_LIMIT, every
from lineageflow_core.model.token import Scope
from lineageflow_server.access.guard import needs
from lineageflow_server.marquez import shapes
from lineageflow_server.marquez.answers import Limit, Offset, answer, instant
from lineageflow_server.marquez.finding import find_dataset, find_version
from lineageflow_server.marquez.pictures import run_cards


class DatasetAnswers:
    """Namespaces, sources, tags and datasets."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def routes(self) -> Iterator[tuple[str, Callable[..., Response]]]:
        """Yields paths, and what answers there."""
        dataset = "/namespaces/{namespace}/datasets/{dataset}"
        yield "/namespaces", self.namespaces
        yield "/namespaces/{namespace}", self.namespace
        yield "/namespaces/{namespace}/datasets", self.datasets
        yield dataset, self.dataset
        yield dataset + "/versions", self.dataset_versions
        yield dataset + "/versions/{version}", self.dataset_version
        yield "/sources", self.sources
        yield "/sources/{source}", self.source
        yield "/tags", self.tags

    @needs(Scope.READ)
    def namespaces(self, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0) -> Response:
        """Lists namespaces as Marquez does."""
        found = [shapes.namespace_shape(each) for each in self._known_namespaces()]
        return answer({"namespaces": found[offset : offset + limit]})

    @needs(Scope.READ)
    def namespace(self, namespace: str) -> Response:
        """Gives a namespace as Marquez does."""
        return answer(shapes.namespace_shape(self._namespace(namespace)))

    @needs(Scope.READ)
    def datasets(
        self, namespace: str, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0, at: str | None = None
    ) -> Response:
        """Lists the datasets of a namespace as Marquez does; with `at`, those of then."""
        found = self._catalog.overview.list_dataset_cards(
            namespace=namespace, at=instant(at), offset=offset, limit=min(limit, MAX_LIMIT)
        )
        if not found.total:
            self._namespace(namespace)
        return answer(
            {"datasets": [shapes.dataset_shape(card) for card in found.items], "totalCount": found.total}
        )

    @needs(Scope.READ)
    def dataset(
        self, namespace: str, dataset: str, at: str | None = None, version: str | None = None
    ) -> Response:
        """Gives a dataset as Marquez does; with `at`, as it was then; with `version`, as it was in that."""
        name = DatasetName(namespace=namespace, name=dataset)
        if version is not None and at is not None:
            raise InvalidInputError("a version is what it is at any time: give `at` or `version`, not both")
        if version is not None:
            return answer(shapes.dataset_shape(find_version(self._catalog, name, version)))
        return answer(shapes.dataset_shape(find_dataset(self._catalog, name, at=instant(at))))

    @needs(Scope.READ)
    def dataset_versions(
        self,
        namespace: str,
        dataset: str,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
        at: str | None = None,
    ) -> Response:
        """Lists the versions of a dataset as Marquez does, newest first; with `at`, those of then."""
        moment = instant(at)
        found = self._catalog.overview.list_version_cards(
            namespace, dataset, at=moment, offset=offset, limit=min(limit, MAX_LIMIT)
        )
        runs = run_cards(self._catalog, [card.run.id for card in found.items if card.run], moment)
        versions = [
            shapes.dataset_version_shape(card, runs.get(card.run.id) if card.run else None)
            for card in found.items
        ]
        return answer({"versions": versions, "totalCount": found.total})

    @needs(Scope.READ)
    def dataset_version(self, namespace: str, dataset: str, version: str) -> Response:
        """Gives a version of a dataset as Marquez does, by its UUID or by what we call it."""
        card = find_version(self._catalog, DatasetName(namespace=namespace, name=dataset), version)
        runs = run_cards(self._catalog, [card.run.id] if card.run else [])
        return answer(shapes.dataset_version_shape(card, next(iter(runs.values()), None)))

    @needs(Scope.READ)
    def sources(self, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0) -> Response:
        """Lists sources as Marquez does: where datasets lie."""
        found = [shapes.source_shape(*each) for each in sorted(self._sources().items())]
        return answer({"sources": found[offset : offset + limit]})

    @needs(Scope.READ)
    def source(self, source: str) -> Response:
        """Gives a source as Marquez does."""
        connection = self._sources().get(source)
        if connection is None:
            raise NotFoundError(f"no dataset lies in a source {source[:200]!r}")
        return answer(shapes.source_shape(source, connection))

    @needs(Scope.READ)
    def tags(self, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0) -> Response:
        """Lists the tags of datasets and their fields as Marquez does."""
        said = self._catalog.overview.list_said("tags")
        found = sorted({tag for each in said for tag in shapes.all_tags({"tags": each.facet})})
        return answer(
            {"tags": [{"name": tag, "description": None} for tag in found[offset : offset + limit]]}
        )

    def _known_namespaces(self) -> Iterator[KnownNamespace]:
        return every(lambda after, limit: self._catalog.datasets.list_namespaces(after=after, limit=limit))

    def _namespace(self, namespace: str) -> KnownNamespace:
        for known in self._known_namespaces():
            if known.namespace == namespace:
                return known
        raise NotFoundError(f"no event names the namespace {namespace[:200]!r}")

    def _sources(self) -> dict[str, str]:
        found = {each.namespace: each.namespace for each in self._known_namespaces() if each.datasets}
        for each in self._catalog.overview.list_said("dataSource"):
            name, connection = shapes.source_of(each.dataset, {"dataSource": each.facet})
            found[name] = connection
        return found
