"""LineageFlow for Dagster: every run a transaction, every asset an exact version."""

from lineageflow_dagster.bounds import INTO_TAG, REF_TAG
from lineageflow_dagster.definitions import with_lineageflow
from lineageflow_dagster.executor import lineageflow_executor, publishing
from lineageflow_dagster.io_manager import LineageFlowIOManager
from lineageflow_dagster.resource import LineageFlowResource
from lineageflow_dagster.versioned import versioned

__all__ = [
    "INTO_TAG",
    "REF_TAG",
    "LineageFlowIOManager",
    "LineageFlowResource",
    "lineageflow_executor",
    "publishing",
    "versioned",
    "with_lineageflow",
]
