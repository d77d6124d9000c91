"""`repo`: the repositories of a lake."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from lineageflow_core.catalog import Catalog
from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.imports import name_of, run_import, url_of
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, DryRunOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.page import Page, every
from lineageflow_core.model.refs import Ref, RefKind
from lineageflow_core.model.repository import DeletionPreview, RepositoryInfo, RepositoryPurge

_COLUMNS = (Column(name="repository"), Column(name="default branch"), Column(name="created"))


NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Which one.", show_default=False)]
ConfirmOption = Annotated[
    str | None,
    typer.Option(
        "--confirm", metavar="NAME", help="The name once more, instead of being asked.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryDetails:
    """A repository with what is in it now."""

    repository: RepositoryInfo
    tip: Commit
    """Of the default branch."""
    datasets: int
    objects: int
    size: int
    """Bytes of the objects at the tip."""
    branches: int
    tags: int


def create_repository(
    invocation: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.", show_default=False)],
    default_branch: Annotated[
        str, typer.Option("--default-branch", metavar="BRANCH", help="What its first branch is called.")
    ] = "main",
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="URL",
            help="Where its content is to lie: s3://, gs://, az://, abfs:// or file://. Else in the lake.",
            show_default=False,
        ),
    ] = None,
    import_from: Annotated[
        str | None,
        typer.Option(
            "--import",
            metavar="SOURCE",
            help="A bucket or folder that becomes its first dataset, without being copied.",
            show_default=False,
        ),
    ] = None,
    author: AuthorOption = None,
) -> None:
    """Make a repository.

    And the lake, where there is none yet.
    """
    info = invocation.catalog_or_new.repositories.create_repository(
        name, author=invocation.author(author), default_branch=default_branch, storage=storage
    )
    if import_from is not None:
        url = url_of(import_from)
        run_import(
            invocation,
            name,
            url,
            name_of(url) or name,
            branch=info.default_branch,
            author=invocation.author(author),
        )
    invocation.output.document(info)
    invocation.output.line(cells.text(info.name, "name"), cells.text(info.default_branch, "ref"))
    invocation.output.note(
        f"made in {invocation.shown_lake}; `{invocation.command('put', 'FILE', f'lf://{name}/PATH')}`"
    )


def list_repositories(
    invocation: Invocation,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Those that are deleted and can be restored.")
    ] = False,
) -> None:
    """List the repositories of the lake."""
    found = every(_pages(invocation.catalog, deleted=deleted))
    invocation.output.listing(found, _COLUMNS, _row)


def show_repository(
    invocation: Invocation,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which one.", show_default=False)] = None,
) -> None:
    """Show a repository, and how much is there."""
    details = details_of(invocation.catalog, name or invocation.places.repository)
    info = details.repository
    invocation.output.document(details)
    invocation.output.card(
        [
            ("repository", cells.text(info.name, "name")),
            ("id", cells.text(info.id)),
            ("created", cells.when(info.created_at)),
            ("storage", cells.text(info.storage or "")),
            ("default branch", cells.text(info.default_branch, "ref")),
            ("tip", cells.short_id(details.tip.id)),
            ("datasets", cells.count(details.datasets)),
            ("objects", cells.count(details.objects)),
            ("size", cells.size(details.size)),
            ("branches", cells.count(details.branches)),
            ("tags", cells.count(details.tags)),
        ]
    )


def rename_repository(
    invocation: Invocation,
    name: NameArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.", show_default=False)],
    author: AuthorOption = None,
) -> None:
    """Give a repository another name.

    The old one goes on working until a new repository takes it.
    """
    renamed = invocation.catalog.repositories.rename_repository(name, new, author=invocation.author(author))
    invocation.output.document(renamed)
    invocation.output.line(*_row(renamed))
    invocation.output.note(f"back with: {invocation.command('repo', 'rename', new, name)}")


def set_default_branch(
    invocation: Invocation,
    branch: Annotated[str, typer.Argument(metavar="BRANCH", help="Which branch.", show_default=False)],
    author: AuthorOption = None,
) -> None:
    """Make a branch the default one."""
    repository = invocation.places.repository
    before = invocation.places.default_branch(repository)
    changed = invocation.catalog.repositories.set_default_branch(
        repository, branch, author=invocation.author(author)
    )
    invocation.output.document(changed)
    invocation.output.line(*_row(changed))
    if changed.default_branch != before:
        invocation.output.note(f"back with: {invocation.command('repo', 'set-default', before)}")


def delete_repository(
    invocation: Invocation,
    name: NameArgument,
    dry_run: DryRunOption = False,
    confirm: ConfirmOption = None,
    author: AuthorOption = None,
) -> None:
    """Delete a repository. It can be restored for seven days.

    What would be missed is shown first, and the name has to be typed once more.
    """
    repositories, output = invocation.catalog.repositories, invocation.output
    preview = repositories.preview_deletion(name)
    _show_deletion(invocation, preview)
    if dry_run:
        output.document(preview)
        output.note(f"nothing changed yet; delete it: {invocation.command('repo', 'delete', name)}")
        return
    _check_confirmed(invocation, "delete", name, confirm, doing="delete it")
    deleted = repositories.delete_repository(name, author=invocation.author(author))
    output.document(deleted)
    output.note(f"back with, for seven days: {invocation.command('repo', 'restore', name)}")


def restore_repository(invocation: Invocation, name: NameArgument, author: AuthorOption = None) -> None:
    """Bring a deleted repository back."""
    restored = invocation.catalog.repositories.restore_repository(name, author=invocation.author(author))
    invocation.output.document(restored)
    invocation.output.line(*_row(restored))


def purge_repository(
    invocation: Invocation,
    name: NameArgument,
    dry_run: DryRunOption = False,
    confirm: ConfirmOption = None,
    author: AuthorOption = None,
) -> None:
    """Delete a deleted repository for good, with its content. Nothing brings it back.

    Possible once it cannot be restored any more. Lineage keeps what it knows.
    """
    repositories, output = invocation.catalog.repositories, invocation.output
    preview = repositories.preview_purge(name)
    _show_purge(invocation, preview)
    if dry_run:
        output.document(preview)
        output.note(f"nothing changed yet; for good: {invocation.command('repo', 'purge', name)}")
        return
    _check_confirmed(invocation, "purge", name, confirm, doing="delete it for good")
    with output.waiting(f"deleting {name}"):
        purged = repositories.purge_repository(name, author=invocation.author(author))
    output.document(purged)
    output.note(f"{name} is gone, and its name is free")


def repositories(catalog: Catalog) -> Iterator[RepositoryInfo]:
    """Yields all repositories of a lake."""
    return every(_pages(catalog))


def details_of(catalog: Catalog, name: str) -> RepositoryDetails:
    """Returns a repository with what is in it now. Raises RepositoryNotFoundError."""
    info = catalog.repositories.get_repository(name)
    tip = catalog.refs.resolve(name, info.default_branch)
    datasets = list(
        every(lambda after, limit: catalog.objects.list_datasets(name, tip.id, after=after, limit=limit))
    )
    return RepositoryDetails(
        repository=info,
        tip=tip,
        datasets=len(datasets),
        objects=sum(dataset.objects for dataset in datasets),
        size=sum(dataset.size for dataset in datasets),
        branches=sum(1 for _ in _refs(catalog, name, RefKind.BRANCH)),
        tags=sum(1 for _ in _refs(catalog, name, RefKind.TAG)),
    )


def _pages(catalog: Catalog, *, deleted: bool = False) -> Callable[[str | None, int], Page[RepositoryInfo]]:
    listed = catalog.repositories
    list_page = listed.list_deleted_repositories if deleted else listed.list_repositories
    return lambda after, limit: list_page(after=after, limit=limit)


def _show_deletion(invocation: Invocation, preview: DeletionPreview) -> None:
    """Shows what a deletion hides; in JSON it stands alone, and only for a dry run."""
    invocation.output.card(
        [
            ("repository", cells.text(preview.repository.name, "name")),
            ("branches", cells.count(preview.branches)),
            ("tags", cells.count(preview.tags)),
            ("datasets", cells.count(preview.datasets)),
            ("open runs", cells.count(preview.open_runs)),
            ("derived elsewhere", cells.count(len(preview.dependents))),
        ]
    )
    invocation.output.table(
        (Column(name="dataset"),),
        ((cells.text(dataset, "name"),) for dataset in preview.dependents),
        section="derived elsewhere",
    )


def _check_confirmed(
    invocation: Invocation, command: str, name: str, confirm: str | None, *, doing: str
) -> None:
    """Asks for the name once more where it was not given. Raises InvalidInputError for another one."""
    if confirm is None and invocation.output.can_ask:
        confirm = invocation.output.ask(f"Type {name} to {doing}:")
    if confirm != name:
        raise InvalidInputError(
            f"to {doing}, the name {name!r} is needed once more, so nothing changed; "
            f"`{invocation.command('repo', command, name, '--confirm', name)}` does it"
        )


def _show_purge(invocation: Invocation, preview: RepositoryPurge) -> None:
    invocation.output.card(
        [
            ("repository", cells.text(preview.repository.name, "name")),
            ("id", cells.text(preview.repository.id)),
            ("objects", cells.count(preview.objects)),
            ("packs", cells.count(preview.packs)),
            ("in the trash", cells.count(preview.trash)),
            ("size", cells.size(preview.size)),
        ]
    )


def _refs(catalog: Catalog, repository: str, kind: RefKind) -> Iterator[Ref]:
    return every(lambda after, limit: catalog.refs.list_refs(repository, kind=kind, after=after, limit=limit))


def _row(info: RepositoryInfo) -> tuple[cells.Cell, ...]:
    return cells.text(info.name, "name"), cells.text(info.default_branch, "ref"), cells.when(info.created_at)
