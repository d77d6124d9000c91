"""LineageFlow for Airflow: every DAG run writes on its own data branch, and publishes it as one commit.

Airflow imports this package in each of its processes, to ask what the provider is. So what it has for DAGs is
imported when a DAG asks for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineageflow_airflow.data_branches import DataBranch, data_branch
    from lineageflow_airflow.params import LineageFlowParams
    from lineageflow_airflow.partitions import current_partition

__all__ = ["DataBranch", "LineageFlowParams", "current_partition", "data_branch"]

_MODULES = {
    "DataBranch": "data_branches",
    "LineageFlowParams": "params",
    "current_partition": "partitions",
    "data_branch": "data_branches",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
