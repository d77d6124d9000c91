"""The words of OpenLineage that both sides use: kinds of events, names of facets.

Source: the OpenLineage specification, core 2-0-2 (https://openlineage.io/docs/spec/object-model).
"""

from enum import StrEnum
from functools import cache
from typing import Final

from lineageflow_core.model.run import RunState


class EventType(StrEnum):
    """What an event says about its run."""

    START = "START"
    RUNNING = "RUNNING"
    OTHER = "OTHER"
    """More about the run, at any time, without saying where it stands."""
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"

    @property
    def state(self) -> RunState:
        """Where the run stands once this is the last that was heard of it."""
        return _STATES.get(self, RunState.RUNNING)

    @property
    def is_final(self) -> bool:
        return self in _STATES

    @property
    def rank(self) -> int:
        """Breaks ties between events of one instant: in the order above, the worst news last."""
        return _RANKS[self]


_RANKS: Final = {each: place for place, each in enumerate(EventType)}
_STATES: Final = {
    EventType.COMPLETE: RunState.COMPLETED,
    EventType.ABORT: RunState.ABORTED,
    EventType.FAIL: RunState.FAILED,
}


class Facet(StrEnum):
    """The facets that are read or written, by their key in an event."""

    PARENT = "parent"
    ERROR = "errorMessage"
    PROCESSING_ENGINE = "processing_engine"
    ENVIRONMENT_VARIABLES = "environmentVariables"
    PARAMETERS = "executionParameters"
    CODE = "sourceCodeLocation"
    OWNERSHIP = "ownership"
    DOCUMENTATION = "documentation"
    TAGS = "tags"
    SCHEMA = "schema"
    TYPE = "datasetType"
    VERSION = "version"
    SUBSET = "subset"
    INPUT_STATISTICS = "inputStatistics"
    OUTPUT_STATISTICS = "outputStatistics"
    ASSERTIONS = "dataQualityAssertions"
    METRICS = "dataQualityMetrics"
    TEST = "test"
    SYMLINKS = "symlinks"
    JOB_TYPE = "jobType"
    DEPENDENCIES = "jobDependencies"
    LINEAGE = "lineage"
    COLUMN_LINEAGE = "columnLineage"
    OUR_COMMIT = "lineageflow_commit"
    """Ours: the exact content that was read or written, and the commit that it is in."""
    OUR_DATA_BRANCH = "lineageflow_data_branch"
    """Ours: the branches that a run wrote to, and its commits there."""
    OUR_ENVIRONMENT = "lineageflow_environment"
    """Ours: what the run ran on. `environmentVariables` is for variables, which these are not."""


SPECIFICATION: Final = "https://lineageflow.dev/spec/facets"
"""Where the schemas of our facets are published, each under its own version, never changed after. The files
are `schemas/*.json` beside this module."""


@cache
def producer() -> str:
    """Returns the URI that names this version of LineageFlow as the maker of an event."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"https://lineageflow.dev/core/{version('lineageflow-core')}"
    except PackageNotFoundError:  # imported from a source tree
        return "https://lineageflow.dev/core/unknown"
