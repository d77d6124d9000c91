"""What stores of lineage answer about a world: that two of them say the same."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeVar

from lineageflow_core.model.gaps import Gap
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.known import KnownDataset
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.page import Page, every
from lineageflow_core.model.search import Condition, parse_search
from lineageflow_core.store.ports import DatasetStore, LineageStore, Stores
from lineageflow_core.testing.lineage_world import DATASETS, JOB, PARTITIONS, RUNS, VERSIONS, World
from lineageflow_core.testing.values import later

T = TypeVar("T")
SEARCHES = (
    "", "a", "A*", "-a", "ou?s", "a b", "-a -b", "tag:a", "-tag:b", "tag:b=x", "storage.layer.name:a",
    "storage.layer.size:3", "owner:*a", "column:b.a", "column:a", "kind:b", "kind:job", "kind:data*",
    "facet:tags", "state:completed", "-state:completed", "state:f*", "age:<2m", "age:>2m", "-age:<2m",
    "name:ours", "a tag:?", "nothing", "based_on:a", "based_on:*", "based_on+:b", "-based_on:ours a",
)  # fmt: skip
"""Searches that may find something of a world, or nothing."""


def assert_same_answers(
    world: World, expected: Stores, actual: Stores, *, searches: Sequence[str] = ()
) -> None:
    """Asks both stores everything about a world."""
    runs = [world.run(name) for name in RUNS]
    names = [world.name(name) for name in DATASETS]
    versions = [
        replace(world.version(version, dataset=name, partition=partition))
        for name in DATASETS
        for partition in PARTITIONS
        for version in VERSIONS
    ]
    first_names = _first_names(expected.datasets, versions)
    asked: list[Callable[[LineageStore], object]] = [
        lambda store: set(store.reads(runs)),
        lambda store: set(store.writes(runs)),
        lambda store: set(store.readers(first_names)),
        lambda store: set(store.writers(first_names)),
        lambda store: set(store.flows(runs)),
        lambda store: store.columns(runs),
        lambda store: [
            store.runs_that_touched(name.namespace, after=after, limit=2)
            for name in names[1:]
            for after in (None, *runs)
        ],
        lambda store: [store.declarations(datasets=[name]) for name in names],
        lambda store: store.declarations(datasets=names[:1], jobs=world.jobs()),
        lambda store: [
            store.jobs_that_declare(namespace, after=after, limit=1)
            for namespace in sorted({name.namespace for name in names})
            for after in (None, *world.jobs())
        ],
    ]
    for ask in asked:
        assert ask(expected.lineage) == ask(actual.lineage)
    for question in _about_datasets(names, first_names, searches):
        assert question(expected.datasets) == question(actual.datasets)
    settled = settled_writes(actual.lineage, runs)
    may_be = settled_writes(expected.lineage, runs)
    assert may_be.keys() == settled.keys()
    assert {write for write in settled if settled[write]} <= {write for write in may_be if may_be[write]}
    edges = [
        [edge for edge in stores.jobs.edges([JOB]) if edge.source.namespace == str(world.name("a"))]
        for stores in (expected, actual)
    ]
    assert edges[0] == edges[1]


def settled_writes(store: LineageStore, run_ids: Sequence[RunId]) -> dict[tuple[RunId, Version], bool]:
    """Returns all writes of runs, and whether each is said to be settled: the same from both of its ends."""
    found: dict[tuple[RunId, Version], bool] = {}
    with store.look() as look:
        runs = {key: run_id for run_id, key in look.run_keys(run_ids).items()}
        for key, run_id in runs.items():
            writes = look.written_by([key])
            unsettled = {version for _, version in writes.unsettled}
            for version, name in look.versions(writes.settled | unsettled).items():
                found[run_id, name] = version in writes.settled
                back = look.writers([version])
                assert found[run_id, name] is (key in back.settled)
                assert found[run_id, name] is ((key, version) not in back.unsettled)
    return found


def _about_datasets(
    names: Sequence[DatasetName], versions: Sequence[Version], searches: Sequence[str]
) -> Iterator[Callable[[DatasetStore], object]]:
    yield lambda store: store.datasets(names)
    yield lambda store: store.words(names)
    yield lambda store: [store.names(name) for name in names]
    for namespace in sorted({name.namespace for name in names}):
        yield lambda store, namespace=namespace: every_page(  # type: ignore[misc]
            lambda after: store.list_datasets(namespace=namespace, after=after, limit=1)
        )
        yield lambda store: set(store.tested(versions))
    for gap in (Gap.UNPRODUCED_INPUT, Gap.OUTPUT_WITHOUT_SCHEMA, Gap.OUTPUT_WITHOUT_COLUMN_LINEAGE):
        yield lambda store, gap=gap: _lacking(store, gap, names)  # type: ignore[misc]
        for conditions in map(parse_search, searches):
            meant = (_with_sources(each, names) for each in conditions)
            narrowed = (*meant, *parse_search(f'namespace:"{namespace}"'))
            yield lambda store, narrowed=narrowed: every_page(  # type: ignore[misc]
                lambda after: store.search(narrowed, now=later(3), after=after, limit=2)
            )
    for name, failed in product(names, (None, True, False)):
        yield lambda store, name=name, failed=failed: every_page(  # type: ignore[misc]
            lambda after: store.list_tested(name, failed=failed, after=after, limit=1)
        )
    for name, partition in product(names, (None, *PARTITIONS)):
        yield lambda store, name=name, partition=partition: every_page(  # type: ignore[misc]
            lambda after: store.history(name, partition=partition, after=after, limit=2)
        )


def _with_sources(condition: Condition, names: Sequence[DatasetName]) -> Condition:
    """Returns a condition with the datasets that it means, as a service would find them."""
    return replace(condition, sources=tuple(name for name in names if condition.text.matches(name.name)))


def _lacking(store: DatasetStore, gap: Gap, names: Sequence[DatasetName]) -> list[KnownDataset]:
    found = every_page(lambda after: store.list_lacking(gap, after=after, limit=1000))
    return [each for each in found if each.name in names]


def every_page(fetch: Callable[[str | None], Page[T]]) -> list[T]:
    """Returns the items of all pages."""
    return list(every(lambda after, _limit: fetch(after)))


def _first_names(store: DatasetStore, versions: Sequence[Version]) -> list[Version]:
    return list(dict.fromkeys(version.under(store.names(version.dataset)[0]) for version in versions))
