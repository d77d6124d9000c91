"""LineageFlow for Dagster: every run a transaction, every asset an exact version."""

from lineageflow_dagster.bounds import INTO_TAG, REF_TAG
from lineageflow_dagster.definitions import with_lineageflow
from lineageflow_dagster.executor import lineageflow_executor, publishing
from lineageflow_dagster.io_manager import LineageFlowIOManager
from lineageflow_dagster.pipes import pipes_env, pipes_extras
from lineageflow_dagster.resource import LineageFlowResource
from lineageflow_dagster.sources import build_observable_asset
from lineageflow_dagster.versioned import versioned

__all__ = [
    "INTO_TAG",
    "REF_TAG",
    "LineageFlowIOManager",
    "LineageFlowResource",
    "build_observable_asset",
    "lineageflow_executor",
    "pipes_env",
    "pipes_extras",
    "publishing",
    "versioned",
    "with_lineageflow",
]
