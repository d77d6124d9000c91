"""`Leftovers`: what lies in an outbox, whoever left it there, for the one who has the turn to bring it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Self

from lineageflow_core.openlineage.delivery import Letter, batches
from lineageflow_core.openlineage.outbox import Outbox, Waiting


class Leftovers:
    """One process's rounds through an outbox. Leaving the block gives the turn to others."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._turn = ExitStack()
        self._has_turn = False
        self._batches: Iterator[list[Letter]] = iter(())
        self._postponed: set[Waiting] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._turn.close()

    def take_turn(self) -> bool:
        """Takes the turn if nobody has it, and keeps it; tells whether it is this process's."""
        if not self._has_turn:
            self._has_turn = self._turn.enter_context(self._outbox.turn())
            if self._has_turn:
                self._outbox.tidy()
            else:
                self._turn.close()
        return self._has_turn

    def next_batch(self, underway: frozenset[Waiting]) -> list[Letter]:
        """Returns what to send next; nothing where all was tried, or is underway already."""
        while True:
            if batch := next(self._batches, None):
                return batch
            others = self._postponed | underway
            waiting = [each for each in self._outbox.waiting() if each not in others]
            if not waiting:
                return []
            self._batches = batches(self._outbox, waiting)

    def postpone(self, left: Sequence[Waiting]) -> None:
        """Leaves events for another round: the receiver may take them later."""
        self._postponed.update(left)

    def give_turn(self) -> bool:
        """Ends the round, and lets others look; tells whether something was postponed."""
        self._turn.close()
        self._has_turn = False
        self._batches = iter(())
        postponed, self._postponed = self._postponed, set()
        return bool(postponed)
