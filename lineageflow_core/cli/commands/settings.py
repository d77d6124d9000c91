"""`settings`, and `branch protect`: what a repository's people agreed on."""

from dataclasses import replace
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.settings import BranchRule, RepositorySettings, RetentionRule, StaleReads

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
    invocation.output.note(f"back with: {invocation.command('operations', 'undo', str(done.id))}")


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
