"""Plans in words: what a plan would do, and the question before it does."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.plan import (
    PlanAction,
    PlanDecision,
    PlanItem,
    PlanReason,
    PlanState,
    RollbackPlan,
)

DecideOption = Annotated[
    list[str] | None,
    typer.Option(
        "--decide",
        metavar="PATH=CHOICE",
        help="What becomes of one dataset or partition: keep-later, restore or skip. May be repeated.",
        show_default=False,
    ),
]
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
    Column(name="type"),
)
_MORE_COLUMNS = (Column(name="repository"), Column(name="branch"))
_LATER_COLUMNS = (
    Column(name="dataset"),
    Column(name="partition"),
    Column(name="commit"),
    Column(name="author"),
    Column(name="message", shrinks=True),
)
_ACTIONS = {
    PlanAction.RESTORE: ("↺", "ok"),
    PlanAction.MERGE: ("⇄", "ok"),
    PlanAction.REMOVE: ("✕", "failed"),
    PlanAction.KEEP: ("·", "dim"),
    PlanAction.SKIP: ("⤼", "dim"),
    PlanAction.CANNOT: ("!", "failed"),
}


def decisions_of(texts: Sequence[str] | None) -> dict[str, PlanDecision]:
    """Reads `PATH=CHOICE`. Raises InvalidInputError."""
    found: dict[str, PlanDecision] = {}
    for text in texts or ():
        path, _, choice = text.rpartition("=")
        try:
            found[path] = PlanDecision(choice.replace("-", "_"))
        except ValueError:
            choices = ", ".join(each.value.replace("_", "-") for each in PlanDecision)
            raise InvalidInputError(
                f"{text!r} decides nothing; write PATH=CHOICE, one of {choices}"
            ) from None
    return found


def show_plan(invocation: Invocation, plan: RollbackPlan) -> None:
    """Prints what a plan does, and what came of it so far."""
    output = invocation.output
    output.card(
        [
            ("plan", cells.text(plan.id, "id")),
            ("target", cells.text(plan.target, "name")),
            ("state", cells.text(plan.state.value)),
            ("branch", cells.text(plan.branch, "ref")),
            ("tip", cells.short_id(plan.head)),
            ("scope", cells.text(plan.scope.value)),
            ("does", _counts(plan.items)),
        ]
    )
    is_wide = len(plan.parts) > 1
    output.table(
        _COLUMNS + (_MORE_COLUMNS if is_wide else ()),
        (_row(item, is_wide=is_wide) for item in plan.items),
        section="items",
    )
    later = [
        (
            cells.text(item.dataset, "name"),
            cells.text(item.partition),
            cells.short_id(each.commit),
            cells.text(each.author),
            cells.text(each.message),
        )
        for item in plan.items
        for each in item.later
    ]
    if later:
        output.table(_LATER_COLUMNS, later, section="later work")
    for item in plan.items:
        if item.action is PlanAction.CANNOT:
            output.note(_cannot(item))


def carry_out(
    invocation: Invocation,
    plan: RollbackPlan,
    *,
    yes: bool,
    author: str | None,
    message: str | None,
    decisions: Mapping[str, PlanDecision] = {},
) -> None:
    """Applies a plan that was shown, once a person has said yes.

    Raises typer.Abort if not, InvalidInputError if nobody can be asked.
    """
    output = invocation.output
    if plan.state in {PlanState.APPLIED, PlanState.UNDONE}:
        output.document(plan)
        output.note(f"{plan.state.value} already, as commit {(plan.commit or '')[: cells.SHORT]}")
        return
    if not decisions and not any(item.changes for item in plan.items):
        output.document(plan)
        output.note(f"nothing to undo: {plan.branch} holds nothing that is bad")
        return
    if not yes:
        _ask(invocation, plan)
    applied = invocation.catalog.plans.apply_plan(
        plan.id, author=invocation.author(author), message=message, decisions=decisions
    )
    output.document(applied)
    for part in applied.parts:
        output.line(
            cells.short_id(part.commit),
            cells.text(
                part.branch if part == applied.parts[0] else f"{part.repository} {part.branch}", "ref"
            ),
            cells.text(f"roll back {plan.target}"),
        )
    for item in applied.items:
        if item.reason is PlanReason.CHANGED:
            output.note(f"left as it is: {item.path} has changed on {item.branch} meanwhile")
    if applied.undoes is None:
        output.note(f"undo: {invocation.command('rollback', 'undo', applied.id, '--yes')}")


def apply_command(invocation: Invocation, plan: RollbackPlan) -> str:
    """Returns the command that applies exactly this plan."""
    return invocation.command("plan", "apply", plan.id, "--yes")


def _ask(invocation: Invocation, plan: RollbackPlan) -> None:
    output = invocation.output
    where = ", ".join(
        part.branch if part.repository == plan.repository else f"{part.repository}/{part.branch}"
        for part in plan.parts
    )
    if not output.can_ask:
        output.document(plan)
        raise InvalidInputError(
            f"this changes {where}, and there is nobody to ask: nothing changed. Apply the plan with "
            f"`{apply_command(invocation, plan)}`, or look first with --dry-run",
            plan=plan.id,
        )
    many = "one commit on each" if len(plan.parts) > 1 else "one commit"
    if not output.confirm(f"Apply this to {where} as {many}?"):
        raise typer.Abort


def _counts(items: Iterable[PlanItem]) -> cells.Cell:
    counts = Counter(item.action for item in items)
    return cells.joined(
        cells.marked(*_ACTIONS[action], f"{action.value} {counts[action]}")
        for action in PlanAction
        if counts[action]
    )


def _row(item: PlanItem, *, is_wide: bool) -> Sequence[cells.Cell]:
    row = (
        cells.marked(*_ACTIONS[item.action], item.action.value),
        cells.text(item.dataset, "name"),
        cells.text(item.partition),
        cells.short_id(item.bad, "bad" if item.changes else "id"),
        _good(item),
        cells.text(item.reason.value.replace("_", " ")),
        cells.count(item.degree),
        cells.text(item.job),
        cells.short_id(item.produced_by, "run"),
        cells.text(item.dataset_type.lower() if item.dataset_type else None, "dim"),
    )
    return (*row, cells.text(item.repository), cells.text(item.branch)) if is_wide else row


def _good(item: PlanItem) -> cells.Cell:
    """Returns what is put back."""
    if not item.changes:
        return cells.text(None)
    found = item.result
    good = (found[: cells.SHORT], "good") if found else ("nothing", "dim")
    return cells.Cell(found or "", (("→ ", "dim"), good))


def _cannot(item: PlanItem) -> str:
    tell = f"; tell {', '.join(item.owners)}" if item.owners else ""
    why = "it is outside of this lake" if item.reason is PlanReason.EXTERNAL else "its version is not known"
    what = f"{item.dataset_type.lower()} {item.path}" if item.dataset_type else item.path
    return f"cannot take back {what}: {why}{tell}"
