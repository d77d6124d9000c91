"""`dataset` and `search`: what events name, wherever it lies."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.facet_rows import FACET_COLUMNS, facet_rows
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import LimitOption, NodeArgument, most_of
from lineageflow_core.cli.output import Column
from lineageflow_core.cli.versions import version_cell
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.known import (
    ColumnChange,
    DatasetDetails,
    DatasetVersion,
    KnownColumn,
    KnownDataset,
    VersionState,
)
from lineageflow_core.model.page import every
from lineageflow_core.model.quality import Assertion, Outcome, Quality, Taint, Verdict
from lineageflow_core.model.search import Found

NamespaceArgument = Annotated[
    str, typer.Argument(metavar="NAMESPACE", help="As events have it: s3://lake.", show_default=False)
]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="As events have it, in the namespace.", show_default=False)
]
NamespaceOption = Annotated[
    str | None,
    typer.Option("--namespace", metavar="NAMESPACE", help="Only what is in it.", show_default=False),
]
_COLUMNS = (
    Column(name="namespace"),
    Column(name="dataset"),
    Column(name="type"),
    Column(name="versions", right=True),
    Column(name="written"),
    Column(name="read"),
)
_FIELD_COLUMNS = (Column(name="column"), Column(name="type"), Column(name="description", shrinks=True))
_VERSION_COLUMNS = (
    Column(name="version"),
    Column(name="partition"),
    Column(name="state"),
    Column(name="when"),
    Column(name="job"),
    Column(name="run"),
    Column(name="code"),
    Column(name="rows", right=True),
    Column(name="tests"),
    Column(name="columns", shrinks=True),
)
_TEST_COLUMNS = (
    Column(name="dataset"),
    Column(name="version"),
    Column(name="test"),
    Column(name="column"),
    Column(name="outcome"),
    Column(name="expected"),
    Column(name="actual"),
    Column(name="run"),
)
_TAINT_COLUMNS = (Column(name="version"), Column(name="state"), Column(name="because of"))
_FOUND_COLUMNS = (
    Column(name="kind"),
    Column(name="namespace"),
    Column(name="name"),
    Column(name="type"),
    Column(name="when"),
)
_MARKS = {
    VersionState.COMMITTED: ("✓", "ok"),
    VersionState.PENDING: ("…", "running"),
    VersionState.DIRTY: ("✗", "failed"),
    VersionState.PLACEHOLDER: ("?", "dim"),
}
_OUTCOMES = {
    Outcome.PASSED: ("✓", "ok"),
    Outcome.FAILED: ("✗", "failed"),
    Outcome.WARNED: ("!", "warning"),
    Outcome.SKIPPED: ("-", "dim"),
}
_SIGNS = {DiffKind.ADDED: "+", DiffKind.REMOVED: "-", DiffKind.CHANGED: "~"}


def list_datasets(invocation: Invocation, namespace: NamespaceOption = None, limit: LimitOption = 30) -> None:
    """List the datasets that events name, by namespace and name."""
    known = invocation.catalog.datasets
    found = every(
        lambda after, size: known.list_known_datasets(namespace=namespace, after=after, limit=size),
        most=limit + 1 if limit else None,
    )
    invocation.output.listing(found, _COLUMNS, _row, most=most_of(limit))


def show_dataset(invocation: Invocation, namespace: NamespaceArgument, name: NameArgument) -> None:
    """Show a dataset: its names, columns, and the last word on each facet."""
    found = invocation.catalog.datasets.get_known_dataset(namespace, name)
    output = invocation.output
    output.document(found)
    output.card(_facts(found))
    output.table(_FIELD_COLUMNS, map(_field_row, found.columns), section="columns")
    output.table(FACET_COLUMNS, facet_rows(found.facets), section="facets")


def list_versions(
    invocation: Invocation,
    namespace: NamespaceArgument,
    name: NameArgument,
    partition: Annotated[
        str | None, typer.Option("--partition", metavar="NAME", help="Only this one.", show_default=False)
    ] = None,
    limit: LimitOption = 30,
) -> None:
    """List what was written of a dataset, newest first: by whom, and which columns changed."""
    known = invocation.catalog.datasets
    found = every(
        lambda after, size: known.list_dataset_versions(
            namespace, name, partition=partition, after=after, limit=size
        ),
        most=limit + 1 if limit else None,
    )
    invocation.output.listing(found, _VERSION_COLUMNS, _version_row, most=most_of(limit))


def list_quality(
    invocation: Invocation,
    namespace: Annotated[
        str | None,
        typer.Argument(metavar="NAMESPACE", help="Of a dataset; else of all.", show_default=False),
    ] = None,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Of a dataset.", show_default=False)
    ] = None,
    verdict: Annotated[
        Verdict | None,
        typer.Option("--verdict", help="Only where a test failed, or where none did.", show_default=False),
    ] = None,
    limit: LimitOption = 30,
) -> None:
    """List the results of tests on data, newest first."""
    known = invocation.catalog.datasets
    found = every(
        lambda after, size: known.list_quality(
            namespace=namespace, name=name, verdict=verdict, after=after, limit=size
        ),
        most=limit or None,
    )
    output = invocation.output
    if output.json:
        output.document(tuple(found))
        return
    rows = (_test_row(quality, each) for quality in found for each in quality.assertions)
    output.table(_TEST_COLUMNS, rows)


def show_taint(invocation: Invocation, node: NodeArgument) -> None:
    """Tell whether a version is bad, or made of what failed a test."""
    found = invocation.catalog.datasets.get_taint(invocation.places.node(node))
    home = invocation.places.home
    invocation.output.listing(found, _TAINT_COLUMNS, lambda each: _taint_row(each, home))


def search(
    invocation: Invocation,
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="TERM...",
            help="orders owner:ada tag:pii column:email kind:model based_on:raw state:failed age:<10d",
            show_default=False,
        ),
    ],
    limit: LimitOption = 30,
) -> None:
    """Find datasets and jobs by names, columns, tags, owners and facets."""
    text = " ".join(map(_quoted, query))
    if not text.strip():
        raise InvalidInputError("nothing is looked for; `lineageflow dataset list` lists all datasets")
    known = invocation.catalog.datasets
    found = every(
        lambda after, size: known.search(text, after=after, limit=size),
        most=limit + 1 if limit else None,
    )
    invocation.output.listing(found, _FOUND_COLUMNS, _found_row, most=most_of(limit))


def _quoted(term: str) -> str:
    """Puts a term that the shell kept together into quotes, behind its field: spaces are part of it."""
    if '"' in term or not any(character.isspace() for character in term):
        return term
    field, colon, value = term.partition(":")
    is_field = bool(colon) and not any(character.isspace() for character in field)
    return f'{field}:"{value}"' if is_field else term


def _row(found: KnownDataset) -> Sequence[cells.Cell]:
    return (
        cells.text(found.name.namespace, "dim"),
        cells.text(found.name.name, "name"),
        cells.text(found.dataset_type.lower() if found.dataset_type else None, "dim"),
        cells.count(found.versions),
        cells.when(found.written_at),
        cells.when(found.read_at),
    )


def _facts(found: DatasetDetails) -> Iterator[tuple[str, cells.Cell]]:
    known = found.known
    yield "dataset", cells.text(known.name.name, "name")
    yield "namespace", cells.text(known.name.namespace)
    yield "names", cells.joined(cells.text(f"{each.namespace}/{each.name}") for each in found.names[1:])
    yield "type", cells.text(known.dataset_type.lower() if known.dataset_type else None)
    yield "versions", cells.count(known.versions)
    yield "current", cells.text(known.current.version if known.current else None, "id")
    yield "written", cells.instant(known.written_at)
    yield "read", cells.instant(known.read_at)


def _field_row(column: KnownColumn) -> Sequence[cells.Cell]:
    return cells.text(column.name, "name"), cells.text(column.type, "dim"), cells.text(column.description)


def _version_row(found: DatasetVersion) -> Sequence[cells.Cell]:
    run = found.run
    failed = sum(each.outcome is Outcome.FAILED for some in found.quality for each in some.assertions)
    tests = sum(len(each.assertions) for each in found.quality)
    return (
        cells.text(found.version.version, "id"),
        cells.text(found.version.partition),
        cells.marked(*_MARKS[found.state], found.state.value),
        cells.when(found.at),
        cells.text(run.job.name if run else None, "name"),
        cells.short_id(run.id if run else None, "run"),
        cells.code(run.code if run else None),
        cells.count(found.measurements.rows if found.measurements else None),
        cells.text(f"{failed} of {tests} failed" if tests else None, "failed" if failed else "ok"),
        cells.joined(map(_change, found.changes)),
    )


def _change(change: ColumnChange) -> cells.Cell:
    types = [each.type or "?" for each in (change.left, change.right) if each is not None]
    return cells.text(f"{_SIGNS[change.kind]}{change.name} {' to '.join(types)}")


def _test_row(quality: Quality, test: Assertion) -> Sequence[cells.Cell]:
    return (
        cells.text(f"{quality.dataset.namespace}/{quality.dataset.name}", "name"),
        cells.joined(cells.text(each.version, "id") for each in quality.versions),
        cells.text(test.name or test.assertion, "name"),
        cells.text(test.column),
        cells.marked(*_OUTCOMES[test.outcome], test.outcome.value),
        cells.text(test.expected),
        cells.text(test.actual),
        cells.short_id(quality.run.id, "run"),
    )


def _taint_row(found: Taint, home: str | None) -> Sequence[cells.Cell]:
    state = cells.marked("⊘", "tainted", "tainted") if found.tainted else cells.marked("✓", "ok", "clean")
    return (
        version_cell(found.version, home),
        state,
        cells.joined(
            cells.text(f"{each.dataset.name}: {test.name or test.assertion}")
            for each in found.causes
            for test in each.assertions
        ),
    )


def _found_row(found: Found) -> Sequence[cells.Cell]:
    dataset, job = found.dataset, found.job
    if dataset is not None:
        named, type_, at = dataset.name, dataset.dataset_type, dataset.written_at
        return (*_found(found, named.namespace, named.name, type_), cells.when(at))
    assert job is not None
    at = job.latest.started_at if job.latest else None
    return (*_found(found, job.job.namespace, job.job.name, None), cells.when(at))


def _found(found: Found, namespace: str, name: str, type_: str | None) -> Sequence[cells.Cell]:
    return (
        cells.text(found.kind.value, "dim"),
        cells.text(namespace, "dim"),
        cells.text(name, "name"),
        cells.text(type_.lower() if type_ else None, "dim"),
    )
