"""What is known of the jobs that events name, and all that their runs said."""

from collections.abc import Iterable

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.model.known import JobDetails, KnownJob, RunTree, SaidOfRun
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.run import Job, Run
from lineageflow_core.service.nodes import find_job, unknown_run
from lineageflow_core.service.opened import Lake
from lineageflow_core.service.said import Said, plain_facets

MAX_DESCENDANTS = 10_000


class JobsService:
    """Implements `catalog.Jobs`."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def list_jobs(
        self, *, namespace: str | None = None, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[KnownJob]:
        return self._lake.jobs.list_jobs(namespace=namespace, after=after, limit=limit)

    def get_job(self, namespace: str, name: str) -> JobDetails:
        known = self._known(namespace, name)
        lineage, jobs = self._lake.lineage, self._lake.jobs
        latest = [known.latest.id] if known.latest else []
        declared = lineage.declarations(jobs=[known.job])
        edges = jobs.edges([known.job])
        return JobDetails(
            known=known,
            facets=plain_facets(jobs.words([known.job]).get(known.job, {})),
            reads=_datasets(lineage.reads(latest)),
            writes=_datasets(lineage.writes(latest)),
            declared_reads=self._named(wire for wire in declared if not wire.written),
            declared_writes=self._named(wire for wire in declared if wire.written),
            before=tuple(edge.source for edge in edges if edge.target == known.job),
            behind=tuple(edge.target for edge in edges if edge.source == known.job),
        )

    def list_job_runs(
        self, namespace: str, name: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Run]:
        return self._lake.jobs.list_runs(self._known(namespace, name).job, after=after, limit=limit)

    def get_run_tree(self, run_id: RunId, *, limit: int = 1000) -> RunTree:
        if not 1 <= limit <= MAX_DESCENDANTS:
            raise InvalidInputError(f"a tree holds 1 to {MAX_DESCENDANTS} runs, not {limit}")
        run = self._run(run_id)
        found: dict[RunId, Run] = {}
        parents, truncated = [run.id], False
        while parents and not truncated:
            steps = [
                step
                for step in self._lake.lineage.steps(parents)
                if step.id not in found and step.id != run.id
            ]
            truncated = len(found) + len(steps) > limit
            steps = steps[: limit - len(found)]
            found.update((step.id, step) for step in steps)
            parents = [step.id for step in steps]
        return RunTree(run=run, descendants=tuple(found.values()), truncated=truncated)

    def get_run_facets(self, run_id: RunId) -> SaidOfRun:
        run = self._run(run_id)
        said = Said(self._lake, [run.id])
        record = said.record(run.id)
        return SaidOfRun(
            run=run,
            facets=plain_facets(record.facets),
            job_facets=plain_facets(record.job_facets),
            reads=said.access_facets(run.id, written=False),
            writes=said.access_facets(run.id, written=True),
        )

    def _known(self, namespace: str, name: str) -> KnownJob:
        return find_job(self._lake.jobs, Job(namespace=namespace, name=name))

    def _run(self, run_id: RunId) -> Run:
        run_id = parse_run_id(run_id)
        run = self._lake.lineage.runs([run_id]).get(run_id)
        if run is None:
            raise unknown_run(run_id)
        return run

    def _named(self, wires: Iterable[Wire]) -> tuple[DatasetName, ...]:
        """Returns what a job declares, under the first names."""
        return tuple(sorted(set(self._lake.datasets.first_names({wire.dataset for wire in wires}).values())))


def _datasets(ios: Iterable[Io]) -> tuple[DatasetName, ...]:
    return tuple(sorted({io.version.dataset for io in ios}))
