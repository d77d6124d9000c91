"""`revert` and `restore`: new commits that take something back."""

from typing import Annotated

import typer

from lineageflow_core.cli.commands.commits import conflicts_listed, show_commit, tip_of
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, BranchOption, MessageOption
from lineageflow_core.errors import InvalidInputError


def revert(
    invocation: Invocation,
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="The commit to undo.", show_default=False)],
    branch: BranchOption = None,
    message: MessageOption = None,
    author: AuthorOption = None,
) -> None:
    """Undo one commit, as a new commit.

    Later work stays; where it changed the same, that is a conflict.
    """
    repository, ref = invocation.places.ref(commit)
    target = invocation.places.branch(repository, branch)
    before = tip_of(invocation, repository, target)
    with conflicts_listed(invocation):
        made = invocation.catalog.history.revert(
            repository, ref, branch=target, author=invocation.author(author), message=message
        )
    show_commit(invocation, made, target, before=before)


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
    message: MessageOption = None,
    author: AuthorOption = None,
) -> None:
    """Make a path what it is at another ref.

    As a new commit. What is not there at that ref is removed.
    """
    address = invocation.places.address(path)
    if address.ref is not None:
        raise InvalidInputError(f"{path!r} names a ref; write it as --from, and the branch as --branch")
    if not address.path:
        raise InvalidInputError(f"{path!r} is a whole repository; name a path, or use `lineageflow revert`")
    repository = address.repository
    target = invocation.places.branch(repository, branch)
    before = tip_of(invocation, repository, target)
    made = invocation.catalog.history.restore(
        repository,
        address.path,
        source=invocation.places.ref_in(repository, source),
        branch=target,
        author=invocation.author(author),
        message=message,
    )
    show_commit(invocation, made, target, before=before)
