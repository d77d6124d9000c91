"""`rm`, `mv`, `discard`, `update` and `commit`: what is staged, from the first change to the commit."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.changes import (
    in_words,
    make_changes,
    profile_changes,
    show_draft,
    written_place,
)
from lineageflow_core.cli.commands.commits import make_and_show, obstacles_listed, show_preview
from lineageflow_core.cli.commands.diff import OBJECT_COLUMNS, object_row
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import (
    AtOnceOption,
    AuthorOption,
    BranchOption,
    DatasetOption,
    DryRunOption,
    MessageOption,
    MetadataOption,
    PickOption,
    StrategyOption,
    YesOption,
    metadata_of,
)
from lineageflow_core.cli.picks import parse_picks
from lineageflow_core.errors import InvalidInputError, RuleViolatedError
from lineageflow_core.model.change import delete, move
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DiffEntry
from lineageflow_core.model.page import every

StagedPathsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH...", help="Only what is staged at or below these.", show_default=False),
]


def rm(
    invocation: Invocation,
    addresses: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS...", help="Objects, datasets, partitions or folders.", show_default=False
        ),
    ],
    branch: BranchOption = None,
    message: AtOnceOption = None,
    author: AuthorOption = None,
) -> None:
    """Stage the removal of objects, datasets, partitions or folders."""
    places = [written_place(invocation, address, branch) for address in addresses]
    if len({(place.repository, target) for place, target in places}) > 1:
        raise InvalidInputError("the addresses are on different branches; remove on one branch at a time")
    place, target = places[0]
    changes = [delete(found.path) for found, _ in places]
    make_changes(invocation, place.repository, target, changes, author, message)


def mv(
    invocation: Invocation,
    source: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="An object, dataset, partition or folder.", show_default=False
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="Where it goes. Ends in '/': below it, by its own name.", show_default=False
        ),
    ],
    dataset: DatasetOption = None,
    branch: BranchOption = None,
    message: AtOnceOption = None,
    author: AuthorOption = None,
) -> None:
    """Stage a move inside the repository. No bytes are copied."""
    place, on = written_place(invocation, source, branch)
    name = place.path.rpartition("/")[2]
    path = f"{target}{name}" if target.endswith("/") else target
    change = move(place.path, path, dataset=dataset)
    make_changes(invocation, place.repository, on, [change], author, message)


def discard(
    invocation: Invocation,
    paths: StagedPathsArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is staged.")] = False,
    branch: BranchOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    author: AuthorOption = None,
) -> None:
    """Take back staged changes. The branch stays as it is.

    What would be lost is shown first.
    """
    repository, on, by = _draft_place(invocation, branch, author)
    if bool(paths) == everything:
        raise InvalidInputError("name the paths to take back, or --all for everything that is staged")
    output, staging = invocation.output, invocation.catalog.staging
    named = tuple(paths or ())
    number = output.listing(
        (entry for path in named or ("",) for entry in _staged_at(invocation, repository, on, by, path)),
        OBJECT_COLUMNS,
        object_row,
    )
    if dry_run or (not number and everything):
        output.note("nothing changed" if number else f"{by} has nothing staged on {on}")
        return
    if not yes:
        if not output.can_ask:
            raise InvalidInputError(
                "this throws staged changes away, and there is nobody to ask: nothing changed. Add --yes, or "
                "look first with --dry-run"
            )
        if not output.confirm(f"Take back {cells.plural(number, 'staged change')}?"):
            raise typer.Abort
    staging.discard_staged(repository, on, author=by, paths=named)
    left = staging.get_draft(repository, on, author=by)
    output.note(f"taken back; left: {in_words(left)}")


def update(
    invocation: Invocation,
    branch: BranchOption = None,
    pick: PickOption = None,
    strategy: StrategyOption = None,
    author: AuthorOption = None,
) -> None:
    """Base what is staged on the branch's tip, after others moved it."""
    repository, on, by = _draft_place(invocation, branch, author)
    picks = parse_picks(invocation, repository, pick or ())
    with obstacles_listed(invocation):
        invocation.catalog.staging.update_draft(repository, on, author=by, picks=picks, strategy=strategy)
    show_draft(invocation, repository, invocation.catalog.staging.get_draft(repository, on, author=by))


def commit(
    invocation: Invocation,
    paths: StagedPathsArgument = None,
    message: MessageOption = None,
    meta: MetadataOption = None,
    pick: PickOption = None,
    strategy: StrategyOption = None,
    branch: BranchOption = None,
    dry_run: DryRunOption = False,
    author: AuthorOption = None,
) -> None:
    """Commit what is staged.

    Everything, or only what is at or below the paths; the rest stays staged.
    """
    repository, on, by = _draft_place(invocation, branch, author)
    staging, named = invocation.catalog.staging, tuple(paths or ())
    picks = parse_picks(invocation, repository, pick or ())
    metadata = metadata_of(meta)
    if dry_run:
        preview = staging.preview_staged(
            repository, on, author=by, paths=named, picks=picks, strategy=strategy
        )
        show_preview(invocation, preview, "commit")
        return
    message = message or _ask_for(invocation, "a message", "-m TEXT")

    def attempt(metadata: Mapping[str, str]) -> Commit:
        return staging.commit_staged(
            repository,
            on,
            author=by,
            message=message,
            metadata=metadata,
            paths=named,
            picks=picks,
            strategy=strategy,
        )

    make = partial(_with_required, invocation, attempt, metadata)
    made = make_and_show(invocation, repository, on, make)
    left = staging.get_draft(repository, on, author=by)
    if left.draft.commit != left.draft.base:
        invocation.output.note(f"still staged: {in_words(left)}")
    if made is not None:
        profile_changes(invocation, repository, made)


def _draft_place(invocation: Invocation, branch: str | None, author: str | None) -> tuple[str, str, str]:
    """Returns the repository, branch and person whose staged changes a command is about."""
    repository = invocation.places.repository
    return repository, invocation.places.branch(repository, branch), invocation.author(author)


def _with_required(
    invocation: Invocation, attempt: Callable[[Mapping[str, str]], Commit], metadata: Mapping[str, str]
) -> Commit:
    """Commits; asks a person for metadata that the branch requires, and tells a program how to give it."""
    try:
        return attempt(metadata)
    except RuleViolatedError as error:
        missing: list[str] = error.details.get("missing", [])
        if not missing:
            raise
        if not invocation.output.can_ask:
            how = " ".join(f"--meta {name}=..." for name in missing)
            raise RuleViolatedError(f"{error.message}: {how}", **error.details) from None
    return attempt(
        {**metadata, **{name: _ask_for(invocation, name, f"--meta {name}=...") for name in missing}}
    )


def _staged_at(
    invocation: Invocation, repository: str, branch: str, author: str, path: str
) -> Iterator[DiffEntry]:
    staging = invocation.catalog.staging
    return every(
        lambda after, limit: staging.diff_staged(
            repository, branch, author=author, path=path, after=after, limit=limit
        )
    )


def _ask_for(invocation: Invocation, what: str, option: str) -> str:
    """Asks a person for something that is needed. Raises InvalidInputError if nobody can be asked."""
    answer = invocation.output.ask(f"{what}:") if invocation.output.can_ask else ""
    if not answer:
        raise InvalidInputError(f"a commit needs {what}; give it with {option}")
    return answer
