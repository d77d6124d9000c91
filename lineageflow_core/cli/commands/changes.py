"""What commands do with changes: stage them, or commit them at once, and say what came of it."""

from collections.abc import Sequence
from contextlib import suppress

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.commits import show_commit, tip_of
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.errors import InvalidInputError, LineageFlowError
from lineageflow_core.model.address import Address
from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.draft import DraftStatus
from lineageflow_core.model.refs import stage_ref


def written_place(invocation: Invocation, address: str, branch: str | None) -> tuple[Address, str]:
    """Returns the place that an address names, and the branch that is written to there."""
    place = invocation.places.address(address)
    if place.ref is not None and branch not in {None, place.ref}:
        raise InvalidInputError(
            f"the address names {place.ref!r} and --branch {branch!r}; name the branch once"
        )
    return place, invocation.places.branch(place.repository, place.ref or branch)


def make_changes(
    invocation: Invocation,
    repository: str,
    branch: str,
    changes: Sequence[Change],
    author: str | None,
    message: str | None,
) -> None:
    """Commits changes with a message; stages them without one."""
    by = invocation.author(author)
    if message is None:
        invocation.catalog.staging.stage(repository, branch, changes, author=by)
        show_draft(invocation, invocation.catalog.staging.get_draft(repository, branch, author=by))
        return
    before = tip_of(invocation, repository, branch)
    commit = invocation.catalog.history.commit(repository, branch, changes, author=by, message=message)
    show_commit(invocation, commit, branch, before=before)
    if commit.id != before:
        profile_changes(invocation, repository, commit)


def profile_changes(invocation: Invocation, repository: str, commit: Commit) -> None:
    """Lets the lake find out about the tables of a commit that is shown already. Nothing fails by that."""
    invocation.output.flush()
    with suppress(LineageFlowError):
        invocation.catalog.tables.profile_changes(repository, commit.id)


def show_draft(invocation: Invocation, status: DraftStatus) -> None:
    """Writes what is staged in a line, and tells what to do next."""
    draft, output = status.draft, invocation.output
    output.document(status)
    output.line(
        cells.short_id(draft.commit),
        cells.text(str(stage_ref(draft.branch, draft.author)), "ref"),
        cells.text(in_words(status)),
    )
    if draft.commit != draft.base:
        output.note(f"look: {invocation.command('diff', '--staged')}")
        output.note(f"commit: {invocation.command('commit', '-m', 'MESSAGE')}")
    note_behind(invocation, status)


def in_words(status: DraftStatus) -> str:
    """Returns how much is staged: `3 added, 1 removed`."""
    counts = {
        "added": status.added,
        "changed": status.changed,
        "moved": status.moved,
        "removed": status.removed,
    }
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number) or "nothing staged"


def note_behind(invocation: Invocation, status: DraftStatus) -> None:
    """Tells that the branch moved since the staging began, if it did."""
    draft = status.draft
    if draft.commit == draft.base:
        return
    if status.tip is None:
        invocation.output.note(f"branch {draft.branch} is gone: bring it back, or discard what is staged")
    elif status.behind:
        invocation.output.note(
            f"{draft.branch} moved, {cells.plural(status.behind, 'new commit')}; "
            f"update: {invocation.command('update', '--branch', draft.branch)}"
        )
