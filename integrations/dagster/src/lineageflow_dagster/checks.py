"""Asset checks whose results say which version of the asset they looked at.

A check's function has read that version, so it is known exactly in the step, and nowhere else: a moment later
the asset may have another one. `quality` tells lineage what was found.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, closing
from typing import Any

import dagster as dg

from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_dagster.internals import current_context, step_of, with_body
from lineageflow_dagster.metadata import (
    COMMIT_KEY,
    SNAPSHOT_KEY,
    URL_KEY,
    Metadata,
    data_url,
    for_people,
    id_shown,
)
from lineageflow_dagster.naming import dataset_path, partition_key, step_run_id
from lineageflow_dagster.sessions import sessions_of_run

SNAPSHOTS_KEY = "lineageflow/snapshots"
"""Metadata of a result: what was looked at of an asset with partitions, by partition key."""

_MOST_NAMED = 100
"""Of more partitions the commit alone is told; metadata is for reading."""


def telling_version(checks: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Returns checks whose results say which version of the asset they looked at."""
    keys = {spec.asset_key for spec in checks.check_specs}
    only = next(iter(keys)) if len(keys) == 1 else None

    def told(result: Any) -> Any:
        asset = (result.asset_key or only) if isinstance(result, dg.AssetCheckResult) else None
        return result.with_metadata({**_looked_at(asset), **result.metadata}) if asset else result

    return with_body(checks, lambda function: _with_results(function, told))


def versions_said(metadata: Mapping[str, dg.MetadataValue]) -> frozenset[str]:
    """Returns the snapshots that a result says it looked at: the first digits of each, at least."""
    by_partition, only = metadata.get(SNAPSHOTS_KEY), metadata.get(SNAPSHOT_KEY)
    if by_partition is not None and isinstance(by_partition.value, Mapping):
        return frozenset(map(str, by_partition.value.values()))
    return frozenset() if only is None else frozenset({id_shown(only)})


def _looked_at(asset: dg.AssetKey) -> Metadata:
    """Returns what the running step has read of an asset last; nothing where that is nothing of a lake."""
    context = current_context()
    step = step_of(context) if context is not None else None
    if step is None:
        return {}
    dataset = dataset_path(asset.path)
    for sessions in sessions_of_run(step_run_id(step.run.run_id, step.key, step.retry_number)):
        read = [access for access in sessions.own.reads if access.dataset == dataset]
        if read:
            return _metadata(read[-1], sessions.page)
    return {}


def _metadata(read: DatasetAccess, page: str | None) -> Metadata:
    metadata: Metadata = {COMMIT_KEY: dg.MetadataValue.text(read.commit)}
    partitions = {partition_key(each.partition): each.snapshot for each in read.snapshots if each.partition}
    if len(read.snapshots) == 1:
        metadata[SNAPSHOT_KEY] = dg.MetadataValue.text(read.snapshots[0].snapshot)
    if 0 < len(partitions) <= _MOST_NAMED:
        metadata[SNAPSHOTS_KEY] = dg.MetadataValue.json(partitions)
    if page is not None:
        url = data_url(page, read.repository, read.commit, read.dataset)
        metadata[URL_KEY] = dg.MetadataValue.url(url)
    return for_people(metadata)


def _with_results(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Returns a function of the same kind, each of whose results is changed."""
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, change)
    if inspect.iscoroutinefunction(function):
        return _coroutine(function, change)
    if inspect.isgeneratorfunction(function):
        return _generator(function, change)

    @functools.wraps(function)
    def body(*args: Any, **kwargs: Any) -> Any:
        return change(function(*args, **kwargs))

    return body


def _generator(
    function: Callable[..., Generator[Any, None, None]], change: Callable[[Any], Any]
) -> Callable[..., Iterator[Any]]:
    @functools.wraps(function)
    def body(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with closing(function(*args, **kwargs)) as results:
            yield from map(change, results)

    return body


def _coroutine(
    function: Callable[..., Awaitable[Any]], change: Callable[[Any], Any]
) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(function)
    async def body(*args: Any, **kwargs: Any) -> Any:
        return change(await function(*args, **kwargs))

    return body


def _async_generator(
    function: Callable[..., AsyncGenerator[Any, None]], change: Callable[[Any], Any]
) -> Callable[..., AsyncIterator[Any]]:
    @functools.wraps(function)
    async def body(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        async with aclosing(function(*args, **kwargs)) as results:
            async for result in results:
                yield change(result)

    return body
