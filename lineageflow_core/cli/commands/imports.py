"""`import` and `imports`: what lies in other buckets and folders, without copying it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.failures import FAILURE
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import (
    AuthorOption,
    BranchOption,
    DryRunOption,
    LimitOption,
    MessageOption,
    most_of,
)
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.imports import import_objects
from lineageflow_core.model.page import MAX_LIMIT, every
from lineageflow_core.model.transfer import (
    ChangedReference,
    Import,
    ImportId,
    ImportMode,
    ImportPreview,
    ReferenceReport,
    Skipped,
)

_COLUMNS = (
    Column(name="import"),
    Column(name="state"),
    Column(name="objects", right=True),
    Column(name="size", right=True),
    Column(name="path"),
    Column(name="source", shrinks=True),
)
_CHANGED_COLUMNS = (
    Column(name="path"),
    Column(name="expected", shrinks=True),
    Column(name="found", shrinks=True),
    Column(name="url", shrinks=True),
)
_SKIPPED_COLUMNS = (Column(name="skipped"), Column(name="reason", shrinks=True))

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="s3://, gs://, az://, abfs:// or file://, or a folder or file here.",
        show_default=False,
    ),
]
ImportArgument = Annotated[str, typer.Argument(metavar="IMPORT", help="Its id.", show_default=False)]


def import_source(
    invocation: Invocation,
    source: SourceArgument,
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="PATH", help="The dataset that it becomes; else as SOURCE ends.", show_default=False
        ),
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the bytes, instead of referring to them.")
    ] = False,
    partitions: Annotated[
        int,
        typer.Option("--partitions", min=0, metavar="N", help="How many leading folders name a partition."),
    ] = 0,
    branch: BranchOption = None,
    message: MessageOption = None,
    author: AuthorOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Import a bucket or folder as a dataset, without copying it.

    Interrupted, the same command goes on. Done again, it commits what has changed at the source.
    """
    url = url_of(source)
    place = invocation.places.located(path if path is not None else name_of(url))
    if not place.path:
        raise InvalidInputError("name the dataset that is to be made, as in 'raw/flights'")
    if dry_run:
        preview = invocation.catalog.transfers.preview_import(
            place.repository, url, place.path, partition_depth=partitions
        )
        _show_preview(invocation, preview)
        return
    done = run_import(
        invocation,
        place.repository,
        url,
        place.path,
        branch=invocation.places.branch(place.repository, branch),
        author=invocation.author(author),
        message=message or "",
        mode=ImportMode.COPY if copy else ImportMode.REFERENCE,
        partition_depth=partitions,
    )
    invocation.output.document(done)
    _show_done(invocation, done)


def list_imports(invocation: Invocation, limit: LimitOption = 20) -> None:
    """List imports, newest first."""
    repository = invocation.places.repository
    transfers = invocation.catalog.transfers
    found = every(lambda after, limit: transfers.list_imports(repository, after=after, limit=limit))
    invocation.output.listing(found, _COLUMNS, _row, most=most_of(limit))


def show_import(invocation: Invocation, import_id: ImportArgument) -> None:
    """Show how far an import is."""
    found = invocation.catalog.transfers.get_import(invocation.places.repository, ImportId(import_id))
    invocation.output.document(found)
    invocation.output.line(*_row(found))
    if found.error:
        invocation.output.note(found.error)
    _show_skipped(invocation, found.skipped, found.examples)


def cancel_import(invocation: Invocation, import_id: ImportArgument) -> None:
    """Give up an import that is not finished."""
    found = invocation.catalog.transfers.cancel_import(invocation.places.repository, ImportId(import_id))
    invocation.output.document(found)
    invocation.output.line(*_row(found))


def check_imports(
    invocation: Invocation,
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="Where; else everything on the default branch.", show_default=False
        ),
    ] = "",
) -> None:
    """See whether imported objects still are what they were at their sources."""
    place = invocation.places.located(address)
    assert place.ref is not None  # `located` fills it in
    report = _report(invocation, place.repository, place.ref, place.path)
    output = invocation.output
    output.document(report)
    output.table(_CHANGED_COLUMNS, (_changed_row(each) for each in report.changed))
    output.note(
        f"{cells.plural(report.references, 'reference')} among {cells.plural(report.objects, 'object')}, "
        f"{len(report.changed)} changed"
    )
    if report.changed:
        raise typer.Exit(FAILURE)


def url_of(source: str) -> str:
    """Returns a source as a URL: one, or a path on this machine."""
    return source if "://" in source else f"file://{Path(source).absolute()}"


def name_of(url: str) -> str:
    """Returns what a source is called at its end."""
    return url.partition("?")[0].rstrip("/").rpartition("/")[2]


def run_import(
    invocation: Invocation,
    repository: str,
    url: str,
    path: str,
    *,
    branch: str,
    author: str,
    message: str = "",
    mode: ImportMode = ImportMode.REFERENCE,
    partition_depth: int = 0,
) -> Import:
    """Imports to the end, and shows how far it is."""
    with invocation.output.progress("importing", files=None, size=None) as advance:
        last = [0, 0]

        def show(found: Import) -> None:
            advance(found.size - last[0], found.objects - last[1])
            last[:] = [found.size, found.objects]

        return import_objects(
            invocation.catalog,
            repository,
            url,
            path,
            branch=branch,
            author=author,
            message=message,
            mode=mode,
            partition_depth=partition_depth,
            progress=show,
        )


def _report(invocation: Invocation, repository: str, ref: str, path: str) -> ReferenceReport:
    verify = invocation.catalog.transfers.verify_references
    commit = invocation.catalog.refs.resolve(repository, ref).id
    objects = references = 0
    changed: list[ChangedReference] = []
    after: str | None = None
    with invocation.output.progress("checking", files=None, size=None) as advance:
        while True:
            page = verify(repository, commit, path, after=after, limit=MAX_LIMIT)
            objects += page.objects
            references += page.references
            changed += page.changed
            advance(0, page.objects)
            if page.next is None:
                return ReferenceReport(objects=objects, references=references, changed=tuple(changed))
            after = page.next


def _show_preview(invocation: Invocation, preview: ImportPreview) -> None:
    output = invocation.output
    output.document(preview)
    output.table((Column(name="path"),), ((cells.text(path),) for path in preview.paths))
    _show_skipped(invocation, preview.skipped, preview.examples)
    more = "" if preview.complete else " and more"
    output.note(f"{preview.objects} objects{more}, {preview.size} bytes; nothing changed yet")


def _show_done(invocation: Invocation, done: Import) -> None:
    invocation.output.line(*_row(done))
    _show_skipped(invocation, done.skipped, done.examples)
    invocation.output.note(f"{done.added} added, {done.changed} changed, {done.removed} removed")


def _show_skipped(invocation: Invocation, number: int, examples: Sequence[Skipped]) -> None:
    if number:
        invocation.output.table(
            _SKIPPED_COLUMNS,
            ((cells.text(each.name), cells.text(each.reason)) for each in examples),
            section="skipped",
        )
        invocation.output.note(f"{number} skipped: what cannot be a path here")


def _row(each: Import) -> tuple[cells.Cell, ...]:
    return (
        cells.text(each.id, "id"),
        cells.text(each.state.value),
        cells.count(each.objects),
        cells.size(each.size),
        cells.text(each.plan.path, "name"),
        cells.text(each.plan.source),
    )


def _changed_row(each: ChangedReference) -> tuple[cells.Cell, ...]:
    return (
        cells.text(each.path, "name"),
        cells.text(each.expected),
        cells.text(each.found),
        cells.text(each.url),
    )
