"""A step that makes many partitions at once, as many runs: each partition says what it was made of.

Inside one run everything that was read fed everything that was written. A year that is made in one step would
come from all of last year then, and to roll back one month would roll back all of it. So each partition is
written by a run of its own, which has read what Dagster's partition mappings say feeds it, and all that the
step read of anything else.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import dagster as dg

from lineageflow_core import RunSession
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_dagster.internals import Step, upstream_partitions
from lineageflow_dagster.naming import dataset_path, path_segment
from lineageflow_dagster.resource import LineageFlowResource


@contextmanager
def partition_run(
    lake: LineageFlowResource,
    step: Step,
    context: dg.OutputContext | dg.OpExecutionContext,
    asset: dg.AssetKey,
    partition: str,
    *,
    of: int,
) -> Iterator[RunSession]:
    """Gives the session that writes a partition of an asset, one `of` so many; tells how the block ended.

    A step for one partition, or for an asset that has none, is that run itself; its end is told elsewhere.
    """
    if of <= 1:
        yield lake.step_session(step)
        return
    feeding = {
        dataset_path(key.path): {path_segment(each) for each in partitions}
        for key, partitions in upstream_partitions(context, asset, partition).items()
    }
    session = lake.partition_session(step, partition)
    session.record_all(_that_feed(lake.step_session(step).reads, feeding, lake.repository))
    try:
        yield session
    except Exception as error:
        session.fail(f"{type(error).__name__}: {error}")
        raise
    session.complete()


def _that_feed(
    reads: Iterable[DatasetAccess], feeding: Mapping[str, set[str]], repository: str
) -> Iterator[DatasetAccess]:
    for access in reads:
        partitions = feeding.get(access.dataset) if access.repository == repository else None
        fed = tuple(
            snapshot
            for snapshot in access.snapshots
            if partitions is None or not snapshot.partition or snapshot.partition in partitions
        )
        if fed:
            yield replace(access, snapshots=fed, rows=access.rows if fed == access.snapshots else None)
