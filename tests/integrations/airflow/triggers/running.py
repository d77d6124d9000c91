"""A trigger as a triggerer runs it, in an event loop of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from importlib import import_module
from typing import Any

from airflow.triggers.base import BaseTrigger

LONGEST = 30.0
"""No test waits longer, in seconds, for what never comes."""


class Running:
    """A trigger that runs, and the events that it fires."""

    def __init__(self, events: AsyncIterator[Any]) -> None:
        self._events = events

    async def next(self) -> Any:
        """Returns the payload of the next event."""
        return (await asyncio.wait_for(anext(self._events), LONGEST)).payload

    async def is_silent(self) -> None:
        """Raises AssertionError if there is another event at once. Nothing can be asked afterwards."""
        try:
            payload = await asyncio.wait_for(anext(self._events), 0.3)
        except TimeoutError:
            return
        raise AssertionError(f"it fired {payload}")

    async def is_over(self) -> bool:
        """Tells whether the trigger ends without another event."""
        try:
            await self.next()
        except StopAsyncIteration:
            return True
        return False


def run(trigger: BaseTrigger, body: Callable[[Running], Awaitable[None]], *, state: Any = None) -> None:
    """Runs a trigger, made anew from what it says of itself, while `body` is awaited."""

    async def loop() -> None:
        made = again(trigger)
        made.asset_state_store = state
        async with aclosing(made.run()) as events:
            await body(Running(events))

    asyncio.run(loop())


def again(trigger: BaseTrigger) -> Any:
    """Returns the trigger that another process makes of what a trigger says of itself."""
    classpath, kwargs = trigger.serialize()
    module, _, name = classpath.rpartition(".")
    return getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
