"""What a rollback cannot take back: versions outside of this lake, and those that nobody can name exactly.

Invariant: whatever a bad run wrote, or a run that read something tainted, and that is not ours to take back,
is named, with whom to tell. Nothing is skipped silently.
"""

from collections.abc import Collection, Iterator, Mapping

from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.plan import PlanAction, PlanItem, PlanReason, RollbackScope
from lineageflow_core.model.run import RunState
from lineageflow_core.openlineage.naming import repository_of
from lineageflow_core.service.nodes import in_order
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.owners import owners_of
from lineageflow_core.service.taint import Derived


def outside_items(
    lake: Lake,
    derived: Collection[Derived],
    bad_writes: Collection[Io],
    *,
    scope: RollbackScope,
    jobs: Mapping[RunId, str],
) -> Iterator[PlanItem]:
    """Yields what is tainted and cannot be taken back, nearest first."""
    for found in derived:
        if found.tainted and not _is_here(lake, found.version):
            yield _cannot(lake, found.version, found.degree, found.produced_by, found.dataset_type, jobs)
    for io, degree in _unversioned(lake, derived, bad_writes, scope):
        yield _cannot(lake, io.version, degree, io.run_id, io.dataset_type, jobs)


def _unversioned(
    lake: Lake, derived: Collection[Derived], bad_writes: Collection[Io], scope: RollbackScope
) -> Iterator[tuple[Io, int]]:
    """Yields what was written from something tainted, where no event says which version it is."""
    degrees = {io.run_id: 0 for io in bad_writes}
    if scope is RollbackScope.DESCENDANTS:
        tainted = {found.version: found.degree for found in derived if found.tainted}
        for io in lake.lineage.readers(list(tainted)):
            near = tainted[io.version] + 1
            degrees[io.run_id] = min(degrees.get(io.run_id, near), near)
    seen: set[tuple[str, str, str]] = set()
    runs = lake.lineage.runs(sorted(degrees))
    writes = in_order([*bad_writes, *lake.lineage.writes(sorted(degrees))])
    for io in sorted(writes, key=lambda io: degrees[io.run_id]):
        place = (io.version.namespace, io.version.name, io.version.partition)
        if io.version.version is not None or place in seen:
            continue
        # A run that failed made no version here; what it did elsewhere, nobody took back.
        if runs[io.run_id].state is RunState.COMPLETED or not _is_here(lake, io.version):
            seen.add(place)
            yield io, degrees[io.run_id]


def _is_here(lake: Lake, version: Version) -> bool:
    name = repository_of(version.namespace)
    if name is None:
        return False
    try:
        lake.repository(name)
    except (NotFoundError, InvalidInputError):
        return False
    return True


def _cannot(
    lake: Lake,
    version: Version,
    degree: int,
    run: RunId | None,
    dataset_type: str | None,
    jobs: Mapping[RunId, str],
) -> PlanItem:
    is_here = _is_here(lake, version)
    return PlanItem(
        dataset=f"{version.namespace}/{version.name}",
        partition=version.partition,
        action=PlanAction.CANNOT,
        reason=PlanReason.UNKNOWN if is_here else PlanReason.EXTERNAL,
        degree=degree,
        produced_by=run,
        job=jobs.get(run) or _job(lake, run) if run else None,
        bad=None,
        dataset_type=dataset_type,
        owners=owners_of(lake, [version.dataset]).get(version.dataset, ()),
    )


def _job(lake: Lake, run: RunId) -> str | None:
    found = lake.lineage.runs([run]).get(run)
    return found.job.name if found else None
