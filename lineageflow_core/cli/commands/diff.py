"""`diff`: what two states of a repository have different, down to columns, rows and lines."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.data_diff import show
from lineageflow_core.cli.data_question import DataQuestion, Level, compare_data
from lineageflow_core.cli.failures import FAILURE
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AllowQuarantinedOption, AuthorOption, BranchOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.diff import DatasetDiff, DiffEntry
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.page import every
from lineageflow_core.model.table import Coverage

_SHOWN_ROWS = 5

DATASET_COLUMNS = (
    Column(name=""),
    Column(name="dataset"),
    Column(name="left"),
    Column(name="right"),
    Column(name="+", right=True),
    Column(name=cells.MINUS, right=True),
    Column(name="~", right=True),
    Column(name="size", right=True),
    Column(name="partitions", shrinks=True),
    Column(name="→", right=True),
    Column(name="from", shrinks=True),
)
OBJECT_COLUMNS = (
    Column(name=""),
    Column(name="path"),
    Column(name="left"),
    Column(name="right"),
    Column(name="size", right=True),
    Column(name="change", right=True),
    Column(name="from", shrinks=True),
)
Asks = Callable[..., DataQuestion]
"""A question that lacks the two states it is about."""


def diff(
    invocation: Invocation,
    left: Annotated[
        str | None, typer.Argument(metavar="A", help="The ref to compare.", show_default=False)
    ] = None,
    right: Annotated[
        str | None, typer.Argument(metavar="B", help="The ref to compare with.", show_default=False)
    ] = None,
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="Only what is at or below this.", show_default=False),
    ] = "",
    staged: Annotated[
        bool, typer.Option("--staged", help="What is staged, instead of A and B: `diff --staged [PATH]`.")
    ] = False,
    stat: Annotated[bool, typer.Option("--stat", help="Datasets, with how many objects differ.")] = False,
    data: Annotated[
        bool, typer.Option("--data", help="Columns, rows and drift of tables; lines of texts.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Only the columns of tables.")] = False,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows", min=0, metavar="N", help="Only the rows of tables; show so many.", show_default=False
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="COLUMNS",
            help="The columns that identify a row, as in id,day; else those of the settings.",
            show_default=False,
        ),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Drift of all rows, not of a sample.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if there are differences.")
    ] = False,
    branch: BranchOption = None,
    author: AuthorOption = None,
    allow_quarantined: AllowQuarantinedOption = False,
) -> None:
    """List what differs from A to B.

    '+' is added, '-' removed, '~' changed, '→' moved. With --data, --schema, --rows or
    --key, down to the data.
    """
    levels = _levels(data=data or key is not None or exact, schema=schema, rows=rows is not None)
    ask = partial(
        DataQuestion,
        key=tuple(filter(None, key.split(","))) if key is not None else None,
        levels=levels,
        rows=_SHOWN_ROWS if rows is None else rows,
        coverage=Coverage.FULL if exact else Coverage.SAMPLE,
        allow_quarantined=allow_quarantined,
    )
    asks = ask if levels else None
    if stat and levels:
        raise InvalidInputError(
            "--stat counts objects; --data, --schema, --rows, --key and --exact look into them: choose one"
        )
    if staged:
        if right is not None:
            raise InvalidInputError("what is staged is compared with what it is based on: name no refs")
        found = _staged(invocation, branch, author, left or "", asks, stat=stat)
    else:
        found = _between(invocation, *_two_refs(left, right, path), asks, stat=stat)
    if found and exit_code:
        raise typer.Exit(FAILURE)


def _staged(
    invocation: Invocation,
    branch: str | None,
    author: str | None,
    path: str,
    asks: Asks | None,
    *,
    stat: bool,
) -> int:
    repository = invocation.places.repository
    on, by = invocation.places.branch(repository, branch), invocation.author(author)
    draft = invocation.catalog.staging.get_draft(repository, on, author=by).draft
    return _compare(invocation, repository, draft.base, draft.commit, path, asks, stat=stat)


def _two_refs(left: str | None, right: str | None, path: str) -> tuple[str, str, str]:
    """Returns what is compared, and the path: `A B PATH`, or, as people of git write it, `A..B PATH`."""
    if left is not None and ".." in left and not path:
        one, _, other = left.partition("..")
        if one and other and not other.startswith("."):
            return one, other, right or ""
    if left is None or right is None:
        raise InvalidInputError(
            "name the two refs to compare, as in `lineageflow diff main~1 main`; `lineageflow diff --staged` "
            "shows what is staged"
        )
    return left, right, path


def _between(
    invocation: Invocation, left: str, right: str, path: str, asks: Asks | None, *, stat: bool
) -> int:
    repository, one = invocation.places.ref(left)
    other_repository, other = invocation.places.ref(right)
    if repository != other_repository:
        raise InvalidInputError(
            f"{left!r} and {right!r} are in different repositories; compare two refs of one repository"
        )
    return _compare(invocation, repository, one, other, path, asks, stat=stat)


def _compare(
    invocation: Invocation,
    repository: str,
    left: str,
    right: str,
    path: str,
    asks: Asks | None,
    *,
    stat: bool,
) -> int:
    """Writes what differs, and returns how much that is; where nothing does, tells if the path is nowhere."""
    output, history = invocation.output, invocation.catalog.history
    if asks is not None:
        found = _show_data(invocation, asks(repository=repository, left=left, right=right), path)
    elif stat:
        ask = partial(history.diff_datasets, repository, left, right, path=path)
        datasets = every(lambda after, limit: ask(after=after, limit=limit))
        found = output.listing(datasets, DATASET_COLUMNS, dataset_row)
    else:
        ask_objects = partial(history.diff, repository, left, right, path=path)
        objects = every(lambda after, limit: ask_objects(after=after, limit=limit))
        found = output.listing(objects, OBJECT_COLUMNS, object_row)
    if path and not found:
        list_objects = invocation.catalog.objects.list_objects
        sides = (list_objects(repository, ref, path=path, limit=1) for ref in (left, right))
        if not any(side.items for side in sides):
            listing = invocation.command("ls", "--recursive")
            output.note(f"there is nothing at {path!r} on either side; `{listing}` shows what there is")
    return found


def _levels(*, data: bool, schema: bool, rows: bool) -> frozenset[Level]:
    chosen = {level for level, is_chosen in ((Level.SCHEMA, schema), (Level.ROWS, rows)) if is_chosen}
    return frozenset(chosen or (Level if data else ()))


def _show_data(invocation: Invocation, asked: DataQuestion, path: str) -> int:
    """Writes what differs in the data at or below `path`, and returns how much that is.

    Fails in the end if something could not be compared.
    """
    found = list(compare_data(invocation.catalog, asked, path))
    invocation.output.document(found)
    invocation.warn(dict.fromkeys(notice for each in found for notice in each.notices))
    if not invocation.output.json:
        for each in found:
            show(invocation.output, each)
    if any(each.problem for each in found):
        raise typer.Exit(FAILURE)
    return len(found)


def dataset_row(diff: DatasetDiff) -> tuple[cells.Cell, ...]:
    """Returns a dataset that differs as a row of `DATASET_COLUMNS`."""
    return (
        cells.diff_kind(diff.kind),
        cells.text(diff.path, "name"),
        cells.short_id(diff.left),
        cells.short_id(diff.right),
        cells.count(diff.added),
        cells.count(diff.removed),
        cells.count(diff.changed),
        cells.size_change(diff.size_change),
        cells.joined(cells.text(partition) for partition in diff.partitions),
        cells.count(diff.moved),
        cells.text(diff.moved_from),
    )


def object_row(entry: DiffEntry) -> tuple[cells.Cell, ...]:
    """Returns an object that differs as a row of `OBJECT_COLUMNS`."""
    there = entry.right or entry.left
    moved_from = entry.left.path if entry.left and entry.left.path != entry.path else None
    return (
        cells.diff_kind(entry.kind),
        cells.text(entry.path),
        cells.short_id(entry.left.object_id if entry.left else None),
        cells.short_id(entry.right.object_id if entry.right else None),
        cells.size(_size(there)),
        cells.size_change(_size(entry.right) - _size(entry.left)),
        cells.text(moved_from),
    )


def _size(entry: ObjectEntry | None) -> int:
    return entry.size if entry else 0
