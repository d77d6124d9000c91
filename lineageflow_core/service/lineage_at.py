"""Lineage of a whole repository at a ref: what all of its datasets were made of, and what changed since.

A ref holds exact versions, so its lineage is exact, too, and two refs can be compared: which dataset is made
of something else than before, or of another version of the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from lineageflow_core.catalog import Objects
from lineageflow_core.model.lineage import DatasetName, SourceChange, SourceChangeKind, Version
from lineageflow_core.model.page import every
from lineageflow_core.openlineage.naming import version_of
from lineageflow_core.service.edges import Edges
from lineageflow_core.service.nodes import snapshots_at, version_order
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.ports import Key, LineageLook, LineageStore

Sources = Mapping[DatasetName, frozenset[Version]]
"""What a dataset was made of: the versions, by dataset."""


def versions_at(lake: Lake, objects: Objects, repository: str, ref: str) -> Iterator[Version]:
    """Yields the versions of all datasets that a ref holds, whole and by partition."""
    for dataset in every(
        lambda after, limit: objects.list_datasets(repository, ref, after=after, limit=limit)
    ):
        for snapshot in snapshots_at(objects, repository, ref, dataset.path):
            yield lake.today(version_of(repository, snapshot))


def source_changes(
    store: LineageStore, left: Collection[Version], right: Collection[Version]
) -> tuple[SourceChange, ...]:
    """Returns how what datasets are made of differs, by dataset, then by what they are made of.

    What is on both sides was made in one way, whatever that was, so it is left out.
    """
    same = set(left) & set(right)
    with store.look() as look:
        before, after = (_made_of(look, set(side) - same) for side in (left, right))
    found = []
    for dataset in sorted(before.keys() | after.keys()):
        old, new = before.get(dataset, {}), after.get(dataset, {})
        for source in sorted(old.keys() | new.keys()):
            was, now = old.get(source, frozenset()), new.get(source, frozenset())
            if was != now:
                found.append(
                    SourceChange(
                        dataset=dataset,
                        source=source,
                        kind=_kind(was, now),
                        before=tuple(sorted(was, key=version_order)),
                        after=tuple(sorted(now, key=version_order)),
                    )
                )
    return tuple(found)


def _kind(was: Collection[Version], now: Collection[Version]) -> SourceChangeKind:
    if not was:
        return SourceChangeKind.ADDED
    return SourceChangeKind.REBOUND if now else SourceChangeKind.REMOVED


def _made_of(look: LineageLook, versions: Collection[Version]) -> dict[DatasetName, Sources]:
    """Returns what each dataset was made of, in whichever of its versions."""
    keys = look.version_keys(versions)
    names = {key: version for version, key in keys.items()}
    edges = Edges(look)
    runs = {run for run, *_ in edges.of(names, written=True)}
    edges.learn_flows(runs)
    read = defaultdict(list)
    for access in look.accesses(runs, written=False):
        read[access.run].append(access)
    fed: dict[DatasetName, set[Key]] = defaultdict(set)
    for output in look.accesses(runs, written=True):
        if output.version in names:
            fed[names[output.version].dataset] |= {
                access.version
                for access in read[output.run]
                if edges.fed(output.run, access.dataset, output.dataset)
            }
    sources = look.versions({key for some in fed.values() for key in some})
    made: dict[DatasetName, Sources] = {}
    for dataset, some in fed.items():
        by_source: dict[DatasetName, set[Version]] = defaultdict(set)
        for key in some:
            by_source[sources[key].dataset].add(sources[key])
        made[dataset] = {source: frozenset(found) for source, found in by_source.items()}
    return made
