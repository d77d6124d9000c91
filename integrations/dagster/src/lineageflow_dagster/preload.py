"""Imports all that a step's process needs of Dagster and of a lake. It has no other use.

Dagster imports much of this only when a process opens its instance, so each step of a run pays for it: two
seconds, where the step itself may take a tenth of one. Steps' processes that are forked from one which has
done it already start at once:

.. code-block:: python

    imported_once = ["lineageflow_dagster.preload", "my_project.definitions"]
    executor = dg.multi_or_in_process_executor.configured(
        {"multiprocess": {"start_method": {"forkserver": {"preload_modules": imported_once}}}}
    )
"""

from importlib.metadata import entry_points

import dagster as dg
import upath  # what Dagster opens its artifact storage with

import lineageflow_core.openlineage.dataset_facets  # the events of each read and write
from lineageflow_core.connect import CONNECTORS

__all__ = ["lineageflow_core", "upath"]

for _connector in entry_points(group=CONNECTORS, name="folder"):
    _connector.load()
with dg.DagsterInstance.ephemeral():
    pass
