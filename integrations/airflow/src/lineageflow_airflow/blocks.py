"""Blocks: tasks of a DAG whose writes to one repository are published as a whole.

A block is said of a task group, or of one task, when the DAG is parsed, and found again in the process of the
task, which parses the DAG, too. So this module imports nothing.
"""

from dataclasses import dataclass
from typing import Any

_ATTRIBUTE = "lineageflow_block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What is published as a whole: all that some tasks of a DAG run write to one repository."""

    repository: str
    into: str | None = None
    """The branch that it is published to, if the DAG run does not say another one; None: the default one."""
    connection: str | None = None
    """The connection to the lake; None: the default one."""
    key: str = ""
    """Tells it from other blocks of the same repository in the DAG; '' for the first one, or the only one."""
    datasets: tuple[str, ...] = ()
    """The datasets that its tasks declare to write."""
    is_one_task: bool = False
    """It is one task's try, which publishes by itself: `@task.lineageflow` outside of other blocks."""


def put_block(on: Any, block: Block) -> None:
    """Says of a task group, or of a task, that what is written in it is published as a whole."""
    setattr(on, _ATTRIBUTE, block)


def blocks_of(task: Any) -> tuple[Block, ...]:
    """Returns the blocks that a task is in, the innermost first. Of one repository, the outermost counts."""
    found: dict[str, Block] = {}
    place = task
    while place is not None:
        block = getattr(place, _ATTRIBUTE, None)
        if block is not None:
            found.pop(block.repository, None)
            found[block.repository] = block
        place = getattr(place, "task_group" if place is task else "parent_group", None)
    return tuple(found.values())
