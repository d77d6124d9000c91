"""`settings`, and `branch protect`: what a repository's people agreed on."""

from dataclasses import replace
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, DryRunOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError, LineageFlowError, NotFoundError
from lineageflow_core.model.settings import (
    BranchRule,
    QuarantinePolicy,
    RepositorySettings,
    RetentionRule,
    StaleReads,
    check_settings,
)

_RULE_COLUMNS = (
    Column(name="branches"),
    Column(name="writers"),
    Column(name="commits"),
    Column(name="checks"),
    Column(name="metadata"),
    Column(name="stale reads"),
)
_RETENTION_COLUMNS = (
    Column(name="branches"),
    Column(name="datasets"),
    Column(name="days", right=True),
    Column(name="versions", right=True),
)

PatternArgument = Annotated[
    str,
    typer.Argument(metavar="PATTERN", help="A branch, or a pattern like 'release-*'.", show_default=False),
]


def show_settings(invocation: Invocation) -> None:
    """Show the settings of the repository."""
    output = invocation.output
    settings = invocation.catalog.settings.get_settings(invocation.places.repository)
    output.document(settings)
    _show(invocation, settings)


def set_settings(
    invocation: Invocation,
    quarantine: Annotated[
        QuarantinePolicy | None,
        typer.Option(
            "--quarantine", help="What readers of a quarantined version are told.", show_default=False
        ),
    ] = None,
    key_columns: Annotated[
        list[str] | None,
        typer.Option(
            "--key-columns",
            metavar="DATASET=COLUMNS",
            help="What identifies a row, as in orders=id,day; orders= forgets it. May be repeated.",
            show_default=False,
        ),
    ] = None,
    trash_days: Annotated[
        int | None,
        typer.Option(
            "--trash-days",
            metavar="N",
            help="How long what was collected can be restored.",
            show_default=False,
        ),
    ] = None,
    grace_hours: Annotated[
        int | None,
        typer.Option(
            "--grace-hours",
            metavar="N",
            help="Bytes younger than this are not collected.",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRunOption = False,
    author: AuthorOption = None,
) -> None:
    """Change settings of the repository; those that are not named stay.

    Rules of branches are set by `branch protect`.
    """
    before = invocation.catalog.settings.get_settings(invocation.places.repository)
    keys = _key_columns(key_columns)
    _check_keys(invocation, keys)
    columns = {**before.key_columns, **keys}
    after = check_settings(
        replace(
            before,
            quarantine=before.quarantine if quarantine is None else quarantine,
            key_columns={dataset: named for dataset, named in columns.items() if named},
            trash_days=before.trash_days if trash_days is None else trash_days,
            grace_hours=before.grace_hours if grace_hours is None else grace_hours,
        )
    )
    if [quarantine, key_columns, trash_days, grace_hours] == [None] * 4:
        raise InvalidInputError(
            "name what is to change, as in `lineageflow settings set --key-columns orders=id`; "
            "`lineageflow settings` shows what there is"
        )
    if not dry_run and after != before:
        _update(invocation, before, after, author)
    elif after == before:
        invocation.output.note("nothing to change: it is so already")
    else:
        invocation.output.note("nothing changed yet")
    invocation.output.document(after)
    _show(invocation, after)


def _key_columns(pairs: list[str] | None) -> dict[str, tuple[str, ...]]:
    """Returns what `--key-columns` says; a dataset without columns is to be forgotten."""
    found = {}
    for pair in pairs or ():
        dataset, equals, columns = pair.rpartition("=")
        if not equals or not dataset:
            raise InvalidInputError(f"--key-columns {pair!r} does not fit; write DATASET=COLUMN,COLUMN")
        found[dataset] = tuple(filter(None, (column.strip() for column in columns.split(","))))
    return found


def _check_keys(invocation: Invocation, keys: dict[str, tuple[str, ...]]) -> None:
    """Raises InvalidInputError for columns that a table on the default branch does not have."""
    repository = invocation.places.repository
    branch = invocation.places.default_branch(repository)
    for dataset, key in keys.items():
        try:
            table = invocation.catalog.tables.schema(repository, branch, dataset) if key else None
        except LineageFlowError:
            continue  # a pattern, or nothing yet, or nothing that can be read here: comparing will tell
        there = [column.name for column in table.columns] if table else []
        for name in key:
            if name not in there:
                raise InvalidInputError(f"{dataset!r} has no column {name!r}; it has {', '.join(there)}")


def _show(invocation: Invocation, settings: RepositorySettings) -> None:
    output = invocation.output
    output.card(
        [
            ("quarantine", cells.text(settings.quarantine.value)),
            ("trash days", cells.count(settings.trash_days)),
            ("grace hours", cells.count(settings.grace_hours)),
            *(
                (f"key of {dataset}", cells.text(", ".join(columns)))
                for dataset, columns in settings.key_columns.items()
            ),
        ]
    )
    output.table(_RULE_COLUMNS, map(_rule_row, settings.branch_rules), section="branch rules")
    output.table(_RETENTION_COLUMNS, map(_retention_row, settings.retention_rules), section="retention rules")


def protect_branch(
    invocation: Invocation,
    pattern: PatternArgument,
    writers: Annotated[
        list[str] | None,
        typer.Option(
            "--writer",
            metavar="NAME",
            help="Only this one may move the branch. May be repeated.",
            show_default=False,
        ),
    ] = None,
    merges_only: Annotated[
        bool, typer.Option("--merges-only", help="No direct commits: only merges and publications.")
    ] = False,
    checks: Annotated[
        list[str] | None,
        typer.Option(
            "--check",
            metavar="NAME",
            help="What is merged has passed this check. May be repeated.",
            show_default=False,
        ),
    ] = None,
    required_metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--require-metadata",
            metavar="KEY",
            help="Commits and merges have this metadata. May be repeated.",
            show_default=False,
        ),
    ] = None,
    stale_reads: Annotated[
        StaleReads | None,
        typer.Option(
            "--stale-reads",
            help="What becomes of a merge whose runs read what is outdated; else warn.",
            show_default=False,
        ),
    ] = None,
    author: AuthorOption = None,
) -> None:
    """Set the rule for a branch, or for all that a pattern matches.

    In place of the rule that there is for the same pattern. A protected branch is not deleted or renamed.
    """
    rule = BranchRule(
        pattern=pattern,
        writers=tuple(writers or ()),
        merges_only=merges_only,
        checks=tuple(checks or ()),
        required_metadata=tuple(required_metadata or ()),
        stale_reads=stale_reads or StaleReads.WARN,
    )
    if rule == BranchRule(pattern=pattern) and stale_reads is None:
        raise InvalidInputError(
            "this rule says nothing; say what holds, as in `lineageflow branch protect main --merges-only`"
        )
    repository = invocation.places.repository
    before = invocation.catalog.settings.get_settings(repository)
    others = tuple(other for other in before.branch_rules if other.pattern != pattern)
    _update(invocation, before, replace(before, branch_rules=(*others, rule)), author)
    invocation.output.document(rule)
    invocation.output.line(*_rule_row(rule))


