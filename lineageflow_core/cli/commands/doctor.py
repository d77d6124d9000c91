"""`doctor`: whether what is installed here is configured so that it works."""

import os

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.failures import FAILURE
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.output import Column
from lineageflow_core.doctor import Finding, FindingState, examine_integrations
from lineageflow_core.errors import LineageFlowError
from lineageflow_core.location import VARIABLE

_COLUMNS = (Column(name=""), Column(name="of"), Column(name="what"), Column(name="how it is", shrinks=True))
_MARKS = {
    FindingState.GOOD: ("✓", "ok"),
    FindingState.ADVICE: ("!", "warning"),
    FindingState.WRONG: ("✗", "failed"),
}


def doctor(invocation: Invocation) -> None:
    """Check the configuration, and see the lines that are missing.

    Looks at the lake, where one is named, and lets each installed integration look at its own. Changes
    nothing. Fails if something does not work.
    """
    findings = list(examine_integrations())
    if not findings or invocation.options.lake or os.environ.get(VARIABLE):
        findings.insert(0, _lake(invocation))
    output = invocation.output
    output.document(findings)
    if not output.json:
        output.table(_COLUMNS, (_row(finding) for finding in findings))
        for finding in findings:
            if finding.lines:
                output.line(cells.text(""))
                output.line(cells.text(f"{finding.about}, {finding.name}: {finding.text}"))
                for line in finding.lines:
                    output.line(cells.text(f"    {line}"))
    if any(finding.state is FindingState.WRONG for finding in findings):
        raise typer.Exit(FAILURE)


def _lake(invocation: Invocation) -> Finding:
    try:
        count = len(invocation.catalog.repositories.list_repositories().items)
    except LineageFlowError as error:
        state, text = FindingState.WRONG, error.message
    else:
        state, text = FindingState.GOOD, f"{invocation.shown_lake} answers, with {count} repositories"
    return Finding(about="lake", name="connection", state=state, text=text)


def _row(finding: Finding) -> tuple[cells.Cell, ...]:
    return (
        cells.text(*_MARKS[finding.state]),
        cells.text(finding.about),
        cells.text(finding.name),
        cells.text(finding.text),
    )
