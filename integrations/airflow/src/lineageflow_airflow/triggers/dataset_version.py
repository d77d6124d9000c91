"""Triggers that fire for versions of datasets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from lineageflow_airflow.connection import DEFAULT_CONNECTION
from lineageflow_airflow.hooks.lineageflow import LineageFlowHook
from lineageflow_airflow.triggers.commit import POLL_INTERVAL
from lineageflow_airflow.triggers.live import patiently, ref_moves
from lineageflow_airflow.watching import find_version


class DatasetVersionTrigger(BaseTrigger):
    """Fires once a ref has a dataset, a partition or an exact version, and ends: for a deferred sensor.

    :param repository: the repository.
    :param dataset: the dataset's path.
    :param ref: the ref that is to have it.
    :param partition: the partition that is to be there; None: the dataset as such.
    :param snapshot: the exact version that is to be there; None: any.
    :param lineageflow_conn_id: the connection to the lake.
    :param poll_interval: after so many seconds a lake is asked again that tells nothing by itself.
    """

    def __init__(
        self,
        *,
        repository: str,
        dataset: str,
        ref: str,
        partition: str | None = None,
        snapshot: str | None = None,
        lineageflow_conn_id: str = DEFAULT_CONNECTION,
        poll_interval: float = POLL_INTERVAL,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.repository = repository
        self.dataset = dataset
        self.ref = ref
        self.partition = partition
        self.snapshot = snapshot
        self.lineageflow_conn_id = lineageflow_conn_id
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Returns the class and the arguments that make the same trigger elsewhere."""
        return (
            f"{DatasetVersionTrigger.__module__}.{DatasetVersionTrigger.__qualname__}",
            {
                "repository": self.repository,
                "dataset": self.dataset,
                "ref": self.ref,
                "partition": self.partition,
                "snapshot": self.snapshot,
                "lineageflow_conn_id": self.lineageflow_conn_id,
                "poll_interval": self.poll_interval,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fires with the version."""
        hook = LineageFlowHook(self.lineageflow_conn_id)
        page = await asyncio.to_thread(lambda: hook.page)
        async with aclosing(ref_moves(hook, self.repository, poll_interval=self.poll_interval)) as moved:
            async for _ in moved:
                found = await patiently(
                    hook,
                    lambda lake: find_version(
                        lake,
                        self.repository,
                        self.ref,
                        self.dataset,
                        partition=self.partition,
                        snapshot=self.snapshot,
                        page=page,
                    ),
                    pause=self.poll_interval,
                )
                if found is not None:
                    yield TriggerEvent(dict(found))  # type: ignore[no-untyped-call]
                    return
