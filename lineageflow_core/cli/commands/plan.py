"""`plan`: plans that were made, what they say, and carrying one out."""

from collections.abc import Sequence
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, LimitOption, MessageOption, YesOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.plan_view import DecideOption, carry_out, decisions_of, show_plan
from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.page import every
from lineageflow_core.model.plan import RollbackPlan

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help="A plan's id.", show_default=False)]
_COLUMNS = (
    Column(name="plan"),
    Column(name="when"),
    Column(name="state"),
    Column(name="branch"),
    Column(name="changes", right=True),
    Column(name="target", shrinks=True),
)


def list_plans(invocation: Invocation, limit: LimitOption = 30) -> None:
    """List plans, newest first."""
    repository = invocation.places.repository
    found = every(
        lambda after, limit: invocation.catalog.plans.list_plans(repository, after=after, limit=limit)
    )
    invocation.output.listing(found, _COLUMNS, _row, most=most_of(limit))


def show_a_plan(invocation: Invocation, plan: PlanArgument) -> None:
    """Show what a plan does, and how far it has come."""
    found = invocation.catalog.plans.get_plan(_id(plan))
    show_plan(invocation, found)
    invocation.output.document(found)


def apply_plan(
    invocation: Invocation,
    plan: PlanArgument,
    decide: DecideOption = None,
    yes: YesOption = False,
    message: MessageOption = None,
    author: AuthorOption = None,
) -> None:
    """Carry a plan out, or the rest of it."""
    found = invocation.catalog.plans.get_plan(_id(plan))
    show_plan(invocation, found)
    carry_out(invocation, found, yes=yes, author=author, message=message, decisions=decisions_of(decide))


def _id(text: str) -> PlanId:
    return PlanId(text.removeprefix("plan:"))


def _row(plan: RollbackPlan) -> Sequence[cells.Cell]:
    return (
        cells.text(plan.id, "id"),
        cells.when(plan.created_at),
        cells.text(plan.state.value),
        cells.text(plan.branch, "ref"),
        cells.count(sum(item.changes for item in plan.items)),
        cells.text(plan.target, "name"),
    )
