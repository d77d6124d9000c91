"""`lineage prune`: what is too old to keep of events and runs."""

import re
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import DryRunOption, YesOption
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError, StateError
from lineageflow_core.model.pruning import KeptBecause, Pruned, PruningPlan

_DAYS = {"": 1, "d": 1, "w": 7, "y": 365}
_AGE = re.compile(r"([0-9]{1,6})([dwy]?)")
_COLUMNS = (Column(name="number", right=True), Column(name="of"), Column(name="what"), Column(name="why"))
_REASONS = {
    KeptBecause.GOING: "a run of it has not ended, or was heard of since",
    KeptBecause.LAST: "it wrote one of the last versions of a dataset",
    KeptBecause.HELD: "what a branch, tag, draft, plan or quarantine holds was made of what it wrote",
    KeptBecause.READ: "a run that stays read what it wrote, without naming the version",
}


def prune_lineage(
    invocation: Invocation,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="Pipelines that ended before that: 90d, 12w or 2y.",
            show_default=False,
        ),
    ],
    keep_last: Annotated[
        int,
        typer.Option(
            "--keep-last", min=0, metavar="N", help="Not those that wrote the last N versions of a dataset."
        ),
    ] = 0,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Remove old events and runs, but nothing that what is held now was made of.

    What stays says the same as before. What goes, goes for good.
    """
    days, events, output = _days(older_than), invocation.catalog.events, invocation.output
    plan = events.plan_pruning(older_than_days=days, keep_last=keep_last)
    if dry_run:
        output.document(plan)
    output.table(_COLUMNS, _rows(plan))
    if dry_run:
        output.note("nothing changed yet")
        return
    if (plan.pipelines or plan.events) and not yes:
        what = f"{cells.plural(plan.runs, 'run')} and {cells.plural(plan.events, 'other event')}"
        if not output.can_ask:
            raise StateError(f"this removes {what} for good: say --yes if it shall")
        if not output.confirm(f"Remove {what} for good?"):
            raise StateError("nothing was removed")
    pipelines = runs = others = 0
    more = True
    with output.waiting("pruning"):
        while more:
            done = events.prune(older_than_days=days, keep_last=keep_last)
            pipelines, runs, others = pipelines + done.pipelines, runs + done.runs, others + done.events
            more = done.more
    output.document(Pruned(pipelines=pipelines, runs=runs, events=others, more=False))
    output.note(
        f"{cells.plural(runs, 'run')} of {cells.plural(pipelines, 'pipeline')} and "
        f"{cells.plural(others, 'other event')} removed"
    )


def _days(age: str) -> int:
    match = _AGE.fullmatch(age)
    if match is None:
        raise InvalidInputError(f"--older-than {age[:100]!r} is no age; write 90d, 12w or 2y")
    return int(match[1]) * _DAYS[match[2]]


def _rows(plan: PruningPlan) -> list[tuple[cells.Cell, ...]]:
    before = f"before {plan.before:%Y-%m-%d %H:%M}"
    told = [
        (plan.pipelines, "pipelines", "go", f"ended {before}, with {cells.plural(plan.runs, 'run')}"),
        *((kept.count, "pipelines", "stay", _REASONS[kept.because]) for kept in plan.kept),
        (plan.events, "events", "go", f"came {before}, and are about no run"),
    ]
    return [(cells.count(number), *map(cells.text, words)) for number, *words in told]
