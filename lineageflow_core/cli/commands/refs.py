"""`branch` and `tag`: names for commits."""

from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption
from lineageflow_core.cli.output import Column
from lineageflow_core.model.branch import BranchStatus
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import Ref
from lineageflow_core.model.tag import Tag

_COLUMNS = (
    Column(name=""),
    Column(name="name"),
    Column(name="commit"),
    Column(name="distance"),
    Column(name="moved"),
    Column(name="author"),
)
_TAG_COLUMNS = (
    Column(name="name"),
    Column(name="commit"),
    Column(name="made"),
    Column(name="by"),
    Column(name="message", shrinks=True),
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What it is called.", show_default=False)]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="REF", help="Where it begins; else the default branch's tip.", show_default=False
    ),
]


def list_branches(
    invocation: Invocation,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="REF",
            help="What to compare with; else the default branch.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """List the branches, with how far each is from the default one and what happened on it last.

    '*' marks the default one. Branches of runs are in `lineageflow status`.
    """
    places = invocation.places
    default = places.default_branch(places.repository)

    def row(status: BranchStatus) -> tuple[cells.Cell, ...]:
        is_default = status.ref.name == default
        return (
            cells.text("*" if is_default else " "),
            cells.text(status.ref.name, "ref" if is_default else "name"),
            cells.short_id(status.ref.commit),
            cells.text(_distance(status)),
            cells.when(status.ref.updated_at),
            cells.text(status.author),
        )

    found = every(
        lambda after, limit: invocation.catalog.refs.list_branches(
            places.repository, against=against, after=after, limit=limit
        )
    )
    invocation.output.listing(found, _COLUMNS, row)


def _distance(status: BranchStatus) -> str:
    parts = (f"{arrow}{count}" for arrow, count in (("↑", status.ahead), ("↓", status.behind)) if count)
    return " ".join(parts)


def create_branch(
    invocation: Invocation, name: NameArgument, source: SourceOption = None, author: AuthorOption = None
) -> None:
    """Make a branch."""
    repository, ref = invocation.places.ref(source)
    made = invocation.catalog.refs.create_branch(
        repository, name, source=ref, author=invocation.author(author)
    )
    _show(invocation, made)


def delete_branch(invocation: Invocation, name: NameArgument, author: AuthorOption = None) -> None:
    """Remove a branch. Its commits stay."""
    gone = invocation.catalog.refs.delete_branch(
        invocation.places.repository, name, author=invocation.author(author)
    )
    _show(invocation, gone)
    again = invocation.command("branch", "restore", name)
    invocation.output.note(f"back with: {again}")


def rename_branch(
    invocation: Invocation,
    name: NameArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.", show_default=False)],
    author: AuthorOption = None,
) -> None:
    """Give a branch another name.

    What is staged on it, and open runs, go along. The default branch stays the default.
    """
    renamed = invocation.catalog.refs.rename_branch(
        invocation.places.repository, name, new, author=invocation.author(author)
    )
    _show(invocation, renamed)
    invocation.output.note(f"back with: {invocation.command('branch', 'rename', new, name)}")


def restore_branch(invocation: Invocation, name: NameArgument, author: AuthorOption = None) -> None:
    """Bring a deleted branch back where it was."""
    back = invocation.catalog.refs.restore_branch(
        invocation.places.repository, name, author=invocation.author(author)
    )
    _show(invocation, back)


def list_tags(invocation: Invocation) -> None:
    """List the tags, with who made them and what for."""
    repository = invocation.places.repository

    def row(tag: Tag) -> tuple[cells.Cell, ...]:
        return (
            cells.text(tag.ref.name, "name"),
            cells.short_id(tag.ref.commit),
            cells.when(tag.ref.created_at),
            cells.text(tag.author),
            cells.text(tag.message),
        )

    found = every(
        lambda after, limit: invocation.catalog.refs.list_tags(repository, after=after, limit=limit)
    )
    invocation.output.listing(found, _TAG_COLUMNS, row)


def create_tag(
    invocation: Invocation,
    name: NameArgument,
    source: SourceOption = None,
    message: Annotated[
        str,
        typer.Option("--message", "-m", metavar="TEXT", help="What it stands for.", show_default=False),
    ] = "",
    author: AuthorOption = None,
) -> None:
    """Make a tag, which never moves."""
    repository, ref = invocation.places.ref(source)
    made = invocation.catalog.refs.create_tag(
        repository, name, source=ref, author=invocation.author(author), message=message
    )
    _show(invocation, made)


def delete_tag(invocation: Invocation, name: NameArgument, author: AuthorOption = None) -> None:
    """Remove a tag. Its commit stays."""
    gone = invocation.catalog.refs.delete_tag(
        invocation.places.repository, name, author=invocation.author(author)
    )
    _show(invocation, gone)
    again = invocation.command("tag", "create", name, "--from", gone.commit)
    invocation.output.note(f"back with: {again}")


def _show(invocation: Invocation, ref: Ref) -> None:
    invocation.output.document(ref)
    invocation.output.line(cells.text(ref.name, "ref"), cells.short_id(ref.commit))
