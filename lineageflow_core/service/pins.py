"""Lineage pins: versions that are needed to make again what branches and tags hold now.

From each version that a tip or a tag holds: the runs that wrote it, what they read, the runs that wrote that,
and so on. A whole dataset that was read pins its tree; a partition pins what that tree holds of it. What is
in quarantine stays, too, to be looked into.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lineageflow_core.model.lineage import Version
from lineageflow_core.model.page import every
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.tree.root import RootTree


@dataclass(frozen=True, slots=True)
class Pins:
    """What lineage needs, and why."""

    snapshots: dict[tuple[str, str], str] = field(default_factory=dict)
    """Whole datasets, by path and snapshot."""
    partitions: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Partitions, by path, partition and snapshot."""


def pins_of(opened: OpenRepository, live: Sequence[tuple[str, str]]) -> Pins:
    """Returns what is needed to make again what is at these roots, which come with their names."""
    pins = Pins()
    for held in _quarantined(opened):
        version = Version(namespace="", name=held.dataset, partition=held.partition, version=held.snapshot)
        _pin(pins, version, f"it is in quarantine since {held.at:%Y-%m-%d}")
    namespace = dataset_namespace(opened.info.name)
    seen: set[Version] = set()
    for name, root in live:
        start = [version for version in _versions(opened, namespace, root) if version not in seen]
        seen.update(start)
        pending = start
        while pending:
            makers = {io.run_id for io in opened.lineage.writers(pending)}
            pending = []
            for io in opened.lineage.reads(sorted(makers)):
                if io.version in seen or io.version.version is None:
                    continue
                seen.add(io.version)
                pending.append(io.version)
                if io.version.namespace == namespace:
                    _pin(pins, io.version, f"run {io.run_id} read it to make what {name} holds")
    return pins


def _quarantined(opened: OpenRepository) -> Iterator[Quarantine]:
    quarantines = opened.stores.quarantines
    return every(lambda after, limit: quarantines.list(opened.info.id, path="", after=after, limit=limit))


def _pin(pins: Pins, version: Version, why: str) -> None:
    assert version.version is not None
    if version.partition:
        pins.partitions.setdefault((version.name, version.partition, version.version), why)
    else:
        pins.snapshots.setdefault((version.name, version.version), why)


def _versions(opened: OpenRepository, namespace: str, root: str) -> Iterator[Version]:
    tree = RootTree(opened.nodes, root)
    for dataset in tree.datasets():
        yield Version(namespace=namespace, name=dataset.path, version=dataset.snapshot)
        for partition in tree.partitions(dataset) if dataset.partition_depth else ():
            found = tree.snapshot(dataset, partition)
            if found is not None:
                yield Version(
                    namespace=namespace, name=dataset.path, partition=partition, version=found.snapshot
                )
