"""What is known of the datasets that events name."""

from collections.abc import Iterable, Sequence

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import (
    ColumnChange,
    DatasetDetails,
    DatasetVersion,
    KnownColumn,
    KnownDataset,
    KnownNamespace,
    Occurrence,
    VersionState,
)
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.quality import Quality, Taint, Verdict
from lineageflow_core.model.run import RunState
from lineageflow_core.model.search import Found, parse_search
from lineageflow_core.openlineage.quality import measurements
from lineageflow_core.service.based_on import with_sources
from lineageflow_core.service.nodes import Nodes, in_order, unknown_dataset
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.quality import quality_by_version, quality_of, taint
from lineageflow_core.service.renames import lasting_conditions
from lineageflow_core.service.said import Said, columns_of, plain_facets

_LOOK_BACK = 100
"""Entries behind a page that are searched for the columns that its last entry is compared with."""


class KnownDatasetsService:
    """Implements `catalog.KnownDatasets`."""

    def __init__(self, lake: Lake, nodes: Nodes) -> None:
        self._lake = lake
        self._nodes = nodes

    def list_namespaces(
        self, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[KnownNamespace]:
        return self._lake.datasets.list_namespaces(after=after, limit=limit)

    def list_known_datasets(
        self, *, namespace: str | None = None, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[KnownDataset]:
        return self._lake.datasets.list_datasets(namespace=namespace, after=after, limit=limit)

    def get_known_dataset(self, namespace: str, name: str) -> DatasetDetails:
        known = self._known(namespace, name)
        facets = plain_facets(self._lake.datasets.words([known.name]).get(known.name, {}))
        return DatasetDetails(
            known=known,
            names=self._lake.datasets.names(known.name),
            columns=columns_of(facets) or (),
            facets=facets,
        )

    def list_dataset_versions(
        self,
        namespace: str,
        name: str,
        *,
        partition: str | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DatasetVersion]:
        dataset = self._known(namespace, name).name

        def read(after: str | None, limit: int) -> Page[Occurrence]:
            return self._lake.datasets.history(dataset, partition=partition, after=after, limit=limit)

        page = read(after, limit)
        said = Said(self._lake, _writers(page.items))
        columns = [_columns(said, dataset, each) for each in page.items]
        before: tuple[KnownColumn, ...] | None = None
        if page.next is not None:
            older = read(page.next, _LOOK_BACK).items
            past = Said(self._lake, _writers(older))
            told = (_columns(past, dataset, each) for each in older)
            before = next((each for each in told if each is not None), None)
        changes: list[tuple[ColumnChange, ...]] = []
        for each in reversed(columns):
            is_compared = before is not None and each is not None
            changes.append(tuple(_changes(before or (), each or ())) if is_compared else ())
            before = each if each is not None else before
        exact = {each.io.version for each in page.items if each.io.version.version is not None}
        quality = quality_by_version(self._lake, exact)
        return Page(
            items=tuple(
                DatasetVersion(
                    version=each.io.version,
                    state=_state(each),
                    at=each.io.at,
                    run=each.run,
                    columns=found,
                    changes=changed,
                    measurements=measurements(said.facets(each.run.id, dataset, written=True))
                    if each.run
                    else None,
                    quality=tuple(quality.get(each.io.version, ())),
                )
                for each, found, changed in zip(page.items, columns, reversed(changes), strict=True)
            ),
            next=page.next,
        )

    def list_quality(
        self,
        *,
        namespace: str | None = None,
        name: str | None = None,
        verdict: Verdict | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Quality]:
        if (namespace is None) != (name is None):
            raise InvalidInputError("a dataset has a namespace and a name: give both, or neither for all")
        dataset = self._known(namespace, name).name if namespace is not None and name is not None else None
        page = self._lake.datasets.list_tested(
            dataset,
            failed=None if verdict is None else verdict is Verdict.FAILED,
            after=after,
            limit=limit,
        )
        return Page(items=tuple(quality_of(self._lake, page.items)), next=page.next)

    def search(self, query: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Found]:
        conditions = with_sources(self._lake, lasting_conditions(parse_search(query), self._lake.names()))
        return self._lake.datasets.search(conditions, now=self._lake.clock(), after=after, limit=limit)

    def get_taint(self, node: str) -> tuple[Taint, ...]:
        start = self._nodes.resolve(node)
        versions: dict[Version, None] = dict.fromkeys(start.versions)
        wrote = self._lake.lineage.writes([run.id for run in start.runs])
        versions |= dict.fromkeys(io.version for io in in_order(wrote) if io.version.version is not None)
        return tuple(taint(self._lake, version) for version in versions)

    def _known(self, namespace: str, name: str) -> KnownDataset:
        asked = DatasetName(namespace=namespace, name=name)
        known = self._lake.datasets.datasets([asked]).get(asked)
        if known is None:
            raise unknown_dataset(asked)
        return known


def _writers(found: Iterable[Occurrence]) -> list[RunId]:
    return sorted({each.run.id for each in found if each.run})


def _columns(said: Said, dataset: DatasetName, found: Occurrence) -> tuple[KnownColumn, ...] | None:
    return columns_of(said.facets(found.run.id, dataset, written=True)) if found.run else None


def _changes(left: Sequence[KnownColumn], right: Sequence[KnownColumn]) -> Iterable[ColumnChange]:
    """Yields columns that were added, removed, or given another type, as the right side orders them."""
    before, now = {each.name: each for each in left}, {each.name: each for each in right}
    for name, column in now.items():
        there = before.get(name)
        if there is None:
            yield ColumnChange(name=name, kind=DiffKind.ADDED, left=None, right=column)
        elif there.type != column.type:
            yield ColumnChange(name=name, kind=DiffKind.CHANGED, left=there, right=column)
    for name, column in before.items():
        if name not in now:
            yield ColumnChange(name=name, kind=DiffKind.REMOVED, left=column, right=None)


def _state(found: Occurrence) -> VersionState:
    if found.run is None:
        return VersionState.PLACEHOLDER
    if found.io.version.version is not None:
        return VersionState.COMMITTED
    return VersionState.PENDING if found.run.state is RunState.RUNNING else VersionState.DIRTY
