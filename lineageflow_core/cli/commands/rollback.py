"""`rollback`: back to clean data, planned and shown before anything happens."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, BranchOption, DryRunOption, MessageOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.plan import PlanAction, PlanItem, PlanState, RollbackPlan, RollbackScope

_PLAN = "plan:"
_COLUMNS = (
    Column(name="action"),
    Column(name="dataset"),
    Column(name="partition"),
    Column(name="bad"),
    Column(name="good"),
    Column(name="why"),
    Column(name="degree", right=True),
    Column(name="made by"),
    Column(name="run"),
)
_ACTIONS = {
    PlanAction.RESTORE: ("↺", "ok"),
    PlanAction.REMOVE: ("✕", "failed"),
    PlanAction.KEEP: ("·", "dim"),
}


def rollback(
    invocation: Invocation,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="What is bad: a run, or the address of a version. Or plan:ID, from a dry run.",
            show_default=False,
        ),
    ],
    descendants: Annotated[
        bool,
        typer.Option(
            "--descendants/--outputs-only", help="With everything derived from it, or only what it wrote."
        ),
    ] = True,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            metavar="DATASET",
            help="Only this output of the run was bad. May be repeated.",
            show_default=False,
        ),
    ] = None,
    branch: BranchOption = None,
    dry_run: DryRunOption = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    message: MessageOption = None,
    author: AuthorOption = None,
) -> None:
    """Put back what a bad run poisoned.

    Every dataset that it wrote, and everything derived from those, goes back to its last clean version, as
    one commit. The plan is shown first.
    """
    if target.startswith(_PLAN):
        plan = invocation.catalog.plans.get_plan(PlanId(target.removeprefix(_PLAN)))
    else:
        scope = RollbackScope.DESCENDANTS if descendants else RollbackScope.OUTPUTS
        plan = _plan(invocation, target, scope, tuple(outputs or ()), branch)
    output = invocation.output
    _show(invocation, plan)
    apply = invocation.command("rollback", _PLAN + plan.id, "--yes")
    if plan.state is PlanState.APPLIED:
        output.document(plan)
        output.note(f"applied already, as commit {(plan.commit or '')[: cells.SHORT]}")
        return
    if all(item.action is PlanAction.KEEP for item in plan.items):
        output.document(plan)
        output.note(f"nothing to undo: {plan.branch} holds nothing that is bad")
        return
    if dry_run:
        output.document(plan)
        output.note(f"nothing changed yet; apply: {apply}")
        return
    if not yes:
        _ask(invocation, plan, apply)
    applied = invocation.catalog.plans.apply_plan(plan.id, author=invocation.author(author), message=message)
    assert applied.commit is not None  # it is applied
    output.document(applied)
    output.line(
        cells.short_id(applied.commit),
        cells.text(applied.branch, "ref"),
        cells.text(f"roll back {plan.target}"),
    )
    output.note(f"undo: {invocation.command('revert', applied.commit, '--branch', applied.branch)}")


def _plan(
    invocation: Invocation, target: str, scope: RollbackScope, outputs: tuple[str, ...], branch: str | None
) -> RollbackPlan:
    places = invocation.places
    node = places.node(target)
    return invocation.catalog.plans.plan_rollback(
        places.repository_of(node), node, branch=branch, scope=scope, outputs=outputs
    )


def _ask(invocation: Invocation, plan: RollbackPlan, apply: str) -> None:
    """Returns if a person says yes; raises typer.Abort if not, InvalidInputError if nobody can be asked."""
    output = invocation.output
    if not output.can_ask:
        output.document(plan)
        raise InvalidInputError(
            f"this changes {plan.branch}, and there is nobody to ask: nothing changed. Apply the plan with "
            f"`{apply}`, or look first with --dry-run",
            plan=plan.id,
        )
    if not output.confirm(f"Apply this to {plan.branch} as one commit?"):
        raise typer.Abort


def _show(invocation: Invocation, plan: RollbackPlan) -> None:
    output = invocation.output
    output.card(
        [
            ("plan", cells.text(plan.id, "id")),
            ("target", cells.text(plan.target, "name")),
            ("branch", cells.text(plan.branch, "ref")),
            ("tip", cells.short_id(plan.head)),
            ("scope", cells.text(plan.scope.value)),
            ("does", _counts(plan.items)),
        ]
    )
    output.table(_COLUMNS, (_row(item) for item in plan.items), section="items")


def _counts(items: Sequence[PlanItem]) -> cells.Cell:
    counts = Counter(item.action for item in items)
    return cells.joined(
        cells.marked(*_ACTIONS[action], f"{action.value} {counts[action]}")
        for action in PlanAction
        if counts[action]
    )


def _row(item: PlanItem) -> Sequence[cells.Cell]:
    return (
        cells.marked(*_ACTIONS[item.action], item.action.value),
        cells.text(item.dataset, "name"),
        cells.text(item.partition),
        cells.short_id(item.bad, "bad" if item.action is not PlanAction.KEEP else "id"),
        _good(item),
        cells.text(item.reason.value.replace("_", " ")),
        cells.count(item.degree),
        cells.text(item.job),
        cells.short_id(item.produced_by, "run"),
    )


def _good(item: PlanItem) -> cells.Cell:
    """Returns what is put back."""
    if item.action is PlanAction.KEEP:
        return cells.text(None)
    good = (item.good[: cells.SHORT], "good") if item.good else ("nothing", "dim")
    return cells.Cell(item.good or "", (("→ ", "dim"), good))
