"""`revert`, `reset` and `restore`: new commits that take something back."""

from functools import partial
from typing import Annotated

import typer

from lineageflow_core.cli.commands.commits import make_and_show, show_preview
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import (
    AuthorOption,
    BranchOption,
    DryRunOption,
    MainlineOption,
    MessageOption,
    MetadataOption,
    PickOption,
    StrategyOption,
    metadata_of,
)
from lineageflow_core.cli.picks import parse_picks
from lineageflow_core.errors import InvalidInputError


def revert(
    invocation: Invocation,
    commits: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMIT...",
            help="The commits to undo, in order; or ranges, as in v1..main.",
            show_default=False,
        ),
    ],
    branch: BranchOption = None,
    pick: PickOption = None,
    strategy: StrategyOption = None,
    mainline: MainlineOption = 1,
    dry_run: DryRunOption = False,
    message: MessageOption = None,
    meta: MetadataOption = None,
    author: AuthorOption = None,
) -> None:
    """Undo commits, by new commits.

    Later work stays; where it changed the same, that is a conflict. To go back to a state, see `reset`.
    """
    repository, refs = invocation.places.refs(commits)
    target = invocation.places.branch(repository, branch)
    picks = parse_picks(invocation, repository, pick or ())
    merging = invocation.catalog.merging
    if dry_run:
        preview = merging.preview_revert(
            repository, refs, branch=target, picks=picks, strategy=strategy, mainline=mainline
        )
        show_preview(invocation, preview, "revert")
        return
    make = partial(
        merging.revert,
        repository,
        refs,
        branch=target,
        author=invocation.author(author),
        message=message,
        metadata=metadata_of(meta),
        picks=picks,
        strategy=strategy,
        mainline=mainline,
    )
    made = make_and_show(invocation, repository, target, make)
    if made is None and len(commits) == 1 and ".." not in commits[0]:
        command = invocation.command("reset", commits[0], "--branch", target)
        invocation.output.note(f"what it did is undone already; to go back to its state: {command}")


def reset(
    invocation: Invocation,
    to: Annotated[
        str,
        typer.Argument(metavar="REF", help="The state to go back to: a tag, main~3, ...", show_default=False),
    ],
    branch: BranchOption = None,
    dry_run: DryRunOption = False,
    message: MessageOption = None,
    meta: MetadataOption = None,
    author: AuthorOption = None,
) -> None:
    """Make a branch what it is at a ref.

    As a new commit: what came later is gone from the branch's tip, and stays in its history. To undo one
    commit and keep later work, see `revert`; for one path, `restore`.
    """
    repository, ref = invocation.places.ref(to)
    _reset(
        invocation,
        repository,
        branch,
        to=ref,
        path="",
        dry_run=dry_run,
        message=message,
        meta=meta,
        author=author,
    )


def restore(
    invocation: Invocation,
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="A dataset, partition, object or folder; or its address.", show_default=False
        ),
    ],
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="REF", help="The state that has it as it is to be.", show_default=False
        ),
    ],
    branch: BranchOption = None,
    dry_run: DryRunOption = False,
    message: MessageOption = None,
    meta: MetadataOption = None,
    author: AuthorOption = None,
) -> None:
    """Make a path what it is at another ref.

    As a new commit. What is not there at that ref is removed.
    """
    address = invocation.places.address(path)
    if address.ref is not None:
        raise InvalidInputError(f"{path!r} names a ref; write it as --from, and the branch as --branch")
    if not address.path:
        raise InvalidInputError(f"{path!r} is a whole repository; name a path, or use `lineageflow reset`")
    repository = address.repository
    ref = invocation.places.ref_in(repository, source)
    _reset(
        invocation,
        repository,
        branch,
        to=ref,
        path=address.path,
        dry_run=dry_run,
        message=message,
        meta=meta,
        author=author,
    )


def _reset(
    invocation: Invocation,
    repository: str,
    branch: str | None,
    *,
    to: str,
    path: str,
    dry_run: bool,
    message: str | None,
    meta: list[str] | None,
    author: str | None,
) -> None:
    target = invocation.places.branch(repository, branch)
    merging = invocation.catalog.merging
    if dry_run:
        preview = merging.preview_reset(repository, target, to=to, path=path)
        show_preview(invocation, preview, "restore" if path else "reset")
        return
    make = partial(
        merging.reset,
        repository,
        target,
        to=to,
        path=path,
        author=invocation.author(author),
        message=message,
        metadata=metadata_of(meta),
    )
    make_and_show(invocation, repository, target, make)
