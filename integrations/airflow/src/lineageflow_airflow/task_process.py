"""Which task this process runs, and the processes that are forked for it.

A task may leave all that it does with a lake to processes that it forks, or to its callbacks. So neither what
it has opened itself, nor Airflow's context, tells whose that is. Every process of Airflow imports this, so it
imports nothing. Workers are forked themselves: what was before a task began does not count.
"""

import os
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class _Running:
    task_instance: Any
    process: int
    has_forked: bool = False


_running: _Running | None = None


def begin(task_instance: Any) -> None:
    """Notes that this process runs a task from now on."""
    global _running  # noqa: PLW0603  # a process runs one task
    _running = _Running(task_instance, os.getpid())


def end() -> None:
    """Notes that the task has ended, its callbacks, too."""
    global _running  # noqa: PLW0603
    _running = None


def running_task() -> Any | None:
    """Returns the task instance that this process runs, or the one that it was forked by; None for none."""
    return _running.task_instance if _running is not None else None


def has_forked() -> bool:
    """Tells whether the task has forked any process, which may know more of a lake than this one."""
    return _running is not None and _running.has_forked


def is_forked() -> bool:
    """Tells whether this process was forked by the one that runs the task."""
    return _running is not None and _running.process != os.getpid()


def _note_fork() -> None:
    if _running is not None:
        _running.has_forked = True


os.register_at_fork(after_in_parent=_note_fork)
