"""`job`: the jobs that events name, and their runs."""

from collections.abc import Iterable, Iterator, Sequence

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.dataset import NameArgument, NamespaceArgument, NamespaceOption
from lineageflow_core.cli.commands.runs import RUN_COLUMNS, run_row
from lineageflow_core.cli.facet_rows import FACET_COLUMNS, facet_rows
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import LimitOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.model.known import JobDetails, KnownJob
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Job

_COLUMNS = (
    Column(name="namespace"),
    Column(name="job"),
    Column(name="runs", right=True),
    Column(name="state"),
    Column(name="started"),
)


def list_jobs(invocation: Invocation, namespace: NamespaceOption = None, limit: LimitOption = 30) -> None:
    """List the jobs that events name, by namespace and name."""
    jobs = invocation.catalog.jobs
    found = every(
        lambda after, size: jobs.list_jobs(namespace=namespace, after=after, limit=size),
        most=limit + 1 if limit else None,
    )
    invocation.output.listing(found, _COLUMNS, _row, most=most_of(limit))


def show_job(invocation: Invocation, namespace: NamespaceArgument, name: NameArgument) -> None:
    """Show a job: what it reads and writes, its neighbours, and the last word on each facet."""
    found = invocation.catalog.jobs.get_job(namespace, name)
    invocation.output.document(found)
    invocation.output.card(_facts(found))
    invocation.output.table(FACET_COLUMNS, facet_rows(found.facets), section="facets")


def list_job_runs(
    invocation: Invocation, namespace: NamespaceArgument, name: NameArgument, limit: LimitOption = 30
) -> None:
    """List the runs of one job, newest first, also those that are steps."""
    jobs = invocation.catalog.jobs
    found = every(
        lambda after, size: jobs.list_job_runs(namespace, name, after=after, limit=size),
        most=limit + 1 if limit else None,
    )
    invocation.output.listing(found, RUN_COLUMNS, run_row, most=most_of(limit))


def _row(found: KnownJob) -> Sequence[cells.Cell]:
    run = found.latest
    return (
        cells.text(found.job.namespace, "dim"),
        cells.text(found.job.name, "name"),
        cells.count(found.runs),
        cells.run_state(run.state) if run else cells.text(None),
        cells.when(run.started_at if run else None),
    )


def _facts(found: JobDetails) -> Iterator[tuple[str, cells.Cell]]:
    run = found.known.latest
    yield "job", cells.text(found.known.job.name, "name")
    yield "namespace", cells.text(found.known.job.namespace)
    yield "runs", cells.count(found.known.runs)
    if run is not None:
        yield "latest run", cells.text(run.id, "run")
        yield "state", cells.run_state(run.state)
        yield "started", cells.instant(run.started_at)
        yield "code", cells.code(run.code)
    yield "reads", _named(found.reads)
    yield "writes", _named(found.writes)
    yield "declares reading", _named(found.declared_reads)
    yield "declares writing", _named(found.declared_writes)
    yield "after", _named(found.before)
    yield "before", _named(found.behind)


def _named(names: Iterable[DatasetName | Job]) -> cells.Cell:
    return cells.joined(cells.text(f"{each.namespace}/{each.name}", "name") for each in names)
