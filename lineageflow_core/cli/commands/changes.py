"""What commands do with changes: stage them, or commit them at once, and say what came of it."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.commits import make_and_show
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.errors import InvalidInputError, LineageFlowError
from lineageflow_core.model.address import Address
from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.draft import Draft, DraftStatus
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
        show_draft(
            invocation, repository, invocation.catalog.staging.get_draft(repository, branch, author=by)
        )
        return
    commit = partial(
        invocation.catalog.history.commit, repository, branch, changes, author=by, message=message
    )
    made = make_and_show(invocation, repository, branch, commit)
    if made is not None:
        profile_changes(invocation, repository, made)


def profile_changes(invocation: Invocation, repository: str, commit: Commit) -> None:
    """Lets the lake find out about the tables of a commit that is shown already. Nothing fails by that."""
    invocation.output.flush()
    with suppress(LineageFlowError):
        invocation.catalog.tables.profile_changes(repository, commit.id)


def show_draft(invocation: Invocation, repository: str, status: DraftStatus) -> None:
    """Writes what is staged in a line, and tells what to do next."""
    draft, output = status.draft, invocation.output
    output.document(status)
    output.line(
        cells.short_id(draft.commit),
        cells.text(str(stage_ref(draft.branch, draft.author)), "ref"),
        cells.text(in_words(status)),
    )
    note_next(invocation, repository, status)


def in_words(status: DraftStatus) -> str:
    """Returns how much is staged: `3 added, 1 removed`."""
    counts = {
        "added": status.added,
        "changed": status.changed,
        "moved": status.moved,
        "removed": status.removed,
    }
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number) or "nothing staged"


def note_next(invocation: Invocation, repository: str, status: DraftStatus) -> None:
    """Tells what to do next with what is staged: look at it, and commit it as the branch's rules ask for."""
    draft, note = status.draft, invocation.output.note
    if draft.commit == draft.base:
        return
    place = _place_of(invocation, repository, draft)
    rules = invocation.catalog.settings.get_settings(repository).rules_for(draft.branch)
    required = dict.fromkeys(key for rule in rules for key in rule.required_metadata)
    meta = [word for key in required for word in ("--meta", f"{key}=...")]
    note(f"look: {invocation.command('diff', '--staged', *place)}")
    if any(rule.merges_only for rule in rules):
        note(f"{draft.branch} takes no direct commits: stage this on another branch, and merge that")
    else:
        note(f"commit: {invocation.command('commit', '-m', 'MESSAGE', *meta, *place)}")
    if status.tip is None:
        note(f"branch {draft.branch} is gone: bring it back, or discard what is staged")
    elif status.behind:
        note(
            f"{draft.branch} moved, {cells.plural(status.behind, 'new commit')}; "
            f"update: {invocation.command('update', *place)}"
        )


def _place_of(invocation: Invocation, repository: str, draft: Draft) -> list[str]:
    """Returns the options that say where a draft is, as far as they are not what is meant without them."""
    words = []
    if not invocation.options.repository and repository != invocation.places.home:
        words += ["--repository", repository]
    if draft.branch != invocation.places.default_branch(repository):
        words += ["--branch", draft.branch]
    if invocation.names_author:
        words += ["--author", draft.author]
    return words
