"""Which branches hold a version now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lineageflow_core.catalog import Objects, Refs
from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.refs import Ref
from lineageflow_core.openlineage.naming import repository_of


def branches_holding(
    versions: Iterable[Version], *, refs: Refs, objects: Objects
) -> dict[Version, tuple[str, ...]]:
    """Returns, for each version of ours, the branches whose tip holds exactly it, by name.

    Versions that no branch holds, and those of datasets that are not in this lake, are left out. Branches at
    one commit are looked at once, so the cost is versions times distinct tips.
    """
    by_repository: dict[str, list[Version]] = defaultdict(list)
    for version in versions:
        repository = repository_of(version.namespace)
        if repository is not None and version.version is not None:
            by_repository[repository].append(version)
    return {
        version: branches
        for repository, some in by_repository.items()
        for version, branches in _in_repository(repository, some, refs, objects)
    }


def _in_repository(
    repository: str, versions: list[Version], refs: Refs, objects: Objects
) -> Iterator[tuple[Version, tuple[str, ...]]]:
    names: dict[CommitId, list[str]] = defaultdict(list)
    for branch in _branches(repository, refs):
        names[branch.commit].append(branch.name)
    for version in versions:
        tips = (tip for tip in names if _holds(objects, repository, tip, version))
        branches = sorted(name for tip in tips for name in names[tip])
        if branches:
            yield version, tuple(branches)


def _branches(repository: str, refs: Refs) -> Iterator[Ref]:
    after: str | None = None
    while True:
        try:
            page = refs.list_refs(repository, after=after, limit=MAX_LIMIT)
        except (NotFoundError, InvalidInputError):
            return  # the events are about a repository of another lake, or what cannot be one
        yield from page.items
        if page.next is None:
            return
        after = page.next


def _holds(objects: Objects, repository: str, tip: CommitId, version: Version) -> bool:
    path = f"{version.name}/{version.partition}" if version.partition else version.name
    try:
        found = objects.get_snapshot(repository, tip, path)
    except (NotFoundError, InvalidInputError):  # an event may name what cannot be a path
        return False
    return (found.dataset, found.partition, found.snapshot) == (
        version.name,
        version.partition,
        version.version,
    )
