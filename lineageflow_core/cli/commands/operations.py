"""`operations`: what was done to a repository, and taking it back."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, DryRunOption, LimitOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.operation import Operation, RefMove, UndoPreview
from lineageflow_core.model.page import MAX_LIMIT, every
from lineageflow_core.model.repository import RepositoryChange

_COLUMNS = (
    Column(name="id", right=True),
    Column(name="when"),
    Column(name="operation"),
    Column(name="who"),
    Column(name="what", shrinks=True),
)


def list_operations(
    invocation: Invocation,
    actor: Annotated[
        str | None,
        typer.Option("--actor", metavar="NAME", help="Only what this one did."),
    ] = None,
    operation: Annotated[
        str | None,
        typer.Option(
            "--operation",
            metavar="NAME",
            help="Only operations like 'merge' or 'delete_branch'.",
            show_default=False,
        ),
    ] = None,
    ref: Annotated[
        str | None,
        typer.Option(
            "--ref", metavar="REF", help="Only what moved this branch, tag or run:<id>.", show_default=False
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Only from this time on (ISO 8601).", show_default=False
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Only before this time (ISO 8601)."),
    ] = None,
    limit: LimitOption = 30,
) -> None:
    """List what was done to the repository, newest first."""
    repository = invocation.places.repository
    found = every(
        lambda after, limit: invocation.catalog.operations.list_operations(
            repository,
            actor=actor,
            operation=operation,
            ref=ref,
            since=_instant(since),
            until=_instant(until),
            after=after,
            limit=limit,
        )
    )
    number = invocation.output.listing(found, _COLUMNS, _row, most=most_of(limit))
    if not number:
        _note_unknown(invocation, repository, operation, ref)


def undo_operation(
    invocation: Invocation,
    operation_id: Annotated[
        int | None,
        typer.Argument(
            metavar="ID", help="Which one, from `operations list`; else your last one.", show_default=False
        ),
    ] = None,
    dry_run: DryRunOption = False,
    author: AuthorOption = None,
) -> None:
    """Take an operation back, as a new operation.

    Branches, tags, settings, names: what it moved goes back to where it was. Commits are taken back by
    `lineageflow revert`.
    """
    operations, repository = invocation.catalog.operations, invocation.places.repository
    output, by = invocation.output, invocation.author(author)
    if operation_id is None:
        operation_id = _last_by(invocation, by).id
    if dry_run:
        preview = operations.preview_undo(repository, operation_id)
        output.document(preview)
        output.table(_COLUMNS[2:], [_preview_row(preview)])
        undo = invocation.command("undo", str(operation_id))
        output.note(f"nothing changed yet; undo it: {undo}")
        return
    made = operations.undo_operation(repository, operation_id, author=by)
    output.document(made)
    output.line(*_row(made))
    deleted = made.repository is not None and made.repository.after.deleted_at is not None
    again = ("repo", "restore", repository) if deleted else ("undo", str(made.id))
    output.note(f"back with: {invocation.command(*again)}")


def _note_unknown(invocation: Invocation, repository: str, operation: str | None, ref: str | None) -> None:
    """Tells what is nowhere in the log of a repository: it may be mistyped."""
    log, note = invocation.catalog.operations.list_operations, invocation.output.note
    if operation is not None and not log(repository, operation=operation, limit=1).items:
        names = ", ".join(sorted({each.operation for each in log(repository, limit=MAX_LIMIT).items}))
        note(f"no operation here is called {operation!r}; the last ones were: {names}")
    if ref is not None and not log(repository, ref=ref, limit=1).items:
        note(f"no operation here ever moved {ref!r}; `{invocation.command('branch', 'list')}` shows branches")


def _last_by(invocation: Invocation, actor: str) -> Operation:
    repository = invocation.places.repository
    last = invocation.catalog.operations.list_operations(repository, actor=actor, limit=1).items
    if not last:
        raise NotFoundError(
            f"{actor} did nothing to {repository!r} that could be undone; name an operation of "
            f"`lineageflow operations list -R {repository}`",
            actor=actor,
        )
    return last[0]


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            f"{text[:100]!r} is not a time; write ISO 8601, like '2026-05-01' or '2026-05-01T09:30:00Z'"
        ) from None


def _row(operation: Operation) -> tuple[cells.Cell, ...]:
    return (
        cells.text(str(operation.id), "id"),
        cells.when(operation.at),
        cells.text(operation.operation, "name"),
        cells.text(operation.actor),
        cells.text("; ".join(_told(operation))),
    )


def _preview_row(preview: UndoPreview) -> tuple[cells.Cell, ...]:
    return (
        cells.text("undo", "name"),
        cells.text(f"of {preview.operation.operation} by {preview.operation.actor}"),
        cells.text("; ".join(_told(preview))),
    )


def _told(changed: Operation | UndoPreview) -> Iterator[str]:
    yield from _moves(changed.moves)
    if changed.settings is not None:
        yield "settings"
    if changed.repository is not None:
        yield from _repository(changed.repository)
    if isinstance(changed, Operation) and changed.check is not None:
        yield f"{changed.check.name} {changed.check.state.value} on {changed.check.commit[: cells.SHORT]}"
    if isinstance(changed, Operation) and changed.undoes is not None:
        yield f"undoes {changed.undoes}"


def _moves(moves: Iterable[RefMove]) -> Iterator[str]:
    for move in moves:
        yield f"{move.ref}: {_place(move.before)} to {_place(move.after)}"


def _place(commit: CommitId | None) -> str:
    return commit[: cells.SHORT] if commit else "nothing"


def _repository(change: RepositoryChange) -> Iterator[str]:
    before, after = change.before, change.after
    if before.name != after.name:
        yield f"name: {before.name} to {after.name}"
    if before.default_branch != after.default_branch:
        yield f"default branch: {before.default_branch} to {after.default_branch}"
    if before.deleted_at != after.deleted_at:
        yield "deleted" if after.deleted_at else "restored"
