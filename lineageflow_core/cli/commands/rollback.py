"""`rollback`: back to clean data, planned and shown before anything happens."""

from collections.abc import Sequence
from typing import Annotated

import typer

from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, BranchOption, DryRunOption, MessageOption, YesOption
from lineageflow_core.cli.plan_view import DecideOption, apply_command, carry_out, decisions_of, show_plan
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.plan import PlanDecision, RollbackPlan, RollbackReach, RollbackScope

_PLAN = "plan:"
_UNDO = "undo"


def rollback(
    invocation: Invocation,
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET...",
            help="What is bad: runs, addresses of versions, @COMMIT, ranges like v1.. ; or plan:ID, from a "
            "dry run; or 'undo PLAN'.",
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
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="REF", help="Where a dataset goes back to.", show_default=False),
    ] = None,
    all_branches: Annotated[
        bool, typer.Option("--all-branches", help="On every branch that holds something bad.")
    ] = False,
    decide: DecideOption = None,
    branch: BranchOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    message: MessageOption = None,
    author: AuthorOption = None,
) -> None:
    """Put back what a bad run poisoned, or undo that.

    Every dataset that it wrote, and everything derived from those, in any repository, goes back to its last
    clean version, as one commit on each branch. The plan is shown first.
    """
    decisions = decisions_of(decide)
    if targets[0] == _UNDO or targets[0].startswith(_PLAN):
        plan = _named(invocation, targets, decisions)
    else:
        scope = RollbackScope.DESCENDANTS if descendants else RollbackScope.OUTPUTS
        reach = RollbackReach.ALL_BRANCHES if all_branches else RollbackReach.BRANCH
        repository, meant = _targets(invocation, targets)
        plan = invocation.catalog.plans.plan_rollback(
            repository,
            meant,
            branch=branch,
            scope=scope,
            reach=reach,
            outputs=tuple(outputs or ()),
            to=to,
            decisions=decisions,
        )
        decisions = {}
    show_plan(invocation, plan)
    if dry_run and any(item.changes for item in plan.items):
        invocation.output.document(plan)
        invocation.output.note(f"nothing changed yet; apply: {apply_command(invocation, plan)}")
        return
    carry_out(invocation, plan, yes=yes, author=author, message=message, decisions=decisions)


def _named(
    invocation: Invocation, targets: Sequence[str], decisions: dict[str, PlanDecision]
) -> RollbackPlan:
    """Returns the plan that is named, or one that undoes it."""
    *undo, name = targets
    plan = PlanId(name.removeprefix(_PLAN))
    plans = invocation.catalog.plans
    if undo == [_UNDO]:
        undoing = plans.plan_undo(plan, decisions=decisions)
        decisions.clear()
        return undoing
    if undo or name == _UNDO:
        raise InvalidInputError("name one plan: 'rollback undo PLAN' or 'rollback plan:ID'")
    return plans.get_plan(plan)


def _targets(invocation: Invocation, texts: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Returns the repository that targets are in, and the targets as the catalog takes them."""
    places = invocation.places
    found = [_target(invocation, text) for text in texts]
    repositories = {repository for repository, _ in found if repository is not None}
    if len(repositories) > 1:
        raise InvalidInputError(
            f"{', '.join(texts)} are in different repositories; name those of one, or -R NAME"
        )
    return (repositories or {places.repository}).pop(), tuple(target for _, target in found)


def _target(invocation: Invocation, text: str) -> tuple[str | None, str]:
    """Returns the repository that a target names, if it does, and the target."""
    places = invocation.places
    if ".." in text and not text.startswith(("lf://", "version:")):
        start, _, end = text.partition("..")
        repository, ref = places.ref(start)
        return repository, f"{ref}..{places.ref_in(repository, end) if end else ''}"
    if text.startswith("@") and "/" not in text:
        return places.ref(text[1:])
    node = places.node(text)
    return (None if node.startswith("run:") else places.repository_of(node)), node
