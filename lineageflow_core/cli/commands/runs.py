"""`runs`: what ran, and what it read and wrote."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.facet_rows import FACET_COLUMNS, facet_rows
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import LimitOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.run_ids import find_run
from lineageflow_core.cli.versions import version_cells
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Io
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Run, RunState

RUN_COLUMNS = (
    Column(name="run"),
    Column(name="state"),
    Column(name="job"),
    Column(name="started"),
    Column(name="took", right=True),
    Column(name="code"),
)
_IO_COLUMNS = (
    Column(name="dataset"),
    Column(name="partition"),
    Column(name="version"),
    Column(name="type"),
    Column(name="run"),
)


RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Its id, or the start of it.", show_default=False)
]


def list_runs(
    invocation: Invocation,
    job: Annotated[
        str | None, typer.Option("--job", metavar="NAME", help="Only runs of this job.", show_default=False)
    ] = None,
    state: Annotated[
        RunState | None, typer.Option("--state", help="Only runs in this state.", show_default=False)
    ] = None,
    limit: LimitOption = 30,
) -> None:
    """List the runs of pipelines, newest first."""
    lineage = invocation.catalog.lineage
    found = every(
        lambda after, size: lineage.list_runs(job=job, state=state, after=after, limit=size),
        most=limit + 1 if limit else None,
    )
    invocation.output.listing(found, RUN_COLUMNS, run_row, most=most_of(limit))


def show_run(
    invocation: Invocation,
    run: RunArgument,
) -> None:
    """Show a run: its code, steps, reads and writes."""
    details = invocation.catalog.lineage.get_run(_find(invocation, run))
    output, home = invocation.output, invocation.places.home
    output.document(details)
    output.card(_facts(details.run))
    output.table(RUN_COLUMNS, (run_row(step) for step in details.steps), section="steps")
    output.table(_IO_COLUMNS, (_io_row(io, home) for io in details.reads), section="reads")
    output.table(_IO_COLUMNS, (_io_row(io, home) for io in details.writes), section="writes")


def show_run_tree(
    invocation: Invocation,
    run: RunArgument,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many runs at most.")
    ] = 1000,
) -> None:
    """List a run with all runs inside it, parents before their steps."""
    found = invocation.catalog.jobs.get_run_tree(_find(invocation, run), limit=limit)
    invocation.output.document(found)
    if not invocation.output.json:
        invocation.output.table(RUN_COLUMNS, map(run_row, (found.run, *found.descendants)))
    if found.truncated:
        invocation.output.note(f"there are more than {limit} runs inside it; ask for more with --limit")


def show_run_facets(invocation: Invocation, run: RunArgument) -> None:
    """Show all that was said of a run, of its job, and of what it read and wrote."""
    found = invocation.catalog.jobs.get_run_facets(_find(invocation, run))
    output = invocation.output
    output.document(found)
    output.table(FACET_COLUMNS, facet_rows(found.facets), section="run")
    output.table(FACET_COLUMNS, facet_rows(found.job_facets), section="job")
    for section, some in (("read", found.reads), ("wrote", found.writes)):
        for each in some:
            title = f"{section} {each.dataset.namespace}/{each.dataset.name}"
            output.table(FACET_COLUMNS, facet_rows(each.facets), section=title)


def _find(invocation: Invocation, run: str) -> RunId:
    return find_run(invocation.catalog, run.removeprefix("run:"))


def _facts(run: Run) -> Iterator[tuple[str, cells.Cell]]:
    yield "run", cells.text(run.id, "run")
    yield "job", cells.text(run.job.name, "name")
    yield "namespace", cells.text(run.job.namespace)
    yield "state", cells.run_state(run.state)
    yield "error", cells.text(run.error, "failed")
    yield "step of", cells.text(run.parent, "run")
    yield "started", cells.instant(run.started_at)
    yield "ended", cells.instant(run.ended_at)
    yield "took", cells.duration(run.started_at, run.ended_at)
    if run.code is not None:
        yield "code", cells.text(run.code.revision, "id")
        yield "repository", cells.text(run.code.repository_url)
        yield "code branch", cells.text(run.code.branch)
        yield "file", cells.text(run.code.path)
    yield "params", cells.joined(cells.text(f"{name}={value}") for name, value in sorted(run.params.items()))
    yield (
        "environment",
        cells.joined(cells.text(f"{name} {fact}", "dim") for name, fact in sorted(run.environment.items())),
    )


def run_row(run: Run) -> Sequence[cells.Cell]:
    """Returns a run as a line of a list."""
    return (
        cells.short_id(run.id, "run"),
        cells.run_state(run.state),
        cells.text(run.job.name, "name"),
        cells.when(run.started_at),
        cells.duration(run.started_at, run.ended_at),
        cells.code(run.code),
    )


def _io_row(io: Io, home: str | None) -> Sequence[cells.Cell]:
    return (
        *version_cells(io.version, home),
        cells.text(io.dataset_type, "dim"),
        cells.short_id(io.run_id, "run"),
    )
