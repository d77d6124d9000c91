"""Imports all that a process needs which reads a lake, writes to it and publishes. It has no other use.

Most of it is loaded when it is first asked for, as a process may need none of it. Processes that are forked
from one which has imported this have it from the start. No lake is opened.
"""

from contextlib import suppress
from importlib.metadata import entry_points

import lineageflow_core.filesystem
import lineageflow_core.openlineage.dataset_facets  # the events of each read and write
import lineageflow_core.remote.client
import lineageflow_core.service.quarantine  # who reads is told of it
import lineageflow_core.service.tables  # what is published is profiled
import lineageflow_core.tracking.environment
from lineageflow_core.connect import CONNECTORS

__all__ = ["lineageflow_core"]

for _connector in entry_points(group=CONNECTORS, name="folder"):
    with suppress(ImportError):  # the server beside an Airflow whose SQLAlchemy it does not work with
        _connector.load()
