"""`merge`: one branch into another."""

from collections.abc import Mapping
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.commits import (
    CONFLICT_COLUMNS,
    conflict_row,
    conflicts_listed,
    show_commit,
    tip_of,
)
from lineageflow_core.cli.failures import CONFLICT
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, DryRunOption, MessageOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.merge import MergePreview, Side


def merge(
    invocation: Invocation,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The ref to merge.", show_default=False)],
    into: Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="BRANCH",
            help="The branch that changes; else the default one.",
            show_default=False,
        ),
    ] = None,
    pick: Annotated[
        list[str] | None,
        typer.Option(
            "--pick",
            metavar="PATH=SIDE",
            help="Which side wins a conflict: ours (of --into) or theirs. May be repeated.",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRunOption = False,
    message: MessageOption = None,
    author: AuthorOption = None,
) -> None:
    """Merge a ref into a branch.

    As one commit, or not at all: what both sides changed is listed, and decided with --pick.
    """
    repository, theirs = invocation.places.ref(source)
    target = invocation.places.branch(repository, into)
    picks = dict(_parse_pick(text) for text in pick or ())
    history = invocation.catalog.history
    if dry_run:
        _show_preview(invocation, history.preview_merge(repository, theirs, into=target), target, picks)
        return
    before = tip_of(invocation, repository, target)
    with conflicts_listed(invocation):
        commit = history.merge(
            repository,
            theirs,
            into=target,
            author=invocation.author(author),
            message=message,
            picks=picks,
        )
    show_commit(invocation, commit, target, before=before)


def _show_preview(
    invocation: Invocation, preview: MergePreview, target: str, picks: Mapping[str, Side]
) -> None:
    output = invocation.output
    undecided = [conflict for conflict in preview.conflicts if conflict.path not in picks]
    output.document(preview)
    output.card(
        [
            ("merge", cells.short_id(preview.source)),
            ("into", cells.text(target, "ref")),
            ("tip", cells.short_id(preview.into)),
            ("base", cells.short_id(preview.base)),
        ]
    )
    output.table(
        (Column(name="dataset"),),
        ([cells.text(dataset, "name")] for dataset in preview.datasets),
        section="changes",
    )
    output.table(CONFLICT_COLUMNS, (conflict_row(conflict) for conflict in undecided), section="conflicts")
    if preview.up_to_date:
        output.note("nothing to merge: the branch has all of it")
    if undecided:
        output.note("decide each conflict with --pick PATH=ours or --pick PATH=theirs")
        raise typer.Exit(CONFLICT)


def _parse_pick(text: str) -> tuple[str, Side]:
    path, _, side = text.rpartition("=")
    if not path or side not in set(Side):
        raise InvalidInputError(f"--pick {text!r} does not fit; write PATH=ours or PATH=theirs")
    return path, Side(side)
