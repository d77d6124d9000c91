"""`repo`: the repositories of a lake."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from lineageflow_core.catalog import Catalog
from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption
from lineageflow_core.cli.output import Column
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import Ref, RefKind
from lineageflow_core.model.repository import RepositoryInfo

_COLUMNS = (Column(name="repository"), Column(name="default branch"), Column(name="created"))


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
    author: AuthorOption = None,
) -> None:
    """Make a repository.

    And the lake, where there is none yet.
    """
    info = invocation.catalog_or_new.repositories.create_repository(
        name, author=invocation.author(author), default_branch=default_branch, storage=storage
    )
    invocation.output.document(info)
    invocation.output.line(cells.text(info.name, "name"), cells.text(info.default_branch, "ref"))
    invocation.output.note(
        f"made in {invocation.lake}; `{invocation.command('put', 'FILE', f'lf://{name}/PATH')}`"
    )


def list_repositories(invocation: Invocation) -> None:
    """List the repositories of the lake."""
    invocation.output.listing(repositories(invocation.catalog), _COLUMNS, _row)


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


def repositories(catalog: Catalog) -> Iterator[RepositoryInfo]:
    """Yields all repositories of a lake."""
    return every(lambda after, limit: catalog.repositories.list_repositories(after=after, limit=limit))


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


def _refs(catalog: Catalog, repository: str, kind: RefKind) -> Iterator[Ref]:
    return every(lambda after, limit: catalog.refs.list_refs(repository, kind=kind, after=after, limit=limit))


def _row(info: RepositoryInfo) -> tuple[cells.Cell, ...]:
    return cells.text(info.name, "name"), cells.text(info.default_branch, "ref"), cells.when(info.created_at)
