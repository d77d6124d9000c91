"""LineageFlow for Dagster: every run a transaction, every asset an exact version."""

from importlib.metadata import version

from dagster_shared.libraries import DagsterLibraryRegistry

from lineageflow_dagster.bounds import BASE_TAG, INTO_TAG, PINS_TAG, REF_TAG, REPLAY_TAG
from lineageflow_dagster.component import LineageFlowComponent
from lineageflow_dagster.definitions import with_lineageflow
from lineageflow_dagster.executor import lineageflow_executor, publishing
from lineageflow_dagster.io_manager import LineageFlowIOManager
from lineageflow_dagster.pipes import pipes_env, pipes_extras
from lineageflow_dagster.policy import (
    CHECKS_TAG,
    PUBLISH_TAG,
    PublishMode,
    PublishPolicy,
    RequiredChecks,
)
from lineageflow_dagster.reconciliation import build_reconciliation_sensor
from lineageflow_dagster.replay import build_replay_schedule, replay_requests
from lineageflow_dagster.resource import LineageFlowResource
from lineageflow_dagster.rollback import build_rollback_sensor
from lineageflow_dagster.rollback_replay import build_rollback_replay
from lineageflow_dagster.sources import build_observable_asset
from lineageflow_dagster.versioned import versioned

__all__ = [
    "BASE_TAG",
    "CHECKS_TAG",
    "INTO_TAG",
    "PINS_TAG",
    "PUBLISH_TAG",
    "REF_TAG",
    "REPLAY_TAG",
    "LineageFlowComponent",
    "LineageFlowIOManager",
    "LineageFlowResource",
    "PublishMode",
    "PublishPolicy",
    "RequiredChecks",
    "build_observable_asset",
    "build_reconciliation_sensor",
    "build_replay_schedule",
    "build_rollback_replay",
    "build_rollback_sensor",
    "lineageflow_executor",
    "pipes_env",
    "pipes_extras",
    "publishing",
    "replay_requests",
    "versioned",
    "with_lineageflow",
]

DagsterLibraryRegistry.register(
    "lineageflow-dagster", version("lineageflow-dagster"), is_dagster_package=False
)