def unprotect_branch(invocation: Invocation, pattern: PatternArgument, author: AuthorOption = None) -> None:
    """Remove the rule for a branch or pattern."""
    repository = invocation.places.repository
    before = invocation.catalog.settings.get_settings(repository)
    gone = [rule for rule in before.branch_rules if rule.pattern == pattern]
    if not gone:
        there = ", ".join(repr(rule.pattern) for rule in before.branch_rules) or "no rules"
        raise NotFoundError(f"{repository!r} has no rule for {pattern!r}; there are {there}", pattern=pattern)
    others = tuple(rule for rule in before.branch_rules if rule.pattern != pattern)
    _update(invocation, before, replace(before, branch_rules=others), author)
    invocation.output.document(gone[0])
    invocation.output.line(*_rule_row(gone[0]))


def _update(
    invocation: Invocation, before: RepositorySettings, after: RepositorySettings, author: str | None
) -> None:
    invocation.catalog.settings.update_settings(
        invocation.places.repository, after, author=invocation.author(author), expected=before
    )
    [done] = invocation.catalog.operations.list_operations(
        invocation.places.repository, operation="update_settings", limit=1
    ).items
    invocation.output.note(f"back with: {invocation.command('undo', str(done.id))}")


def _rule_row(rule: BranchRule) -> tuple[cells.Cell, ...]:
    return (
        cells.text(rule.pattern, "ref"),
        cells.text(", ".join(rule.writers) or "everyone"),
        cells.text("merges only" if rule.merges_only else "direct"),
        cells.text(", ".join(rule.checks)),
        cells.text(", ".join(rule.required_metadata)),
        cells.text(rule.stale_reads.value),
    )


def _retention_row(rule: RetentionRule) -> tuple[cells.Cell, ...]:
    return (
        cells.text(rule.branches, "ref"),
        cells.text(rule.datasets, "name"),
        cells.count(rule.keep_days),
        cells.count(rule.keep_versions),
    )
