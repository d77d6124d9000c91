"""Tests and measurements of data, as facets tell them.

Source: https://openlineage.io/docs/spec/facets (dataQualityAssertions 1-1-0, dataQualityMetrics 1-0-3, test
1-0-1). They are of a dataset that a run read or wrote; the `test` facet is of a run, and counts for all that
it read, or where it read nothing, for all that it wrote.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lineageflow_core.model.json_values import as_object, as_objects
from lineageflow_core.model.quality import Assertion, Measurements, Outcome
from lineageflow_core.openlineage.parse import parse_text
from lineageflow_core.openlineage.vocabulary import Facet

QUALITY_FACETS = frozenset({Facet.ASSERTIONS, Facet.METRICS})
"""Of a dataset; that it also has counts of rows is usual, and does not make it tested."""

_STATUS = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}
_WARNS = frozenset({"warn", "warning", "info"})
_LARGEST = (1 << 63) - 1


def assertions(facets: Mapping[str, Any]) -> Iterator[Assertion]:
    """Yields the tests of one dataset, from its facets."""
    for each in as_objects(as_object(facets.get(Facet.ASSERTIONS)).get("assertions")):
        success = each.get("success")
        if isinstance(success, bool):
            outcome = Outcome.PASSED if success else Outcome.FAILED
            yield _assertion(each, outcome, kind=parse_text(each.get("assertion")) or "")


def run_tests(facets: Mapping[str, Any]) -> Iterator[Assertion]:
    """Yields the tests that a run tells of, from its facets."""
    for each in as_objects(as_object(facets.get(Facet.TEST)).get("tests")):
        outcome = _STATUS.get(str(each.get("status")).lower())
        if outcome is not None:
            yield _assertion(each, outcome, kind=parse_text(each.get("type")) or "")


def measurements(facets: Mapping[str, Any]) -> Measurements | None:
    """Returns what was counted of one dataset, from its facets; None if nothing was."""
    metrics = as_object(facets.get(Facet.METRICS))
    statistics = [as_object(facets.get(key)) for key in (Facet.OUTPUT_STATISTICS, Facet.INPUT_STATISTICS)]
    found = Measurements(
        rows=_count(*(each.get("rowCount") for each in (*statistics, metrics))),
        bytes=_count(*(each.get(name) for each in (*statistics, metrics) for name in ("size", "bytes"))),
        files=_count(*(each.get("fileCount") for each in (*statistics, metrics))),
        columns={
            name: dict(said)
            for column, said in as_object(metrics.get("columnMetrics")).items()
            if (name := parse_text(column)) and isinstance(said, Mapping)
        },
    )
    return None if found == Measurements() else found


def _assertion(said: Mapping[str, Any], outcome: Outcome, *, kind: str) -> Assertion:
    severity = parse_text(said.get("severity"))
    if outcome is Outcome.FAILED and severity is not None and severity.lower() in _WARNS:
        outcome = Outcome.WARNED
    return Assertion(
        assertion=kind or parse_text(said.get("name")) or "test",
        outcome=outcome,
        severity=severity,
        params=dict(as_object(said.get("params"))),
        **{
            name: parse_text(said.get(name))
            for name in ("name", "column", "expected", "actual", "description", "content")
        },
    )


def _count(*values: object) -> int | None:
    return next(
        (each for each in values if type(each) is int and 0 <= each <= _LARGEST),
        None,
    )
