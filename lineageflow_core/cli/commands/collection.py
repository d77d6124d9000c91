"""`gc`, `explain`, `usage`, `retention`, `trash`: what is kept, why, and what it takes."""

from dataclasses import replace
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import NotFoundError
from lineageflow_core.model.collection import CollectedGroup, Collection, TrashEntry
from lineageflow_core.model.page import every
from lineageflow_core.model.settings import RetentionRule

_GROUP_COLUMNS = (
    Column(name="dataset"),
    Column(name="kind"),
    Column(name="things", right=True),
    Column(name="size", right=True),
    Column(name="why", shrinks=True),
)
_RULE_COLUMNS = (
    Column(name="branches"),
    Column(name="datasets"),
    Column(name="days", right=True),
    Column(name="versions", right=True),
)
_TRASH_COLUMNS = (
    Column(name="id"),
    Column(name="kind"),
    Column(name="size", right=True),
    Column(name="dataset"),
    Column(name="until"),
    Column(name="why", shrinks=True),
)

BranchesOption = Annotated[
    str, typer.Option("--branches", metavar="PATTERN", help="The branches, as 'main' or 'release-*'.")
]
DatasetsOption = Annotated[
    str, typer.Option("--datasets", metavar="PATTERN", help="The datasets, as 'raw/*'; '*' matches '/', too.")
]


def gc(
    invocation: Invocation,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go, and change nothing.")
    ] = False,
    author: AuthorOption = None,
) -> None:
    """Move what nothing needs into the trash, and empty what lay there for long.

    Others may write meanwhile. What goes can be restored for as many days as the settings say.
    """
    collection, repository = invocation.catalog.collection, invocation.places.repository
    output = invocation.output
    with output.waiting(f"looking at what {repository} needs" if dry_run else f"collecting {repository}"):
        if dry_run:
            done = collection.plan_collection(repository)
        else:
            done = collection.collect(repository, author=invocation.author(author))
    output.document(done)
    output.table(_GROUP_COLUMNS, map(_group_row, done.trashed), section="to the trash")
    output.table(_GROUP_COLUMNS, map(_group_row, done.purged), section="out of the trash, for good")
    output.note(_summary(done))
    if done.trashed and not dry_run:
        output.note(f"back with: {invocation.command('trash', 'restore')}")


def explain(
    invocation: Invocation,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="PATH@REF, a ref or commit, or the id of an object or snapshot.",
            show_default=False,
        ),
    ],
) -> None:
    """Tell why something is kept, or why it goes."""
    output = invocation.output
    with output.waiting(f"looking for what needs {what}"):
        found = invocation.catalog.collection.explain(invocation.places.repository, what)
    output.document(found)
    mark = ("✓", "ok") if found.kept else ("✕", "failed")
    said = cells.text(f"{found.what} {'is kept' if found.kept else 'is not kept'}:")
    output.line(cells.text(*mark), said)
    for reason in found.reasons:
        output.line(cells.text(reason))


def usage(invocation: Invocation) -> None:
    """Show how many bytes the repository takes, and how many storing equal ones once saves."""
    output = invocation.output
    with output.waiting("adding up"):
        found = invocation.catalog.collection.usage(invocation.places.repository)
    output.document(found)
    output.card(
        [
            ("objects", cells.count(found.objects)),
            ("stored", cells.size(found.stored)),
            ("trees and commits", cells.size(found.packs)),
            ("trash", cells.size(found.trash)),
            ("copies of all tips", cells.size(found.tips)),
            ("copies of all commits", cells.size(found.history)),
            ("saved", cells.size(found.saved)),
        ]
    )


def show_retention(invocation: Invocation) -> None:
    """Show how long versions are kept."""
    settings = invocation.catalog.settings.get_settings(invocation.places.repository)
    invocation.output.listing(settings.retention_rules, _RULE_COLUMNS, _rule_row)
    invocation.output.note(
        f"what no rule is about is kept for ever; what goes is in the trash for {settings.trash_days} days"
    )


