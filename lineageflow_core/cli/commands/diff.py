"""`diff`: what two states of a repository have different."""

from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.failures import FAILURE
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.diff import DatasetDiff, DiffEntry
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.page import every

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
)
_OBJECT_COLUMNS = (
    Column(name=""),
    Column(name="path"),
    Column(name="left"),
    Column(name="right"),
    Column(name="size", right=True),
    Column(name="change", right=True),
)


def diff(
    invocation: Invocation,
    left: Annotated[str, typer.Argument(metavar="A", help="The ref to compare.", show_default=False)],
    right: Annotated[str, typer.Argument(metavar="B", help="The ref to compare with.", show_default=False)],
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="Only what is at or below this.", show_default=False),
    ] = "",
    stat: Annotated[bool, typer.Option("--stat", help="Datasets, with how many objects differ.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if there are differences.")
    ] = False,
) -> None:
    """List what differs from A to B.

    '+' is added, '-' removed, '~' changed.
    """
    repository, one = invocation.places.ref(left)
    other_repository, other = invocation.places.ref(right)
    if repository != other_repository:
        raise InvalidInputError(
            f"{left!r} and {right!r} are in different repositories; compare two refs of one repository"
        )
    history = invocation.catalog.history
    if stat:
        found = invocation.output.listing(
            every(
                lambda after, limit: history.diff_datasets(
                    repository, one, other, path=path, after=after, limit=limit
                )
            ),
            DATASET_COLUMNS,
            dataset_row,
        )
    else:
        found = invocation.output.listing(
            every(
                lambda after, limit: history.diff(repository, one, other, path=path, after=after, limit=limit)
            ),
            _OBJECT_COLUMNS,
            _object_row,
        )
    if found and exit_code:
        raise typer.Exit(FAILURE)


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
    )


def _object_row(entry: DiffEntry) -> tuple[cells.Cell, ...]:
    there = entry.right or entry.left
    return (
        cells.diff_kind(entry.kind),
        cells.text(entry.path),
        cells.short_id(entry.left.object_id if entry.left else None),
        cells.short_id(entry.right.object_id if entry.right else None),
        cells.size(_size(there)),
        cells.size_change(_size(entry.right) - _size(entry.left)),
    )


def _size(entry: ObjectEntry | None) -> int:
    return entry.size if entry else 0
