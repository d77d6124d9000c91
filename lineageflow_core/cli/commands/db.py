"""`db`: the tables of a lake's database, and bringing them to this version's."""

from importlib import import_module
from typing import Annotated, Any

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.failures import CHECK_FAILED
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import DryRunOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError

_UPGRADES = "lineageflow_server.upgrades"

_COLUMNS = (Column(name="revision"), Column(name="what it does", shrinks=True), Column(name="older versions"))

LakeArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="LAKE", help="The lake's folder or database; else as with --lake.", show_default=False
    ),
]
SqlOption = Annotated[
    bool, typer.Option("--sql", help="Change nothing; print the SQL for somebody else to read or run.")
]


def current(invocation: Invocation, address: LakeArgument = None) -> None:
    """Show which tables a lake has."""
    status = _upgrades().status_of_tables(address or invocation.lake)
    invocation.output.document(status)
    _show(invocation, status)


def check(invocation: Invocation, address: LakeArgument = None) -> None:
    """Tell whether a lake's tables are as this version needs them; exit code 6 if not.

    Compares every table, column and index, too: somebody may have changed them by hand.
    """
    status = _upgrades().status_of_tables(address or invocation.lake, thorough=True)
    invocation.output.document(status)
    _show(invocation, status)
    for difference in status.differences or ():
        invocation.output.line(cells.text("difference", "warning"), cells.text(difference))
    if status.pending or status.differences:
        raise typer.Exit(CHECK_FAILED)


def upgrade(
    invocation: Invocation,
    address: LakeArgument = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="REVISION", help="Which one; else the last.", show_default=False),
    ] = None,
    dry_run: DryRunOption = False,
    sql: SqlOption = False,
) -> None:
    """Bring a lake's tables to this version's, as one transaction. An empty database becomes a lake.

    Servers of the version before may go on running meanwhile, and afterwards. A folder's database is copied
    first, and the copy stays until all is done.
    """
    planned = _upgrades().plan_migration(address or invocation.lake, to)
    if planned.start is not None and planned.start > planned.end:
        raise InvalidInputError(
            f"the tables are at revision {planned.start}, later than {planned.end}: `lineageflow db "
            f"downgrade {planned.end}` goes back"
        )
    _migrate(invocation, address or invocation.lake, planned, dry_run=dry_run, sql=sql)


def downgrade(
    invocation: Invocation,
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="Which one, as in '0001'.")],
    address: LakeArgument = None,
    dry_run: DryRunOption = False,
    sql: SqlOption = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Bring a lake's tables back to those of an earlier version, as one transaction.

    What only later versions know is lost. Stop their servers first.
    """
    planned = _upgrades().plan_migration(address or invocation.lake, revision)
    if planned.start is None or planned.start < planned.end:
        raise InvalidInputError(
            f"the tables are at revision {planned.start}, not later than {planned.end}: `lineageflow db "
            f"upgrade --to {planned.end}` goes forward"
        )
    if planned.steps and not (dry_run or sql or yes):
        if not invocation.output.can_ask:
            raise InvalidInputError(
                "this loses what only later versions know, and there is nobody to ask: nothing changed; look "
                "with --dry-run, or say --yes"
            )
        if not invocation.output.confirm(f"Take back {cells.plural(len(planned.steps), 'revision')}?"):
            raise typer.Abort
    _migrate(invocation, address or invocation.lake, planned, dry_run=dry_run, sql=sql)


def _migrate(invocation: Invocation, lake: str, planned: Any, *, dry_run: bool, sql: bool) -> None:
    output = invocation.output
    if sql:
        output.document({"sql": planned.sql})
        output.text(planned.sql)
        return
    if not dry_run:
        planned = _upgrades().migrate(lake, planned.end)
    output.document(planned)
    output.table(_COLUMNS, (_row(step) for step in planned.steps))
    if not planned.steps:
        output.note(f"nothing to do: the tables are at revision {planned.end}")
    elif dry_run:
        output.note("nothing changed yet")
    else:
        output.note(f"the tables are at revision {planned.end}")


def _show(invocation: Invocation, status: Any) -> None:
    invocation.output.card(
        [
            ("lake", cells.text(status.lake)),
            ("revision", cells.text(status.revision or "no lake yet")),
            ("newest", cells.text(status.newest)),
            ("pending", cells.count(len(status.pending))),
            ("format", cells.count(status.format)),
            ("needs", cells.text(status.needs)),
        ]
    )
    if status.pending:
        invocation.output.note(f"`lineageflow db upgrade {status.lake}` brings them to {status.newest}")


def _row(step: Any) -> tuple[cells.Cell, ...]:
    effect = "work on" if step.is_additive else "refuse the lake"
    return cells.text(step.revision, "id"), cells.text(step.summary), cells.text(effect)


def _upgrades() -> Any:
    """Returns what looks after tables. The core does not depend on the server: it is there or not."""
    try:
        return import_module(_UPGRADES)
    except ModuleNotFoundError as error:
        if not _UPGRADES.startswith(error.name or "?"):
            raise  # something that the server needs is broken
        raise InvalidInputError(
            "databases are not supported here; `pip install 'lineageflow-core[sql]'` brings them"
        ) from None
