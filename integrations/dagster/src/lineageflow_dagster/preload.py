"""Imports all that a step's process needs of Dagster and of a lake. It has no other use.

Dagster imports much of this only when a process opens its instance, so each step of a run would pay for it:
two seconds, where the step itself may take a tenth of one. So `default_executor` has steps' processes forked
from one which has done it already.
"""

import dagster as dg
import upath  # what Dagster opens its artifact storage with

import lineageflow_core.preload

__all__ = ["lineageflow_core", "upath"]

with dg.DagsterInstance.ephemeral():
    pass
