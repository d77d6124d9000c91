"""`checks`: what was found out about the content of a ref."""

from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption
from lineageflow_core.cli.output import Column
from lineageflow_core.model.check import Check, CheckState

_COLUMNS = (
    Column(name="state"),
    Column(name="check"),
    Column(name="when"),
    Column(name="by"),
    Column(name="commit"),
    Column(name="summary", shrinks=True),
)
_STATES = {CheckState.PASSED: ("✓", "ok"), CheckState.FAILED: ("✕", "failed")}

RefArgument = Annotated[
    str | None,
    typer.Argument(metavar="REF", help="Which state; else the default branch's tip.", show_default=False),
]


def list_checks(invocation: Invocation, ref: RefArgument = None) -> None:
    """List the checks of a ref's content, each with its latest result."""
    repository, revision = invocation.places.ref(ref)
    invocation.output.listing(invocation.catalog.checks.list_checks(repository, revision), _COLUMNS, _row)


def record_check(
    invocation: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which check.", show_default=False)],
    state: Annotated[CheckState, typer.Argument(metavar="STATE", help="passed or failed.")],
    ref: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="REF", help="What was checked; else the default branch's tip.", show_default=False
        ),
    ] = None,
    summary: Annotated[
        str,
        typer.Option("--summary", "-s", metavar="TEXT", help="One line about it.", show_default=False),
    ] = "",
    author: AuthorOption = None,
) -> None:
    """Record what a check found in a ref's content."""
    repository, revision = invocation.places.ref(ref)
    found = invocation.catalog.checks.record_check(
        repository, revision, name, state=state, summary=summary, author=invocation.author(author)
    )
    invocation.output.document(found)
    invocation.output.line(*_row(found))


def _row(check: Check) -> tuple[cells.Cell, ...]:
    return (
        cells.marked(*_STATES[check.state], check.state.value),
        cells.text(check.name, "name"),
        cells.when(check.at),
        cells.text(check.author),
        cells.short_id(check.commit),
        cells.text(check.summary),
    )
