"""The process that reads what is not trusted: `python -m lineageflow_core.tables.worker`.

The readers of table files are native code, which a file made for it can crash. Here it crashes alone: with
bounded memory, without the lake, and shut in by `engine.py` to the files of one job at a time.
"""

import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from lineageflow_core.errors import InvalidInputError, UnreadableTableError
from lineageflow_core.tables.answering import answer, explain
from lineageflow_core.tables.engine import MEMORY_BYTES
from lineageflow_core.tables.jobs import Reply, Work, receive, send

_MOST_ADDRESSES = 8 * MEMORY_BYTES
"""Of which threads reserve many more than they use."""


def main() -> None:
    """Does one job after another, until nobody is there to ask."""
    _limit_memory()
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what native code prints must not get between the messages
    while (message := receive(source)) is not None:
        work = msgspec.msgpack.decode(message, type=Work)
        send(sink, msgspec.msgpack.encode(_do(work)))


def _do(work: Work) -> Reply[Any]:
    try:
        return Reply(answer=answer(work.job, Path(work.scratch)))
    except Exception as error:  # noqa: BLE001 (whatever a reader stumbles over in a file that is not trusted)
        is_asked_wrongly = isinstance(error, InvalidInputError) and not isinstance(
            error, UnreadableTableError
        )
        return Reply(problem=explain(error, work), is_asked_wrongly=is_asked_wrongly)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return  # not on Windows
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
