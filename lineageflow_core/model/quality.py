"""What tests and measurements say of the data of one version."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.run import Run


class Outcome(StrEnum):
    """What became of a test."""

    PASSED = "passed"
    FAILED = "failed"
    """An error: data that cannot be trusted."""
    WARNED = "warned"
    """It found something, and is configured to warn only."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One test and its result, from the facets dataQualityAssertions and test."""

    assertion: str
    """What kind of test it is: not_null, unique, row_count, ..."""
    outcome: Outcome
    name: str | None = None
    column: str | None = None
    """None: it is about the whole dataset."""
    severity: str | None = None
    """As it is configured, mostly `error` or `warn`; None is taken for `error`."""
    expected: str | None = None
    actual: str | None = None
    description: str | None = None
    content: str | None = None
    """The test itself: SQL, or an expression."""
    params: dict[str, Any] = field(default_factory=dict)
    """What else the test was given, by name."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells one test of a version from its others: a later result of it takes its place."""
        return self.assertion, self.column or "", self.name or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """What was counted of a version: dataQualityMetrics, inputStatistics and outputStatistics."""

    rows: int | None = None
    bytes: int | None = None
    files: int | None = None
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By column, as the facet has it: nullCount, distinctCount, min, max, quantiles, ..."""


class Verdict(StrEnum):
    """What came of all tests of one dataset by one run."""

    FAILED = "failed"
    """One at least failed as an error."""
    PASSED = "passed"
    """None did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What one run found out about a dataset that it wrote or read."""

    dataset: DatasetName
    versions: tuple[Version, ...]
    """What it wrote or read of it: several where that were partitions."""
    run: Run
    written: bool
    """False: it read them."""
    assertions: tuple[Assertion, ...] = ()
    measurements: Measurements | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tested:
    """A run tested or measured a dataset that it wrote or read."""

    run_id: RunId
    dataset: DatasetName
    written: bool
    failed: bool
    """A test failed as an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """Whether a version is bad, or made of something bad."""

    version: Version
    tainted: bool
    causes: tuple[Quality, ...] = ()
    """Tests that failed, on the version itself or upstream, and that no later result of them took back."""
    is_complete: bool = True
    """False: there is more upstream than was looked at."""
