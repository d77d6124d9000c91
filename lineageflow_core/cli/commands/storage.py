"""`storage`: where repositories keep their content."""

from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.failures import FAILURE
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.output import Column
from lineageflow_core.model.storage import StorageCheck, StorageReport
from lineageflow_core.store.open import open_content

_COLUMNS = (
    Column(name=""),
    Column(name="check"),
    Column(name="takes"),
    Column(name="what is wrong", shrinks=True),
)


def check_storage(
    invocation: Invocation,
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="URL",
            help="s3://, gs://, az://, abfs:// or file://. Else where the repository's content lies.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """See what a storage lets you do, and which permission is missing.

    Writes, reads, lists and deletes a small probe. A URL is tried from this machine, a repository's storage
    from where its lake is: a server tries its own access.
    """
    report = _report(invocation, url)
    output = invocation.output
    output.document(report)
    if not output.json:
        output.line(cells.text(report.storage, "name"))
        output.table(_COLUMNS, (_row(check) for check in report.checks))
    for check in report.checks:
        if not check.ok and output.is_terminal:
            output.note(f"{check.name}: {check.detail}")
    if not report.usable:
        raise typer.Exit(FAILURE)


def _report(invocation: Invocation, url: str | None) -> StorageReport:
    if url is not None:
        return open_content(url).check()
    return invocation.catalog.repositories.check_storage(invocation.places.repository)


def _row(check: StorageCheck) -> tuple[cells.Cell, ...]:
    mark = ("✓", "ok") if check.ok else ("✗", "failed") if check.needed else ("!", "warning")
    return (
        cells.text(*mark),
        cells.text(check.name),
        cells.text(check.permission),
        cells.text(check.detail),
    )
