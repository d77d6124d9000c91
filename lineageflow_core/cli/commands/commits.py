"""What commands say that make commits: the new tip, what would become of it, or what stands in its way."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.diff import DATASET_COLUMNS, dataset_row
from lineageflow_core.cli.failures import CONFLICT
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import MergeConflictError, StaleReadError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.merge import BranchPreview, ChangedBy, Conflict, StaleRead
from lineageflow_core.model.settings import StaleReads

_CONFLICT_COLUMNS = (
    Column(name="conflict"),
    Column(name="path"),
    Column(name="base"),
    Column(name="ours"),
    Column(name="changed by", shrinks=True),
    Column(name="theirs"),
    Column(name="changed by", shrinks=True),
)
_STALE_COLUMNS = (
    Column(name="stale"),
    Column(name="read"),
    Column(name="now"),
    Column(name="changed by", shrinks=True),
    Column(name="runs", shrinks=True),
)


def make_and_show(
    invocation: Invocation, repository: str, branch: str, make: Callable[[], Commit]
) -> Commit | None:
    """Makes commits and writes where the branch is then; returns that commit, or None if it did not move.

    Lists what stands in the way, if something does.
    """
    before = invocation.catalog.refs.resolve(repository, branch).id
    with obstacles_listed(invocation):
        commit = make()
    _show_commit(invocation, commit, branch, before=before)
    return commit if commit.id != before else None


def show_preview(invocation: Invocation, preview: BranchPreview, doing: str) -> None:
    """Writes what an operation would do; ends with the exit code of a conflict if it could not happen.

    Metadata that a rule requires may still be given, so its lack is noted only.
    """
    output = invocation.output
    output.document(preview)
    output.card(
        [
            (doing, cells.joined(cells.short_id(source) for source in preview.sources)),
            ("branch", cells.text(preview.branch, "ref")),
            ("tip", cells.short_id(preview.head)),
            ("base", cells.short_id(preview.base)),
        ]
    )
    output.table(DATASET_COLUMNS, (dataset_row(diff) for diff in preview.datasets), section="changes")
    _conflict_table(invocation, preview.conflicts, section="conflicts")
    _stale_table(invocation, preview.stale_reads, section="stale reads")
    if preview.up_to_date:
        output.note(f"nothing to {doing}: the branch has all of it")
    if preview.conflicts:
        output.note("decide each conflict with --pick PATH=ours or PATH=theirs, or all with --strategy")
    _note_rules(invocation, preview)
    is_stale = preview.stale_reads and preview.stale_policy is StaleReads.FAIL
    if preview.conflicts or preview.refusals or is_stale:
        raise typer.Exit(CONFLICT)


def _show_commit(invocation: Invocation, commit: Commit, branch: str, *, before: CommitId) -> None:
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
    stale = commit.metadata.get("stale_reads")
    if stale and commit.id != before:
        output.note(f"out of date: its runs read {stale}, which {branch} has changed since")


def _note_rules(invocation: Invocation, preview: BranchPreview) -> None:
    """Tells what the branch's rules say of an operation that is previewed."""
    note = invocation.output.note
    for refusal in preview.refusals:
        note(f"refused: {refusal}")
    if preview.required_metadata and not preview.up_to_date:
        asked = " ".join(f"--meta {name}=..." for name in preview.required_metadata)
        note(f"{preview.branch} requires metadata: {asked}")
    if preview.writers and not preview.up_to_date:
        note(f"{preview.branch} is written to by {', '.join(preview.writers)} only")


@contextmanager
def obstacles_listed(invocation: Invocation) -> Iterator[None]:
    """Lists what stands in the way of an operation that fails in the block; the error goes on."""
    try:
        yield
    except MergeConflictError as error:
        _conflict_table(invocation, msgspec.convert(error.details.get("conflicts", []), list[Conflict]))
        raise
    except StaleReadError as error:
        _stale_table(invocation, msgspec.convert(error.details.get("stale_reads", []), list[StaleRead]))
        raise


def _conflict_table(
    invocation: Invocation, conflicts: Iterable[Conflict], *, section: str | None = None
) -> None:
    rows = (_conflict_row(conflict) for conflict in conflicts)
    invocation.output.table(_CONFLICT_COLUMNS, rows, section=section)


def _stale_table(
    invocation: Invocation, stale_reads: Iterable[StaleRead], *, section: str | None = None
) -> None:
    rows = (_stale_row(read) for read in stale_reads)
    invocation.output.table(_STALE_COLUMNS, rows, section=section)


def _conflict_row(conflict: Conflict) -> Sequence[cells.Cell]:
    return (
        cells.marked("✕", "failed", conflict.kind.value),
        cells.text(conflict.path, "name"),
        cells.short_id(conflict.base),
        _content(conflict.ours, conflict.ours_objects),
        _who(conflict.ours_by),
        _content(conflict.theirs, conflict.theirs_objects),
        _who(conflict.theirs_by),
    )


def _stale_row(read: StaleRead) -> Sequence[cells.Cell]:
    return (
        cells.text(read.path, "name"),
        cells.short_id(read.read),
        _content(read.now, 1),
        _who(read.changed_by),
        cells.joined(cells.short_id(run, "run") for run in read.readers),
    )


def _content(digest: str | None, objects: int) -> cells.Cell:
    """Returns what a side has, and how much of it the side changed where that is more than one object."""
    shown = [(digest[: cells.SHORT], "id") if digest else ("removed", "removed")]
    if objects > 1:
        shown.append((f" {cells.plural(objects, 'object')}", "dim"))
    return cells.Cell(digest or "", tuple(shown))


def _who(change: ChangedBy | None) -> cells.Cell:
    """Returns who changed an item; programs get the commit."""
    if change is None:
        return cells.text(None)
    subject = change.message.partition("\n")[0]
    parts = ((change.commit[: cells.SHORT], "id"), (f" {change.author}", ""), (f" {subject}", "dim"))
    return cells.Cell(change.commit, parts)
