"""`status`: a lake at a glance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from lineageflow_core.catalog import Catalog
from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.changes import in_words, note_next
from lineageflow_core.cli.commands.diff import DATASET_COLUMNS, dataset_row
from lineageflow_core.cli.commands.repo import RepositoryDetails, details_of, repositories
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, BranchOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import RunNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DatasetDiff
from lineageflow_core.model.draft import Draft, DraftStatus
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import RefKind, parse_stage_name
from lineageflow_core.model.run import Run, Transaction, TransactionState

_MOST_RUNS = 20
_MOST_PUBLISHES = 5
_MOST_DATASETS = 20
_MOST_DRAFTS = 20

_RUN_COLUMNS = (
    Column(name="state"),
    Column(name="run"),
    Column(name="job"),
    Column(name="begun"),
    Column(name="into"),
    Column(name="conflicts", right=True),
    Column(name="would change"),
)
_PUBLISH_COLUMNS = (
    Column(name="commit"),
    Column(name="when"),
    Column(name="run"),
    Column(name="job"),
    Column(name="into"),
)
_OTHER_COLUMNS = (Column(name="branch"), Column(name="staged by"), Column(name="when"))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpublishedRun:
    """A run whose branch can be looked at, and what merging it would do."""

    transaction: Transaction
    run: Run | None
    """None where no event told of it."""
    datasets: tuple[str, ...]
    """What would differ on the target branch."""
    conflicts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A run that was published, and the commit that did it."""

    transaction: Transaction
    run: Run | None
    commit: Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDraft:
    """Something that is staged elsewhere, or by somebody else."""

    branch: str
    author: str
    staged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryStatus:
    """A repository at a glance."""

    details: RepositoryDetails
    unpublished: tuple[UnpublishedRun, ...]
    """Open and failed runs, newest first: the last of each."""
    published: tuple[Publish, ...]
    """The last ones, newest first."""
    staged: DraftStatus
    """What this person has staged on the branch."""
    staged_datasets: tuple[DatasetDiff, ...]
    """The datasets that it makes different: the first of them."""
    other_drafts: tuple[OtherDraft, ...]
    """What else is staged: the first of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeStatus:
    """A lake at a glance."""

    lake: str
    repositories: tuple[RepositoryStatus, ...]


def status(invocation: Invocation, branch: BranchOption = None, author: AuthorOption = None) -> None:
    """Show the lake at a glance.

    Each repository's tip, what is staged on the branch, the runs that are open or failed with what each
    would change, and the last publishes.
    """
    catalog, by = invocation.catalog, invocation.author(author)
    given = invocation.options.repository
    names = [given] if given else [info.name for info in repositories(catalog)]
    found = tuple(_status(invocation, name, branch, by) for name in names)
    lake = LakeStatus(lake=invocation.shown_lake, repositories=found)
    invocation.output.document(lake)
    invocation.output.card([("lake", cells.text(lake.lake))])
    for repository in lake.repositories:
        _show(invocation, repository)
    if not lake.repositories:
        invocation.output.note(f"no repository yet: `{invocation.command('repo', 'create', 'NAME')}`")


def _status(invocation: Invocation, repository: str, branch: str | None, author: str) -> RepositoryStatus:
    catalog = invocation.catalog
    staged = catalog.staging.get_draft(
        repository, invocation.places.branch(repository, branch), author=author
    )
    unpublished = [
        _unpublished(catalog, transaction)
        for state in (TransactionState.OPEN, TransactionState.DISCARDED)
        for transaction in _transactions(catalog, repository, state, _MOST_RUNS)
    ]
    published = [
        Publish(
            transaction=transaction,
            run=_run(catalog, transaction.run_id),
            commit=catalog.refs.resolve(repository, transaction.published),
        )
        for transaction in _transactions(catalog, repository, TransactionState.PUBLISHED, _MOST_PUBLISHES)
        if transaction.published is not None
    ]
    return RepositoryStatus(
        details=details_of(catalog, repository),
        unpublished=tuple(sorted(unpublished, key=lambda run: run.transaction.created_at, reverse=True)),
        published=tuple(published),
        staged=staged,
        staged_datasets=tuple(
            every(
                lambda after, limit: catalog.staging.diff_staged_datasets(
                    repository, staged.draft.branch, author=author, after=after, limit=limit
                ),
                most=_MOST_DATASETS,
            )
        ),
        other_drafts=tuple(_other_drafts(catalog, repository, staged.draft)),
    )


def _other_drafts(catalog: Catalog, repository: str, own: Draft) -> Iterator[OtherDraft]:
    refs = every(
        lambda after, limit: catalog.refs.list_refs(repository, kind=RefKind.STAGE, after=after, limit=limit),
        most=_MOST_DRAFTS,
    )
    for ref in refs:
        branch, author = parse_stage_name(ref.name)
        if (branch, author) != (own.branch, own.author):
            yield OtherDraft(branch=branch, author=author, staged_at=ref.updated_at)


def _transactions(
    catalog: Catalog, repository: str, state: TransactionState, most: int
) -> Iterator[Transaction]:
    """Yields transactions, newest first; what is part of another run is seen there."""
    found = every(
        lambda after, limit: catalog.transactions.list_transactions(
            repository, state=state, after=after, limit=limit
        )
    )
    return islice((each for each in found if not each.is_part), most)


def _unpublished(catalog: Catalog, transaction: Transaction) -> UnpublishedRun:
    preview = None
    if transaction.head is not None:
        preview = catalog.merging.preview_merge(
            transaction.repository, transaction.head, into=transaction.into
        )
    return UnpublishedRun(
        transaction=transaction,
        run=_run(catalog, transaction.run_id),
        datasets=tuple(diff.path for diff in preview.datasets) if preview else (),
        conflicts=len(preview.conflicts) if preview else 0,
    )


def _run(catalog: Catalog, run_id: RunId) -> Run | None:
    try:
        return catalog.lineage.get_run(run_id).run
    except RunNotFoundError:
        return None


def _show(invocation: Invocation, found: RepositoryStatus) -> None:
    details, output = found.details, invocation.output
    output.card(
        [
            ("repository", cells.text(details.repository.name, "name")),
            ("branch", cells.text(details.repository.default_branch, "ref")),
            ("tip", cells.short_id(details.tip.id)),
            ("message", cells.text(details.tip.message.partition("\n")[0])),
            ("moved", cells.when(details.tip.created_at)),
            ("datasets", cells.count(details.datasets)),
            ("objects", cells.count(details.objects)),
            ("size", cells.size(details.size)),
            ("branches", cells.count(details.branches)),
        ]
    )
    _show_staged(invocation, found)
    output.table(_RUN_COLUMNS, (_run_row(run) for run in found.unpublished), section="unpublished runs")
    output.table(_PUBLISH_COLUMNS, (_publish_row(run) for run in found.published), section="last publishes")


def _show_staged(invocation: Invocation, found: RepositoryStatus) -> None:
    output, draft = invocation.output, found.staged.draft
    if draft.commit != draft.base:
        output.card([("draft", cells.text(f"{in_words(found.staged)} on {draft.branch} by {draft.author}"))])
        output.table(DATASET_COLUMNS, map(dataset_row, found.staged_datasets), section="staged")
        if found.staged.datasets > len(found.staged_datasets):
            output.note(f"{found.staged.datasets - len(found.staged_datasets):,} more datasets are staged")
        note_next(invocation, found.details.repository.name, found.staged)
    rows = (
        (cells.text(other.branch, "ref"), cells.text(other.author), cells.when(other.staged_at))
        for other in found.other_drafts
    )
    output.table(_OTHER_COLUMNS, rows, section="also staged")


def _run_row(found: UnpublishedRun) -> Sequence[cells.Cell]:
    transaction = found.transaction
    return (
        cells.transaction_state(transaction.state),
        cells.short_id(transaction.run_id, "run"),
        cells.text(found.run.job.name if found.run else None, "name"),
        cells.when(transaction.created_at),
        cells.text(transaction.into, "ref"),
        cells.count(found.conflicts),
        cells.joined(cells.text(dataset) for dataset in found.datasets),
    )


def _publish_row(found: Publish) -> Sequence[cells.Cell]:
    return (
        cells.short_id(found.commit.id),
        cells.when(found.commit.created_at),
        cells.short_id(found.transaction.run_id, "run"),
        cells.text(found.run.job.name if found.run else None, "name"),
        cells.text(found.transaction.into, "ref"),
    )
