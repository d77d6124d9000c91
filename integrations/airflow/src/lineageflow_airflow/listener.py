"""What happens when a try starts and ends, in the process that runs it.

Airflow logs what a listener raises, and goes on; so nothing here decides what becomes of data. In the
scheduler and in the API server, which call listeners, too, this does nothing.
"""

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

from lineageflow_airflow import task_process

if TYPE_CHECKING:
    from lineageflow_airflow.sessions import TrySessions
    from lineageflow_core.run import RunSession

_SESSIONS = "lineageflow_airflow.sessions"
"""Imported by the first thing that a task does with a lake; without it there is nothing to tell."""


@hookimpl(wrapper=True)
def on_task_instance_running(task_instance: Any) -> Generator[None, object, object]:
    """Lets code that has LineageFlow's core, but opens no `lf://`, find the run that it is in.

    It is so when other listeners are done: Airflow's OpenLineage provider forks, and that is not the task's.
    """
    try:
        return (yield)
    finally:
        if _is_here(task_instance):
            task_process.begin(task_instance)
            if "lineageflow_core.run" in sys.modules:
                from lineageflow_core.run import find_runs_with

                find_runs_with(_current)


@hookimpl(tryfirst=True)
def on_task_instance_success(task_instance: Any) -> None:
    """Reports what the try did, before Airflow's OpenLineage provider tells of it; ends the try."""
    if _is_here(task_instance):
        _end(task_instance, None)


@hookimpl(tryfirst=True)
def on_task_instance_failed(task_instance: Any, error: Any) -> None:
    """As when the try has succeeded."""
    if _is_here(task_instance):
        _end(task_instance, f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else error)


@hookimpl(tryfirst=True)
def on_task_instance_skipped(task_instance: Any) -> None:
    """Ends a try that has skipped itself: what it wrote in a block is in nothing."""
    sessions = _taken(task_instance) if _is_here(task_instance) else None
    if sessions is not None:
        sessions.abort()


@hookimpl
def before_stopping(component: Any) -> None:
    """Tells what tries have done that go on in another process: those that are deferred, or rescheduled."""
    if type(component).__name__ != "TaskRunnerMarker":
        return
    task_process.end()
    if _SESSIONS in sys.modules:
        from lineageflow_airflow.sessions import report_all

        report_all()


def _current() -> "RunSession | None":
    from lineageflow_airflow.sessions import current_session  # what a task that asks for no run does not need

    return current_session()


def _end(task_instance: Any, error: str | None) -> None:
    sessions = _taken(task_instance)
    if sessions is not None or task_instance.task.inlets or task_instance.task.outlets:
        from lineageflow_airflow.collector import report  # what a task without data does not need

        report(task_instance, sessions)
    if sessions is not None:
        sessions.end(error)


def _taken(task_instance: Any) -> "TrySessions | None":
    task_process.end()
    if _SESSIONS not in sys.modules:
        return None
    from lineageflow_airflow.sessions import take_sessions

    return take_sessions(task_instance)


def _is_here(task_instance: Any) -> bool:
    """Tells whether this is the process that runs the task; elsewhere it is a row of the database."""
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    return runner is not None and isinstance(task_instance, runner.RuntimeTaskInstance)
