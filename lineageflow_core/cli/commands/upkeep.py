"""`lineage report` and `lineage rebuild`: what lineage lacks, and whether it is what the events say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.failures import FAILURE
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import LimitOption, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.model.gaps import FoundGap, Gap, GapCount
from lineageflow_core.model.page import every

_COUNT_COLUMNS = (Column(name="gap"), Column(name="count", right=True), Column(name="of", right=True))
_GAP_COLUMNS = (Column(name="what"), Column(name="name"), Column(name="for"), Column(name="usually"))
_ALL = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What came of folding all events again."""

    events: int
    differences: tuple[str, ...]
    rebuilt: bool


def report(
    invocation: Invocation,
    gap: Annotated[
        Gap | None, typer.Option("--gap", help="List the gaps of one kind.", show_default=False)
    ] = None,
    limit: LimitOption = 30,
) -> None:
    """Show what lineage lacks: runs without an end, inputs that nobody produced, outputs without columns."""
    upkeep, output = invocation.catalog.upkeep, invocation.output
    if gap is None:
        output.listing(upkeep.count_gaps(), _COUNT_COLUMNS, _count_row)
        return
    found = every(
        lambda after, size: upkeep.list_gaps(gap, after=after, limit=size),
        most=limit + 1 if limit else None,
    )
    output.listing(found, _GAP_COLUMNS, _gap_row, most=most_of(limit))


def rebuild(
    invocation: Invocation,
    verify: Annotated[bool, typer.Option("--verify", help="Compare only, and change nothing.")] = False,
) -> None:
    """Make all facts about lineage anew from the events. Events that come meanwhile wait.

    Exits with 1 where something differed.
    """
    catalog, output = invocation.catalog, invocation.output
    is_here = not (catalog.address or "").startswith(("http://", "https://"))
    ask = catalog.upkeep.verify_lineage if verify else catalog.upkeep.rebuild_lineage
    with output.waiting("folding events"):
        found = ask(most=_ALL) if is_here else ask()
    output.document(Verification(events=found.events, differences=found.differences, rebuilt=not verify))
    output.card(_facts(found.events, found.differences))
    if found.differences:
        raise typer.Exit(FAILURE)


def _facts(events: int, differences: Sequence[str]) -> Iterator[tuple[str, cells.Cell]]:
    yield "events", cells.count(events)
    yield "differences", cells.text(", ".join(differences) or "none", "failed" if differences else "ok")


def _count_row(found: GapCount) -> Sequence[cells.Cell]:
    return (
        cells.text(found.gap.value, "warning" if found.count else ""),
        cells.count(found.count),
        cells.count(found.of),
    )


def _gap_row(found: FoundGap) -> Sequence[cells.Cell]:
    if found.run is not None:
        return (
            cells.text(found.run.id, "run"),
            cells.text(found.run.job.name, "failed" if found.overdue else "name"),
            cells.text(_seconds(found.seconds)),
            cells.text(_seconds(found.usual_seconds)),
        )
    assert found.dataset is not None
    name = found.dataset.name
    return (
        cells.text(name.namespace, "dim"),
        cells.text(name.name, "name"),
        cells.text(None),
        cells.text(None),
    )


def _seconds(number: float | None) -> str | None:
    return None if number is None else f"{number:.0f} s"
