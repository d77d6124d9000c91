"""`export`: a state of a repository as files in a folder or bucket, kept up to date."""

from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.browse import AddressArgument
from lineageflow_core.cli.commands.imports import url_of
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AllowQuarantinedOption, DryRunOption
from lineageflow_core.exports import Export, ExportMode


def export(
    invocation: Invocation,
    address: AddressArgument,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TO",
            help="A folder here, or s3://, gs://, az://, abfs:// or file://.",
            show_default=False,
        ),
    ],
    link: Annotated[
        bool, typer.Option("--link", help="Links to the lake's own files, which nobody may change.")
    ] = False,
    success: Annotated[bool, typer.Option("--success", help="Write an empty _SUCCESS at the end.")] = False,
    allow_quarantined: AllowQuarantinedOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Write a state to a folder or bucket, and keep it up to date.

    Interrupted, the same command goes on. Done again, it writes only what differs, and removes what an export
    wrote and the state no longer has. Files of others are never touched.
    """
    place = invocation.places.located(address)
    assert place.ref is not None  # `located` fills it in
    task = Export(
        invocation.catalog,
        place.repository,
        place.ref,
        place.path,
        url_of(target),
        marker=success,
        allow_quarantined=allow_quarantined,
    )
    output = invocation.output
    if dry_run:
        report = task.plan()
    else:
        mode = ExportMode.LINK if link else ExportMode.COPY
        with output.progress("exporting", files=None, size=None) as advance:
            report = task.run(mode=mode, progress=advance)
    output.document(report)
    output.line(
        cells.text(report.target, "name"),
        cells.text(cells.plural(report.written, "file")),
        cells.size(report.size),
        cells.text(f"{report.kept} kept"),
        cells.text(f"{report.removed} removed"),
    )
    if dry_run:
        output.note("nothing changed yet")
