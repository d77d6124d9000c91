"""`merge` and `cherry-pick`: what others did, onto a branch."""

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
from lineageflow_core.model.settings import StaleReads

StaleReadsOption = Annotated[
    StaleReads | None,
    typer.Option(
        "--stale-reads",
        help="What becomes of outputs whose runs read what the branch has changed since; else what the "
        "branch's rules say.",
        show_default=False,
    ),
]


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
    pick: PickOption = None,
    strategy: StrategyOption = None,
    stale_reads: StaleReadsOption = None,
    dry_run: DryRunOption = False,
    message: MessageOption = None,
    meta: MetadataOption = None,
    author: AuthorOption = None,
) -> None:
    """Merge a ref into a branch.

    As one commit, or not at all: what both sides changed is listed, and decided with --pick or --strategy.
    """
    repository, theirs = invocation.places.ref(source)
    target = invocation.places.branch(repository, into)
    picks = parse_picks(invocation, repository, pick or ())
    merging = invocation.catalog.merging
    if dry_run:
        preview = merging.preview_merge(repository, theirs, into=target, picks=picks, strategy=strategy)
        show_preview(invocation, preview, "merge")
        return
    make = partial(
        merging.merge,
        repository,
        theirs,
        into=target,
        author=invocation.author(author),
        message=message,
        metadata=metadata_of(meta),
        picks=picks,
        strategy=strategy,
        stale_reads=stale_reads,
    )
    make_and_show(invocation, repository, target, make)


def cherry_pick(
    invocation: Invocation,
    commits: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMIT...",
            help="The commits to do again, in order; or ranges, as in v1..topic.",
            show_default=False,
        ),
    ],
    branch: BranchOption = None,
    pick: PickOption = None,
    strategy: StrategyOption = None,
    mainline: MainlineOption = 1,
    stale_reads: StaleReadsOption = None,
    dry_run: DryRunOption = False,
    message: MessageOption = None,
    meta: MetadataOption = None,
    author: AuthorOption = None,
) -> None:
    """Do on a branch what some commits did elsewhere.

    One new commit for each, all of them or none. Messages and authors stay.
    """
    repository, refs = invocation.places.refs(commits)
    target = invocation.places.branch(repository, branch)
    picks = parse_picks(invocation, repository, pick or ())
    merging = invocation.catalog.merging
    if dry_run:
        preview = merging.preview_cherry_pick(
            repository, refs, branch=target, picks=picks, strategy=strategy, mainline=mainline
        )
        show_preview(invocation, preview, "cherry-pick")
        return
    make = partial(
        merging.cherry_pick,
        repository,
        refs,
        branch=target,
        author=invocation.author(author),
        message=message,
        metadata=metadata_of(meta),
        picks=picks,
        strategy=strategy,
        mainline=mainline,
        stale_reads=stale_reads,
    )
    make_and_show(invocation, repository, target, make)
