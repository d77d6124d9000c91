"""Quarantined versions: who may read what, and setting and lifting quarantines.

Invariant: every read of a path asks `admitted`, so all readers are told the same. It costs one look into the
store for a dataset, and no more unless some version of that is quarantined.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError, QuarantinedVersionError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import PlanId, SnapshotId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.names import check_folder, is_under
from lineageflow_core.model.objects import Dataset
from lineageflow_core.model.page import DEFAULT_LIMIT, MAX_LIMIT, Page, every
from lineageflow_core.model.quarantine import Quarantine, QuarantineNotice, QuarantineReport
from lineageflow_core.model.settings import QuarantinePolicy
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.service.impact import derived_from, impacts
from lineageflow_core.service.log import changing
from lineageflow_core.service.nodes import Nodes, Start
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.tree.root import RootTree


class QuarantineService:
    """Implements `catalog.Quarantines` over the ports."""

    def __init__(self, lake: Lake, nodes: Nodes) -> None:
        self._lake = lake
        self._nodes = nodes

    def quarantine(
        self, repository: str, target: str, *, reason: str, author: str, key: str | None = None
    ) -> tuple[Quarantine, ...]:
        opened = self._lake.repository(repository)
        if done := opened.published(key, "quarantine", None):
            return done.quarantines
        if not reason.strip():
            raise InvalidInputError("a quarantine needs a reason: say what is wrong with the version")
        found = quarantined(opened, self._versions(opened, target), reason=reason, author=author)
        # What is quarantined already stays as it is: who said so first, and why.
        known = {_identity(held): held for held in _holding(opened, {held.dataset for held in found})}
        new = [held for held in found if _identity(held) not in known]
        if new or key is not None:
            opened.publish("quarantine", key=key, actor=author, quarantines=new, message=reason)
        return tuple(known.get(_identity(held), held) for held in found)

    def lift_quarantine(
        self, repository: str, target: str, *, author: str, key: str | None = None
    ) -> tuple[Quarantine, ...]:
        opened = self._lake.repository(repository)
        if done := opened.published(key, "lift_quarantine", None):
            return done.quarantines
        wanted = {(each.name, each.partition, each.version) for each in self._versions(opened, target)}
        holding = _holding(opened, {dataset for dataset, _, _ in wanted})
        found = lifted(opened, (held for held in holding if _identity(held) in wanted), author=author)
        if found or key is not None:
            done = opened.publish("lift_quarantine", key=key, actor=author, quarantines=found)
            return done.quarantines
        return ()

    def list_quarantines(
        self, repository: str, *, path: str = "", after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Quarantine]:
        opened = self._lake.repository(repository)
        return opened.stores.quarantines.list(
            opened.info.id, path=check_folder(path), after=after, limit=limit
        )

    def get_quarantine(self, repository: str, target: str) -> QuarantineReport:
        opened = self._lake.repository(repository)
        versions = self._versions(opened, target)
        wanted = {(each.name, each.partition, each.version) for each in versions}
        holding = _holding(opened, {each.name for each in versions})
        held = next((held for held in holding if _identity(held) in wanted), None)
        if held is None:
            raise ObjectNotFoundError(
                f"{target!r} is not quarantined; `lineageflow quarantine list -R {opened.info.name}` shows "
                "what is",
                target=target,
            )
        derived = derived_from(self._lake, Start(versions=(_version_of(opened, held),)))
        tainted = impacts(self._lake, [each for each in derived if each.tainted])
        return QuarantineReport(quarantine=held, derived=tuple(tainted))

    def check_reading(
        self, repository: str, ref: str, path: str, *, allow_quarantined: bool = False
    ) -> tuple[QuarantineNotice, ...]:
        opened = self._lake.repository(repository)
        return admitted(opened, opened.resolve(ref), path, allow_quarantined=allow_quarantined)

    def _versions(self, opened: OpenRepository, target: str) -> list[Version]:
        """Returns the exact versions of this repository that a target stands for."""
        start = self._nodes.resolve(target)
        namespace = dataset_namespace(opened.info.name)
        written = {io.version for io in opened.lineage.writes([run.id for run in start.runs])}
        # A run's outputs elsewhere are that repository's own affair; an address says which one it means.
        found = [*start.versions, *(each for each in written if each.namespace == namespace)]
        for version in found:
            if version.namespace != namespace or version.version is None:
                raise InvalidInputError(
                    f"{target!r} is no exact version in {opened.info.name!r}; write "
                    f"'{namespace}/[@ref/]dataset[/partition]'"
                )
        if not found:
            raise InvalidInputError(f"{target!r} wrote nothing to {opened.info.name!r}")
        return found


def quarantined(
    opened: OpenRepository,
    versions: Iterable[Version],
    *,
    reason: str,
    author: str,
    plan: PlanId | None = None,
) -> list[Quarantine]:
    """Returns new quarantines of versions, which are exact."""
    at = opened.clock()
    return [
        Quarantine(
            dataset=version.name,
            partition=version.partition,
            snapshot=SnapshotId(version.version or ""),
            reason=reason,
            author=author,
            at=at,
            plan=plan,
        )
        for version in versions
    ]


def lifted(opened: OpenRepository, held: Iterable[Quarantine], *, author: str) -> list[Quarantine]:
    """Returns quarantines as they are once they are lifted."""
    at = opened.clock()
    return [replace(each, lifted_at=at, lifted_by=author) for each in held]


def admitted(
    opened: OpenRepository, commit: Commit, path: str, *, allow_quarantined: bool
) -> tuple[QuarantineNotice, ...]:
    """Returns what a reader of `path` at a commit is to be told.

    Whatever hands out content asks here: readers elsewhere by `check_reading`, and what reads on their behalf
    in the lake itself. Raises QuarantinedVersionError where the policy is to stop those who do not allow it.
    """
    notices = tuple(_notices_at(opened, commit, check_folder(path)))
    if notices and not allow_quarantined and opened.settings().quarantine is QuarantinePolicy.STOP:
        raise _stopped(notices)
    return notices


def _notices_at(opened: OpenRepository, commit: Commit, path: str) -> Iterator[QuarantineNotice]:
    tree = RootTree(opened.nodes, commit.root)
    home = tree.dataset_at(path) if path else None
    if home is not None:
        held = opened.stores.quarantines.holding(opened.info.id, home.path)
        yield from _notices(opened, commit, tree, home, path, held)
        return
    by_dataset: dict[str, list[Quarantine]] = {}
    for each in _all_below(opened, path):
        by_dataset.setdefault(each.dataset, []).append(each)
    for name, held in by_dataset.items():
        dataset = tree.dataset_at(name)
        if dataset is not None and dataset.path == name:
            yield from _notices(opened, commit, tree, dataset, path, held)


def _notices(
    opened: OpenRepository,
    commit: Commit,
    tree: RootTree,
    dataset: Dataset,
    path: str,
    held: Sequence[Quarantine],
) -> Iterator[QuarantineNotice]:
    for each in held:
        if not (is_under(path, each.path) or is_under(each.path, path)):
            continue
        now = dataset.snapshot if not each.partition else tree.digest_at(each.path)
        if now == each.snapshot:
            yield _notice(opened, commit, each, {one.snapshot for one in held if one.path == each.path})


def _notice(
    opened: OpenRepository, start: Commit, held: Quarantine, bad: set[SnapshotId]
) -> QuarantineNotice:
    for commit in changing(opened, start, held.path):
        if not commit.parents:
            break
        before = opened.commit(commit.parents[0])
        digest = RootTree(opened.nodes, before.root).digest_at(held.path)
        if digest is not None and digest not in bad:
            return QuarantineNotice(
                repository=opened.info.name,
                quarantine=held,
                last_good=SnapshotId(digest),
                last_good_commit=before.id,
            )
    return QuarantineNotice(repository=opened.info.name, quarantine=held)


def _stopped(notices: Sequence[QuarantineNotice]) -> QuarantinedVersionError:
    first = notices[0]
    more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
    return QuarantinedVersionError(
        f"{first.text}{more}. To read it all the same, allow quarantined versions explicitly "
        "(`allow_quarantined=True`, `--allow-quarantined`)",
        path=first.quarantine.path,
        version=first.quarantine.snapshot,
        reason=first.quarantine.reason,
        author=first.quarantine.author,
        last_good=first.last_good,
        last_good_commit=first.last_good_commit,
    )


def _holding(opened: OpenRepository, datasets: Iterable[str]) -> list[Quarantine]:
    store = opened.stores.quarantines
    return [held for dataset in sorted(datasets) for held in store.holding(opened.info.id, dataset)]


def _all_below(opened: OpenRepository, path: str) -> Iterator[Quarantine]:
    store = opened.stores.quarantines
    return every(
        lambda after, limit: store.list(opened.info.id, path=path, after=after, limit=min(limit, MAX_LIMIT))
    )


def _identity(held: Quarantine) -> tuple[str, str, str | None]:
    return held.dataset, held.partition, held.snapshot


def _version_of(opened: OpenRepository, held: Quarantine) -> Version:
    return Version(
        namespace=dataset_namespace(opened.info.name),
        name=held.dataset,
        partition=held.partition,
        version=held.snapshot,
    )
