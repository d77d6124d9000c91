"""What was derived from something, a version a row: how far away, by which run, whose, and where it is now.

What is derived, and what of that cannot be trusted, is what `taint` says; a rollback goes by the same.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.instants import in_utc
from lineageflow_core.model.lineage import DatasetName, Direction, Evidence, Impact, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.page import Page
from lineageflow_core.service.declarations import Declarations, would_be_derived
from lineageflow_core.service.edges import Edges
from lineageflow_core.service.graph import follows_declared
from lineageflow_core.service.nodes import Start
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.owners import owners_of
from lineageflow_core.service.taint import Derived, derive
from lineageflow_core.service.tips import branches_holding
from lineageflow_core.service.walk import walk
from lineageflow_core.store.paging import PlaceOfDerived, check_limit, page_of

_UNBOUNDED = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactQuestion:
    """Which part of an impact is asked for. Raises InvalidInputError for what cannot be."""

    depth: int | None = None
    evidence: Sequence[Evidence] | None = None
    dataset_types: Sequence[str] | None = None
    until: datetime | None = None

    @property
    def follows_declared(self) -> bool:
        """Whether what jobs declare is of interest."""
        return follows_declared(self.evidence, self.dataset_types, self.until)

    def __post_init__(self) -> None:
        if self.depth is not None and self.depth < 0:
            raise InvalidInputError(f"a depth is 0 or more, not {self.depth}")


class Impacts:
    """Impacts, a page at a time. What a list began with is kept until its last page, or the next list."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._kept: tuple[object, list[Derived]] | None = None

    def list(self, start: Start, question: ImpactQuestion, *, after: str | None, limit: int) -> Page[Impact]:
        """Returns versions derived from the start, nearest first, then by name.

        The versions that a start names are left out, the outputs of a run are in.
        """
        check_limit(limit)
        place = PlaceOfDerived.parse(after) if after is not None else None
        asked = start, question, self._lake.stores.events.last_event()
        kept = self._kept if after is not None else None
        derived = kept[1] if kept is not None and kept[0] == asked else _wanted(self._lake, start, question)
        found = [item for item in derived if place is None or _place(item) > place]
        page = page_of(found, limit, cursor=_place)
        self._kept = (asked, derived) if page.next is not None else None
        return Page(items=tuple(impacts(self._lake, page.items)), next=page.next)


def derived_from(lake: Lake, start: Start) -> list[Derived]:
    """Returns what was derived from the start by runs that are known, nearest first, then by name."""
    if unknown := [version for version in start.versions if version.version is None]:
        node = format_node(unknown[0])
        raise InvalidInputError(
            f"nobody told which version {node} is, so nothing is known to be derived from just that; "
            f"`lineageflow lineage {node} --down 3` shows who read the dataset"
        )
    bad_writes = lake.lineage.writes([run.id for run in start.runs])
    derived = derive(lake.lineage, bad_writes=bad_writes, bad_versions=start.versions)
    named = set(start.versions)
    return [item for item in derived if item.version not in named and item.produced_by is not None]


def impacts(lake: Lake, derived: Collection[Derived]) -> Iterable[Impact]:
    """Yields derived versions with all that people want to know of them."""
    makers = lake.lineage.runs(sorted({item.produced_by for item in derived if item.produced_by}))
    current = branches_holding(lake, [item.version for item in derived])
    owners = owners_of(lake, {item.version.dataset for item in derived})
    for item in _typed(lake, derived):
        maker = makers.get(item.produced_by) if item.produced_by else None
        if maker is not None or item.declared_by is not None:
            yield Impact(
                version=item.version,
                degree=item.degree,
                produced_by=maker,
                declared_by=item.declared_by,
                tainted=item.tainted,
                current=current.get(item.version, ()),
                dataset_type=item.dataset_type,
                owners=owners.get(item.version.dataset, ()),
            )


def _wanted(lake: Lake, start: Start, question: ImpactQuestion) -> list[Derived]:
    derived = _derived(lake, start, question)
    if not question.follows_declared:
        return derived
    said = Declarations(lake)
    said.learn(jobs=start.jobs)
    distances = dict.fromkeys(start.versions, 0) | {item.version: item.degree for item in derived}
    declared = would_be_derived(said, distances, start.jobs, depth=question.depth)
    return sorted([*derived, *declared], key=_place)


def _derived(lake: Lake, start: Start, question: ImpactQuestion) -> list[Derived]:
    found = derived_from(lake, start)
    if question.evidence is not None or question.until is not None:
        found = _reached(found, _depths(lake, start, question))
    if question.depth is not None:
        found = [item for item in found if item.degree <= question.depth]
    if question.dataset_types is not None:
        wanted = {each.upper() for each in question.dataset_types}
        found = [item for item in _typed(lake, found) if (item.dataset_type or "").upper() in wanted]
    return found


def _reached(derived: Iterable[Derived], depths: Mapping[Version, int]) -> list[Derived]:
    found = [replace(item, degree=depths[item.version]) for item in derived if item.version in depths]
    return sorted(found, key=_place)


def _depths(lake: Lake, start: Start, question: ImpactQuestion) -> dict[Version, int]:
    """Returns how far away versions are along the edges that are asked for."""
    with lake.lineage.look() as look:
        found = walk(
            look,
            Edges(look, evidence=question.evidence, until=in_utc(question.until)),
            direction=Direction.DOWNSTREAM,
            runs=look.run_keys([run.id for run in start.runs]).values(),
            versions=look.version_keys([each for each in start.versions if each.version]).values(),
            depth=_UNBOUNDED if question.depth is None else question.depth,
            limit=_UNBOUNDED,
        )
        names = look.versions(found.versions)
        return {names[key]: depth for key, depth in found.versions.items()}


def _typed(lake: Lake, derived: Collection[Derived]) -> list[Derived]:
    """Returns derived versions with the types of their datasets, where no run says which it was."""
    unknown: set[DatasetName] = {item.version.dataset for item in derived if item.dataset_type is None}
    known = lake.datasets.datasets(sorted(unknown))
    types = {name: dataset.dataset_type for name, dataset in known.items()}
    return [
        item if item.dataset_type else replace(item, dataset_type=types.get(item.version.dataset))
        for item in derived
    ]


def _place(item: Derived) -> PlaceOfDerived:
    version = item.version
    return PlaceOfDerived(
        item.degree, version.namespace, version.name, version.partition, version.version or ""
    )
