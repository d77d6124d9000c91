"""Which branches hold a version now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.names import check_path
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.refs import Ref, RefKind
from lineageflow_core.openlineage.naming import repository_of
from lineageflow_core.service.nodes import partition_at
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.tree.root import RootTree, join

_AT_ONCE = 500
"""Trees that are looked into together: what they begin with is read at once."""


def branches_holding(lake: Lake, versions: Iterable[Version]) -> dict[Version, tuple[str, ...]]:
    """Returns, for each version of ours, the branches whose tip holds exactly it, by name.

    Versions that no branch holds, and those of datasets that are not in this lake, are left out. Branches of
    equal content are looked into once.
    """
    by_repository: dict[str, list[Version]] = defaultdict(list)
    for version in versions:
        repository = repository_of(version.namespace)
        if repository is not None and version.version is not None and _can_be(version):
            by_repository[repository].append(version)
    holding: dict[Version, list[str]] = defaultdict(list)
    for repository, some in by_repository.items():
        try:
            opened = lake.repository(repository)
        except (NotFoundError, InvalidInputError):
            continue  # the events are about a repository of another lake, or what cannot be one
        for names, tree in _tips(opened):
            for version in some:
                if _holds(tree, version):
                    holding[version] += names
    return {version: tuple(sorted(names)) for version, names in holding.items()}


def _tips(opened: OpenRepository) -> Iterator[tuple[list[str], RootTree]]:
    """Yields each tree that is at the tip of branches, with their names."""
    names: dict[str, list[str]] = defaultdict(list)
    for branches in _branches(opened):
        commits = opened.commits([branch.commit for branch in branches])
        for branch, commit in zip(branches, commits, strict=True):
            names[commit.root].append(branch.name)
    roots = list(names)
    for start in range(0, len(roots), _AT_ONCE):
        some = roots[start : start + _AT_ONCE]
        opened.nodes.get_many([bytes.fromhex(root) for root in some])
        yield from ((names[root], RootTree(opened.nodes, root)) for root in some)


def _branches(opened: OpenRepository) -> Iterator[Sequence[Ref]]:
    """Yields the branches, page by page."""
    after: str | None = None
    while True:
        page = opened.stores.refs.list(
            opened.info.id, kind=RefKind.BRANCH, prefix="", after=after, limit=MAX_LIMIT
        )
        yield page.items
        if page.next is None:
            return
        after = page.next


def _can_be(version: Version) -> bool:
    """Tells whether a path can be called so: an event may name anything."""
    path = join(version.name, version.partition)
    try:
        return check_path(path) == path
    except InvalidInputError:
        return False


def _holds(tree: RootTree, version: Version) -> bool:
    path = join(version.name, version.partition)
    dataset = tree.dataset_at(path)
    if dataset is None or dataset.path != version.name:
        return False
    if not version.partition:
        return dataset.snapshot == version.version
    found = tree.snapshot(dataset, version.partition)
    is_partition = partition_at(dataset, path) == version.partition
    return is_partition and found is not None and found.snapshot == version.version
