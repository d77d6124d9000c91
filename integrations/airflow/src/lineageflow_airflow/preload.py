"""Imports all that a task's process needs of a lake. It has no other use.

A task that opens a lake imports LineageFlow first, in its own process: several tenths of a second, where all
else takes some hundredths. Processes that are forked from one which has done it already, as those of
LocalExecutor and of Celery's workers are, start at once. Airflow imports `airflow_local_settings.py`, from
its folder `config` or PYTHONPATH, in each of its processes:

.. code-block:: python

    import lineageflow_airflow.preload

That is while Airflow itself is being imported, so nothing here needs Airflow. No lake is opened.
"""

import lineageflow_core.preload

__all__ = ["lineageflow_core"]
