"""Landing: what a try wrote becomes part of its DAG run, after the task's code and before its success.

It is done inside the try, so what cannot land fails the task. What lands is all that the try wrote; a try
that fails, is skipped or is killed lands nothing.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from lineageflow_airflow.sessions import known_sessions, sessions_of
from lineageflow_airflow.task_process import has_forked


def landing(own: Callable[..., Any] | None) -> Callable[..., Any]:
    """Returns a hook for the end of a task: what the task does there itself, then landing."""
    return land if own is None else partial(_land_after, own)


def land_before(own: Callable[..., Any]) -> Callable[..., Any]:
    """Returns what lands, then does what ends the task there, so that Airflow calls no hook."""
    return partial(_land_before, own)


def land(context: Any, _result: Any = None) -> None:
    """Makes what a try wrote part of its DAG run. Does nothing where it has not used the lake.

    Raises MergeConflictError if another task has changed the same since the try began; the next sees that.
    """
    task_instance = context["ti"]
    if _goes_on(task_instance) or has_forked() or task_instance.try_number > 1:
        sessions_of(task_instance).resume()
    if (sessions := known_sessions(task_instance)) is not None:
        sessions.publish()


def _goes_on(task_instance: Any) -> bool:
    """Tells whether the try has been in another process before: it was deferred, or put off."""
    told = getattr(task_instance, "_ti_context_from_server", None)  # Airflow has no other way to tell
    return bool(told and (told.next_method or told.task_reschedule_count))


def _land_before(own: Callable[..., Any], ti: Any, *arguments: Any, **named: Any) -> Any:
    land({"ti": ti})
    return own(ti, *arguments, **named)


def _land_after(own: Callable[..., Any], context: Any, result: Any = None) -> None:
    own(context, result)
    land(context, result)
