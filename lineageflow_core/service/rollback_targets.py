"""What people call bad, as the writes and versions that are."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.address import SCHEME
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.log import changing
from lineageflow_core.service.nodes import Nodes, Start
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.service.selecting import select
from lineageflow_core.tree.compare import diff_datasets
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree, join

Unit = tuple[str, str]
"""A dataset and a partition of it, '' for the whole."""

_NODES = ("run:", "version:", f"{SCHEME}:")


@dataclass(slots=True)
class Bad:
    """What is bad to begin with."""

    writes: list[Io] = field(default_factory=list)
    versions: set[Version] = field(default_factory=set)
    back_to: dict[Unit, Commit] = field(default_factory=dict)
    """Where units are to go back to, where people said so."""


def find_bad(
    opened: OpenRepository,
    nodes: Nodes,
    tip: Commit,
    targets: Iterable[str],
    *,
    branch: str,
    outputs: Collection[str],
    to: str | None,
) -> Bad:
    """Returns what the targets stand for, on a branch at `tip`.

    Raises InvalidInputError, and what looking targets up raises.
    """
    bad = Bad()
    back_to = opened.resolve(to) if to is not None else None
    for target in targets:
        if not target.startswith(_NODES):
            bad.versions |= _brought_by(opened, target, branch)
            continue
        start = nodes.resolve(target)
        bad.writes += opened.lineage.writes([run.id for run in start.runs])
        versions = list(_without_unchanged(opened, tip, start))
        if back_to is not None:
            _go_back(opened, tip, versions, back_to, bad)
        bad.versions |= set(versions)
    if to is not None and not bad.back_to:
        raise InvalidInputError(
            f"none of the targets is a dataset or partition of {opened.info.name!r} that is another one at "
            f"{to!r}: only those can be told where to go back to"
        )
    bad.writes = _narrowed(bad.writes, outputs)
    return bad


def _narrowed(writes: list[Io], outputs: Collection[str]) -> list[Io]:
    if not outputs:
        return writes
    unknown = sorted(set(outputs) - {io.version.name for io in writes})
    if unknown:
        written = ", ".join(sorted({io.version.name for io in writes})) or "nothing"
        raise InvalidInputError(f"the run did not write {', '.join(unknown)}; it wrote {written}")
    return [io for io in writes if io.version.name in outputs]


def _brought_by(opened: OpenRepository, target: str, branch: str) -> set[Version]:
    """Returns the versions that a commit, or the commits of a range, brought."""
    text = f"{target}{branch}" if target.endswith("..") else target
    (commits,) = select(opened, [text])
    before = _parent(opened, commits[0])
    found = {version for commit in commits for version in _changed(opened, _parent(opened, commit), commit)}
    # What was there before the first of them is not what they brought, even if it came back.
    return {each for each in found if not _holds(opened, before, each)}


def _parent(opened: OpenRepository, commit: Commit) -> Commit | None:
    return opened.commit(commit.parents[0]) if commit.parents else None


def _changed(opened: OpenRepository, before: Commit | None, commit: Commit) -> Iterator[Version]:
    tree = RootTree(opened.nodes, commit.root)
    for diff in diff_datasets(opened.nodes, before.root if before else EMPTY_ROOT, commit.root):
        for partition in diff.partitions or ("",):
            digest = tree.digest_at(join(diff.path, partition))
            if digest is not None:
                yield _version(opened, (diff.path, partition), digest)


def _holds(opened: OpenRepository, commit: Commit | None, version: Version) -> bool:
    if commit is None:
        return False
    path = join(version.name, version.partition)
    return RootTree(opened.nodes, commit.root).digest_at(path) == version.version


def _without_unchanged(opened: OpenRepository, tip: Commit, start: Start) -> Iterator[Version]:
    """Yields the versions of a start; of a dataset with partitions, those that its last change brought.

    Who calls a dataset bad means its current version, and not what it has in common with the one before.
    """
    namespace = dataset_namespace(opened.info.name)
    whole = {each.name for each in start.versions if not each.partition}
    before: dict[str, Commit | None] = {}
    for version in start.versions:
        if version.partition and version.name in whole and version.namespace == namespace:
            if version.name not in before:
                last = next(changing(opened, tip, version.name), None)
                before[version.name] = _parent(opened, last) if last else None
            if _holds(opened, before[version.name], version):
                continue
        yield version


def _go_back(opened: OpenRepository, tip: Commit, versions: list[Version], to: Commit, bad: Bad) -> None:
    """Adds where the versions' units go back to, and all that those were since then."""
    namespace = dataset_namespace(opened.info.name)
    for version in list(versions):
        path = join(version.name, version.partition)
        if version.namespace != namespace:
            continue
        if _holds(opened, to, version):
            versions.remove(version)
            continue
        bad.back_to[version.name, version.partition] = to
        there = RootTree(opened.nodes, to.root).digest_at(path)
        for commit in changing(opened, tip, path):
            digest = RootTree(opened.nodes, commit.root).digest_at(path)
            if digest == there:
                break
            if digest is not None:
                bad.versions.add(_version(opened, (version.name, version.partition), digest))


def _version(opened: OpenRepository, unit: Unit, digest: str) -> Version:
    return Version(
        namespace=dataset_namespace(opened.info.name), name=unit[0], partition=unit[1], version=digest
    )
