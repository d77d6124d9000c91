"""`log` and `show`: what happened."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.diff import DATASET_COLUMNS, dataset_row
from lineageflow_core.cli.commit_graph import draw
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import LimitOption, metadata_of, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.run_ids import find_run
from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DatasetDiff
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import MAX_LIMIT, every
from lineageflow_core.model.refs import RefKind, parse_instant

_COLUMNS = (
    Column(name="commit"),
    Column(name="when"),
    Column(name="author"),
    Column(name="run"),
    Column(name="refs"),
    Column(name="message", shrinks=True),
)


def _only(flag: str, value: str, text: str) -> Any:
    """Returns an option that narrows a list down."""
    return typer.Option(flag, metavar=value, help=text, show_default=False)


_Names = dict[CommitId, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitDetails:
    """A commit with what it changed."""

    commit: Commit
    changes: tuple[DatasetDiff, ...]
    """Against its first parent."""


def log(
    invocation: Invocation,
    ref: Annotated[
        str | None,
        typer.Argument(
            metavar="REF",
            help="Where to begin, or A..B; else the default branch.",
            show_default=False,
        ),
    ] = None,
    path: Annotated[str, _only("--path", "PATH", "Only what changed this path.")] = "",
    author: Annotated[str | None, _only("--author", "NAME", "Only commits by this author.")] = None,
    run: Annotated[str | None, _only("--run", "RUN", "Only commits of this run.")] = None,
    grep: Annotated[str | None, _only("--grep", "TEXT", "Only messages with this text.")] = None,
    since: Annotated[str | None, _only("--since", "TIME", "Only from this time on (ISO 8601).")] = None,
    until: Annotated[str | None, _only("--until", "TIME", "Only before this time (ISO 8601).")] = None,
    meta: Annotated[
        list[str] | None, _only("--meta", "KEY=VALUE", "Only commits whose metadata says so; repeatable.")
    ] = None,
    graph: Annotated[bool, typer.Option("--graph", help="Draw merged histories, too.")] = False,
    every_branch: Annotated[
        bool, typer.Option("--all", help="All branches, with what was merged into them.")
    ] = False,
    limit: LimitOption = 30,
) -> None:
    """List commits, newest first.

    They are the branch's own: the histories that were merged into it are left out, unless with --graph or
    --all. A..B is what B has and A has not, A...B what only one of them has.
    """
    if every_branch and ref is not None:
        raise InvalidInputError(f"--all begins at all branches; leave {ref!r} or --all out")
    repository, start = invocation.places.ref_or_range(ref)
    catalog = invocation.catalog
    most = limit + 1 if limit else None
    shown: dict[str, Any] = {"path": path, "author": author, "message": grep, "metadata": metadata_of(meta)}
    shown["run_id"] = find_run(catalog, run, repository=repository) if run else None
    shown["since"] = parse_instant(since) if since else None
    shown["until"] = parse_instant(until) if until else None
    history, refs = catalog.history, () if every_branch else (start,)
    if not graph and not every_branch:
        ask = partial(history.log, repository, start, **shown)
    else:
        ask = partial(history.graph, repository, refs, **shown)
    found = every(lambda after, size: ask(after=after, limit=size), most=most)
    names = _names(invocation, repository, start)
    if graph:
        number = _draw(invocation, list(found), names, most_of(limit), is_narrow=any(shown.values()))
    else:
        number = invocation.output.listing(
            found, _COLUMNS, lambda commit: _row(commit, names), most=most_of(limit)
        )
    if path and not number:
        _note_unknown(invocation, repository, path)


def _draw(
    invocation: Invocation, commits: list[Commit], names: _Names, most: int | None, *, is_narrow: bool
) -> int:
    shown = commits[:most]
    invocation.output.document(shown)
    invocation.output.tree(_drawn(_linked(shown) if is_narrow else shown, names))
    if len(commits) > len(shown):
        invocation.output.note_cut_off(len(shown))
    return len(shown)


def _note_unknown(invocation: Invocation, repository: str, path: str) -> None:
    """Tells that a path never was on any branch: it may be mistyped."""
    if not invocation.catalog.history.graph(repository, path=path, limit=1).items:
        listing = invocation.command("ls", "--recursive")
        invocation.output.note(f"no branch ever had anything at {path!r}; `{listing}` shows what there is")


def show(
    invocation: Invocation,
    ref: Annotated[
        str | None,
        typer.Argument(
            metavar="REF", help="Which commit; else the default branch's tip.", show_default=False
        ),
    ] = None,
) -> None:
    """Show one commit, and what it changed."""
    repository, name = invocation.places.ref(ref)
    catalog = invocation.catalog
    commit = catalog.refs.resolve(repository, name)
    changes: tuple[DatasetDiff, ...] = ()
    if commit.parents:
        changes = tuple(
            every(
                lambda after, limit: catalog.history.diff_datasets(
                    repository, commit.parents[0], commit.id, after=after, limit=limit
                )
            )
        )
    output = invocation.output
    output.document(CommitDetails(commit=commit, changes=changes))
    output.card(_facts(commit))
    output.table(DATASET_COLUMNS, (dataset_row(change) for change in changes), section="changes")


def first_line(message: str) -> str:
    """Returns what a commit's message says in its first line."""
    return message.partition("\n")[0]


def _facts(commit: Commit) -> Iterator[tuple[str, cells.Cell]]:
    yield "commit", cells.text(commit.id, "id")
    yield "parents", cells.joined(cells.short_id(parent) for parent in commit.parents)
    yield "author", cells.text(commit.author)
    yield "date", cells.instant(commit.created_at)
    yield "run", cells.text(commit.run_id, "run")
    for line in commit.message.splitlines():
        yield "message", cells.text(line, "name")
    for key, value in sorted(commit.metadata.items()):
        yield key, cells.text(value)


def _names(invocation: Invocation, repository: str, start: str) -> _Names:
    """Returns the names of commits: of the first branches and tags, and of those that matter here."""
    refs = invocation.catalog.refs
    names: _Names = defaultdict(list)
    for kind in (RefKind.BRANCH, RefKind.TAG):
        page = refs.list_refs(repository, kind=kind, limit=MAX_LIMIT)
        found = list(page.items)
        if page.next is not None:
            wanted = {start, invocation.places.default_branch(repository)} - {ref.name for ref in found}
            for name in sorted(wanted):
                with suppress(NotFoundError, InvalidInputError):  # it is no name of this kind
                    found.append(refs.get_ref(repository, name, kind=kind))
        for ref in found:
            names[ref.commit].append(ref.name)
    return names


def _row(commit: Commit, names: _Names) -> tuple[cells.Cell, ...]:
    return (
        cells.short_id(commit.id),
        cells.when(commit.created_at),
        cells.text(commit.author),
        cells.short_id(commit.run_id, "run"),
        cells.joined(cells.text(name, "ref") for name in names.get(commit.id, ())),
        cells.text(first_line(commit.message)),
    )


def _linked(commits: list[Commit]) -> list[Commit]:
    """Returns commits without those parents that are not among them: lanes lead to what is shown."""
    there = {commit.id for commit in commits}
    return [
        replace(commit, parents=tuple(parent for parent in commit.parents if parent in there))
        for commit in commits
    ]


def _drawn(commits: list[Commit], names: _Names) -> Iterator[tuple[str, cells.Cell]]:
    for lanes, commit in draw(iter(commits)):
        row = _row(commit, names) if commit is not None else ()
        yield lanes, cells.joined(row, between="  ")
