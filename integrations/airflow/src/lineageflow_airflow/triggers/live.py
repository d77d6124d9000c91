"""When branches and tags of a repository move, as it happens.

It only says that something has moved: whoever listens looks at the lake, and knows for itself how far it has
looked. So an event that is told twice, or of which another one is told instead, does no harm. A server
tells by server-sent events; where it cannot, or the lake is a folder, it is asked again and again.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TypeVar

from lineageflow_airflow.hooks.lineageflow import LineageFlowHook
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import ServerUnreachableError, StorageError
from lineageflow_core.model.live import LiveKind
from lineageflow_core.model.page import MAX_LIMIT

T = TypeVar("T")

_MAY_PASS = (ServerUnreachableError, StorageError)
_STREAM = "/api/v1/stream"
_SILENCE = 45.0
"""For so many seconds a stream may be silent: a server says every 15 seconds that it is there."""
_log = logging.getLogger(__name__)


async def ref_moves(
    hook: LineageFlowHook, repository: str, *, poll_interval: float
) -> AsyncGenerator[str, None]:
    """Yields the place behind which it goes on, at once, and again after every move of a branch or tag.

    What moves after the first yield is told, whatever happens to servers and connections meanwhile.
    """
    place = await patiently(hook, lambda lake: lake.live.changes().next, pause=poll_interval)
    yield place
    while True:
        behind = place
        found = await patiently(
            hook,
            lambda lake: lake.live.changes(
                after=behind,  # noqa: B023  # it is called before the next turn
                kinds=[LiveKind.REF],
                repository=repository,
                limit=MAX_LIMIT,
            ),
            pause=poll_interval,
        )
        place = found.next
        if found.items:
            yield place
        if found.more:
            continue
        if hook.said.address.startswith(("http://", "https://")):
            async with aclosing(_streamed(hook, repository, place)) as streamed:
                async for told in streamed:
                    place = told
                    yield place
        await asyncio.sleep(poll_interval)


async def patiently(hook: LineageFlowHook, work: Callable[[Catalog], T], *, pause: float) -> T:
    """Returns what `work` finds in the lake, however long the lake cannot be reached."""
    while True:
        try:
            return await hook.call(work)
        except _MAY_PASS as error:
            _log.warning("the lake is asked again in %g s: %s", pause, error)
            await asyncio.sleep(pause)


async def _streamed(hook: LineageFlowHook, repository: str, place: str) -> AsyncGenerator[str, None]:
    """Yields places as a server tells of moves, until it does not go on."""
    import httpx2

    said = hook.said
    is_here = said.address.partition("://")[2].startswith(("localhost", "127.0.0.1", "[::1]"))
    headers = {"Accept": "text/event-stream"}
    if said.token:
        headers["Authorization"] = f"Bearer {said.token}"
    query = {"after": place, "kind": LiveKind.REF.value, "repository": repository}
    timeout = httpx2.Timeout(_SILENCE, connect=5.0)
    try:
        async with (
            httpx2.AsyncClient(timeout=timeout, trust_env=not is_here) as client,
            client.stream("GET", f"{said.address}{_STREAM}", params=query, headers=headers) as answer,
        ):
            if not answer.is_success:
                _log.info("no stream from %s (%d): it is asked instead", said.address, answer.status_code)
                return
            async for told in _places(answer.aiter_lines()):
                yield told
    except httpx2.TransportError as error:
        _log.info("the stream from %s ended (%s): it is asked instead", said.address, error)


async def _places(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yields the place of each message that tells of a move (https://html.spec.whatwg.org/#server-sent-events)."""
    fields: dict[str, str] = {}
    place = ""
    async for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        place = fields.get("id", place)
        if fields.get("event") == LiveKind.REF.value and place:
            yield place
        fields = {}
