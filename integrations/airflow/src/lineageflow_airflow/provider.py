"""What Airflow is told of this provider: its connection type, file system, asset URIs and operators.

Airflow reads it in every process, so it imports nothing.
"""

from typing import Any

PACKAGE = "airflow-provider-lineageflow"
SCHEME = "lf"

_DOCS = "https://lineageflow.dev/docs/airflow"


def get_provider_info() -> dict[str, Any]:
    """Returns the provider's description, in the form of Airflow's `provider_info.schema.json`."""
    return {
        "package-name": PACKAGE,
        "name": "LineageFlow",
        "description": "Versioned datasets with git semantics: a DAG run is a transaction.",
        "integrations": [
            {"integration-name": "LineageFlow", "external-doc-url": _DOCS, "tags": ["service"]},
        ],
        "connection-types": [_connection_type()],
        "filesystems": ["lineageflow_airflow.filesystem"],
        "asset-uris": [
            {
                "schemes": [SCHEME],
                "handler": "lineageflow_airflow.assets.sanitize_uri",
                "factory": "lineageflow_airflow.assets.create_asset",
                "to_openlineage_converter": "lineageflow_airflow.assets.to_openlineage",
            }
        ],
        "hooks": [_modules("hooks.lineageflow")],
        "operators": [
            _modules(
                "operators.backfill",
                "operators.branches",
                "operators.commits",
                "operators.diff",
                "operators.gate",
                "operators.merging",
                "operators.replay",
                "operators.rollback",
                "operators.rollback_replay",
                "operators.tags",
            )
        ],
        "sensors": [_modules("sensors.commit", "sensors.dataset_version")],
        "triggers": [_modules("triggers.commit", "triggers.dag_runs", "triggers.dataset_version")],
        "task-decorators": [
            {
                "name": "lineageflow",
                "class-name": "lineageflow_airflow.decorators.lineageflow.lineageflow_task",
            }
        ],
        "notifications": ["lineageflow_airflow.notifications.lineageflow.LineageFlowNotifier"],
        "extra-links": [
            "lineageflow_airflow.links.result.LineageFlowResultLink",
            "lineageflow_airflow.links.run.LineageFlowRunLink",
        ],
        "plugins": [{"name": "lineageflow", "plugin-class": "lineageflow_airflow.plugin.LineageFlowPlugin"}],
    }


def _modules(*names: str) -> dict[str, Any]:
    return {
        "integration-name": "LineageFlow",
        "python-modules": [f"lineageflow_airflow.{name}" for name in names],
    }


def _connection_type() -> dict[str, Any]:
    text = {"type": ["string", "null"]}
    return {
        "connection-type": "lineageflow",
        "hook-class-name": "lineageflow_airflow.hooks.lineageflow.LineageFlowHook",
        "hook-name": "LineageFlow",
        "conn-fields": {
            "repository": {
                "label": "Repository",
                "schema": text,
                "description": "The repository of operators and blocks that name none.",
            },
            "page": {
                "label": "Page",
                "schema": {**text, "format": "url"},
                "description": "Where people open the lake's page, if not at the server's own address.",
            },
            "outbox": {
                "label": "Outbox",
                "schema": text,
                "description": "A folder on each worker where lineage waits while the server cannot take it.",
            },
        },
        "ui-field-behaviour": {
            "hidden-fields": ["login", "port", "schema", "extra"],
            "relabeling": {"host": "Lake", "password": "Token"},
            "placeholders": {"host": "https://lake.example, or a folder that all workers share"},
        },
    }
