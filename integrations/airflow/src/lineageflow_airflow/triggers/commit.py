"""Triggers that fire for commits on a branch."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

from airflow.triggers.base import BaseEventTrigger, BaseTrigger, TriggerEvent

from lineageflow_airflow.assets import EXTRA
from lineageflow_airflow.connection import DEFAULT_CONNECTION
from lineageflow_airflow.hooks.lineageflow import LineageFlowHook
from lineageflow_airflow.triggers.live import patiently, ref_moves
from lineageflow_airflow.watching import Line, text_of
from lineageflow_core.errors import RefNotFoundError
from lineageflow_core.model.ids import CommitId

POLL_INTERVAL = 10.0
"""After so many seconds a lake is asked again that tells nothing by itself."""
PAUSE = 5.0
"""In so many seconds Airflow's scheduler has looked what there is to start."""
TAKEN = 5.0
"""In so many seconds Airflow has written down an event: a triggerer does so by turns of a second or two."""


class CommitTrigger(BaseEventTrigger):
    """Fires once for every commit that becomes the tip of a branch: for watchers of assets.

    >>> head = AssetWatcher(name="head", trigger=CommitTrigger("sales", "main", "orders"))
    >>> orders = Asset("lf://sales/orders", watchers=[head])

    It goes on where it was: what is committed between two looks, or while a server is away, is told later,
    in order. From Airflow 3.3 on this also holds while no triggerer runs, because the last commit that was
    told is kept in the asset's state, some seconds after it was told: Airflow does not say when it has an
    event, so a triggerer that stops meanwhile tells it again. Before 3.3, a triggerer that starts begins with
    what comes then. A merge is one commit. The event has the commit under `lineageflow`, so that the run
    reads exactly that.

    All triggers of one repository share one look at it, where Airflow can do so (3.3).

    :param repository: the repository; None: the connection's.
    :param branch: the branch.
    :param path: only commits that change this dataset, partition, object or folder.
    :param since: a ref, or a time as ISO 8601: what was committed behind it is told at first, too. Before 3.3
        that is whenever a triggerer starts.
    :param lineageflow_conn_id: the connection to the lake.
    :param poll_interval: after so many seconds a lake is asked again that tells nothing by itself.
    :param pause: so many seconds lie between two events, or 5, if that is more. Airflow (3.3) makes one run
        of events that come before its scheduler has looked, and gives it the first; the others would wait
        for the next commit.
    """

    def __init__(
        self,
        repository: str | None = None,
        branch: str = "main",
        path: str = "",
        *,
        since: str | datetime | None = None,
        lineageflow_conn_id: str = DEFAULT_CONNECTION,
        poll_interval: float = POLL_INTERVAL,
        pause: float = PAUSE,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.repository = repository
        self.branch = branch
        self.path = path
        self.since = text_of(since)
        self.lineageflow_conn_id = lineageflow_conn_id
        self.poll_interval = poll_interval
        self.pause = pause
        self._last: CommitId | None = None
        self._kept: str | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Returns the class and the arguments that make the same trigger elsewhere."""
        return (
            f"{CommitTrigger.__module__}.{CommitTrigger.__qualname__}",
            {
                "repository": self.repository,
                "branch": self.branch,
                "path": self.path,
                "since": self.since,
                "lineageflow_conn_id": self.lineageflow_conn_id,
                "poll_interval": self.poll_interval,
                "pause": self.pause,
            },
        )

    def shared_stream_key(self) -> Hashable | None:
        """Returns what triggers have in common that share one look."""
        return ("lineageflow", self.lineageflow_conn_id, self.repository, self.poll_interval)

    @classmethod
    async def open_shared_stream(cls, kwargs: Mapping[str, Any]) -> AsyncGenerator[str, None]:
        """Yields whenever a branch of the repository may have moved."""
        hook = LineageFlowHook(kwargs["lineageflow_conn_id"])
        repository = await asyncio.to_thread(hook.repository, kwargs["repository"])
        async with aclosing(ref_moves(hook, repository, poll_interval=kwargs["poll_interval"])) as moved:
            async for place in moved:
                yield place

    async def filter_shared_stream(self, shared_stream: AsyncIterator[str]) -> AsyncIterator[TriggerEvent]:
        """Fires for the commits that there are since the last one, first of all and at every move."""
        hook = LineageFlowHook(self.lineageflow_conn_id)
        repository = await asyncio.to_thread(hook.repository, self.repository)
        line = Line(repository=repository, branch=self.branch, path=self.path)
        await self._begin(hook, line)
        async for event in self._news(hook, line):
            yield event
        async for _ in shared_stream:
            async for event in self._news(hook, line):
                yield event

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Does what the triggerer does by itself from Airflow 3.3 on, but shares its look with nobody."""
        async with aclosing(self.open_shared_stream(self.serialize()[1])) as moved:
            async for event in self.filter_shared_stream(moved):
                yield event

    async def _begin(self, hook: LineageFlowHook, line: Line) -> None:
        self._kept = await self._stored()
        self._last = CommitId(self._kept) if self._kept else await self._start(hook, line)
        await self._keep(self._last)

    async def _start(self, hook: LineageFlowHook, line: Line) -> CommitId | None:
        return await patiently(hook, lambda lake: line.start(lake, self.since), pause=self.poll_interval)

    async def _news(self, hook: LineageFlowHook, line: Line) -> AsyncIterator[TriggerEvent]:
        """Yields events for the commits since the last one, oldest first."""
        last = self._last
        try:
            tip, commits = await patiently(
                hook, lambda lake: line.since(lake, last), pause=self.poll_interval
            )
        except RefNotFoundError as error:  # it is another lake now
            self.log.warning("what was committed since %s is not known: %s", last, error.message)
            tip, commits = (
                await patiently(hook, lambda lake: line.start(lake, None), pause=self.poll_interval),
                [],
            )
        page = await asyncio.to_thread(lambda: hook.page)
        for commit in commits:
            yield TriggerEvent({EXTRA: line.told(commit, page)})  # type: ignore[no-untyped-call]
            await asyncio.sleep(max(self.pause, TAKEN))  # it goes on at once, and Airflow may not have it yet
            await self._keep(commit.id)
        await self._keep(tip)

    async def _stored(self) -> str | None:
        """Returns the last commit that was told, by whichever triggerer."""
        state = getattr(self, "asset_state_store", None)  # Airflow 3.3
        if state is None:
            return None
        try:
            found = await state.aget(self._state_key)
        except ValueError:  # several assets have this same watcher, and which state is meant cannot be said
            self.asset_state_store = None
            return None
        return found if isinstance(found, str) else None

    async def _keep(self, commit: CommitId | None) -> None:
        """Says that all is told up to a commit."""
        self._last = commit
        state = getattr(self, "asset_state_store", None)
        if state is not None and commit is not None and commit != self._kept:
            await state.aset(self._state_key, commit)
            self._kept = commit

    @property
    def _state_key(self) -> str:
        return f"lineageflow/{self.lineageflow_conn_id}/{self.repository or ''}@{self.branch}/{self.path}"


class CommitsSinceTrigger(BaseTrigger):
    """Fires once there is a commit on a branch that was not there before, and ends: for a deferred sensor.

    :param repository: the repository.
    :param branch: the branch.
    :param path: only a commit that changes this dataset, partition, object or folder.
    :param start: the commit behind which it is looked; None: the beginning.
    :param lineageflow_conn_id: the connection to the lake.
    :param poll_interval: after so many seconds a lake is asked again that tells nothing by itself.
    """

    def __init__(
        self,
        *,
        repository: str,
        branch: str,
        path: str = "",
        start: str | None = None,
        lineageflow_conn_id: str = DEFAULT_CONNECTION,
        poll_interval: float = POLL_INTERVAL,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.line = Line(repository=repository, branch=branch, path=path)
        self.start = start
        self.lineageflow_conn_id = lineageflow_conn_id
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Returns the class and the arguments that make the same trigger elsewhere."""
        return (
            f"{CommitsSinceTrigger.__module__}.{CommitsSinceTrigger.__qualname__}",
            {
                "repository": self.line.repository,
                "branch": self.line.branch,
                "path": self.line.path,
                "start": self.start,
                "lineageflow_conn_id": self.lineageflow_conn_id,
                "poll_interval": self.poll_interval,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fires with the newest of the commits."""
        hook = LineageFlowHook(self.lineageflow_conn_id)
        start = CommitId(self.start) if self.start is not None else None
        page = await asyncio.to_thread(lambda: hook.page)
        async with aclosing(ref_moves(hook, self.line.repository, poll_interval=self.poll_interval)) as moved:
            async for _ in moved:
                _tip, commits = await patiently(
                    hook, lambda lake: self.line.since(lake, start), pause=self.poll_interval
                )
                if commits:
                    found = self.line.told(commits[-1], page)
                    yield TriggerEvent(found)  # type: ignore[no-untyped-call]
                    return