def set_retention(
    invocation: Invocation,
    branches: BranchesOption = "*",
    datasets: DatasetsOption = "*",
    keep_days: Annotated[
        int | None,
        typer.Option("--days", min=0, help="Keep what was current in so many days.", show_default=False),
    ] = None,
    keep_versions: Annotated[
        int | None,
        typer.Option("--versions", min=1, help="Keep so many last versions.", show_default=False),
    ] = None,
    author: AuthorOption = None,
) -> None:
    """Set how long versions of some datasets are kept on some branches.

    In place of the rule for the same patterns. Tips, tags and what they were made from stay in any case; and
    where several rules match, a version stays that any of them keeps.
    """
    rule = RetentionRule(
        branches=branches, datasets=datasets, keep_days=keep_days, keep_versions=keep_versions
    )
    _replace(invocation, branches, datasets, rule, author)
    invocation.output.document(rule)
    invocation.output.line(*_rule_row(rule))
    invocation.output.note(f"see what would go: {invocation.command('gc', '--dry-run')}")


def remove_retention(
    invocation: Invocation,
    branches: BranchesOption = "*",
    datasets: DatasetsOption = "*",
    author: AuthorOption = None,
) -> None:
    """Remove the rule for these patterns: what it was about is kept for ever."""
    gone = _replace(invocation, branches, datasets, None, author)
    if gone is None:
        raise NotFoundError(
            f"there is no rule for branches {branches!r} and datasets {datasets!r}; "
            f"`{invocation.command('retention', 'show')}` lists those there are"
        )
    invocation.output.document(gone)
    invocation.output.line(*_rule_row(gone))


def list_trash(invocation: Invocation) -> None:
    """List what is in the trash, and until when."""
    collection, repository = invocation.catalog.collection, invocation.places.repository
    found = every(lambda after, limit: collection.list_trash(repository, after=after, limit=limit))
    invocation.output.listing(found, _TRASH_COLUMNS, _trash_row)


def restore_trash(
    invocation: Invocation,
    object_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="One object. Else all.", show_default=False)
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="PATH", help="What belonged to a dataset.", show_default=False),
    ] = None,
    author: AuthorOption = None,
) -> None:
    """Bring back what is in the trash.

    What nothing needs goes again with a later `gc`, once it is older than the grace: to keep it, change the
    rules, or make a branch or tag that leads to it.
    """
    with invocation.output.waiting("bringing back"):
        back = invocation.catalog.collection.restore_trash(
            invocation.places.repository,
            author=invocation.author(author),
            dataset=dataset,
            object_id=object_id,
        )
    invocation.output.document(back)
    invocation.output.line(cells.count(back.count), cells.text("back,"), cells.size(back.size))


def _replace(
    invocation: Invocation, branches: str, datasets: str, rule: RetentionRule | None, author: str | None
) -> RetentionRule | None:
    """Puts a rule in place of the one with the same patterns, which it returns."""
    settings, repository = invocation.catalog.settings, invocation.places.repository
    before = settings.get_settings(repository)
    same = [each for each in before.retention_rules if (each.branches, each.datasets) == (branches, datasets)]
    if rule is None and not same:
        return None
    others = tuple(each for each in before.retention_rules if each not in same)
    rules = (*others, rule) if rule is not None else others
    settings.update_settings(
        repository,
        replace(before, retention_rules=rules),
        author=invocation.author(author),
        expected=before,
    )
    return same[0] if same else None


def _summary(done: Collection) -> str:
    kept = f"{cells.plural(done.kept, 'object')} kept ({cells.human_size(done.kept_size)})"
    young = f", {done.young:,} too young to go" if done.young else ""
    back = f", {done.recalled:,} brought back" if done.recalled else ""
    packs = f", {done.repacked:,} packs that were mostly dead rewritten" if done.repacked else ""
    return f"{kept}{young}{back}{packs}"


def _group_row(group: CollectedGroup) -> tuple[cells.Cell, ...]:
    return (
        cells.text(group.dataset, "name"),
        cells.text(group.kind.value),
        cells.count(group.count),
        cells.size(group.size),
        cells.text(group.reason),
    )


def _rule_row(rule: RetentionRule) -> tuple[cells.Cell, ...]:
    return (
        cells.text(rule.branches, "ref"),
        cells.text(rule.datasets, "name"),
        cells.count(rule.keep_days),
        cells.count(rule.keep_versions),
    )


def _trash_row(entry: TrashEntry) -> tuple[cells.Cell, ...]:
    return (
        cells.short_id(entry.id),
        cells.text(entry.kind.value),
        cells.size(entry.size),
        cells.text(entry.dataset, "name"),
        cells.text(f"{entry.until:%Y-%m-%d %H:%M}" if entry.until is not None else ""),
        cells.text(entry.reason),
    )
