"""What commands say that make a commit: the new tip, or the conflicts that stand in its way."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import MergeConflictError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.merge import Conflict

CONFLICT_COLUMNS = (
    Column(name="conflict"),
    Column(name="path"),
    Column(name="base"),
    Column(name="ours"),
    Column(name="theirs"),
)


def tip_of(invocation: Invocation, repository: str, branch: str) -> CommitId:
    """Returns where a branch is now."""
    return invocation.catalog.refs.resolve(repository, branch).id


def show_commit(invocation: Invocation, commit: Commit, branch: str, *, before: CommitId) -> None:
    """Writes the commit that a branch is at now, and tells where it is the one from before."""
    output = invocation.output
    output.document(commit)
    output.line(
        cells.short_id(commit.id),
        cells.text(branch, "ref"),
        cells.text(commit.message.partition("\n")[0]),
    )
    if commit.id == before:
        output.note(f"nothing changed: {branch} is at {before[: cells.SHORT]} as before")


@contextmanager
def conflicts_listed(invocation: Invocation) -> Iterator[None]:
    """Lists the conflicts of a merge that fails in the block; the error goes on."""
    try:
        yield
    except MergeConflictError as error:
        conflicts = msgspec.convert(error.details.get("conflicts", []), list[Conflict])
        invocation.output.table(CONFLICT_COLUMNS, (conflict_row(conflict) for conflict in conflicts))
        raise


def conflict_row(conflict: Conflict) -> Sequence[cells.Cell]:
    """Returns a conflict as a row of `CONFLICT_COLUMNS`."""
    return (
        cells.marked("✕", "failed", conflict.kind.value),
        cells.text(conflict.path, "name"),
        cells.short_id(conflict.base),
        cells.short_id(conflict.ours),
        cells.short_id(conflict.theirs),
    )
