"""Which partitions are asked for, and how many of them each run has."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import dagster as dg

from lineageflow_core.errors import InvalidInputError
from lineageflow_dagster.internals import RANGE_END_TAG, RANGE_START_TAG, partitions_per_run

Partitions = str | Sequence[str]
"""Partition keys, `"all"`, or `"last:7"` for the newest seven."""


def portions(
    job: dg.JobDefinition, partitions: Partitions, instance: dg.DagsterInstance, *, at: datetime | None
) -> Iterator[list[str]]:
    """Yields the partitions of each run of a job, in their order; of a job without any, nothing, once.

    A run has several if the backfill policies of its assets allow that, and then such that follow one
    another. `at` is when, for partitions that come with time. Raises InvalidInputError for partitions that
    are not there.
    """
    if job.partitions_def is None:
        if partitions != "all":
            raise InvalidInputError(f"the job {job.name!r} has no partitions; leave `partitions` out")
        yield []
        return
    there = job.partitions_def.get_partition_keys(current_time=at, dynamic_partitions_store=instance)
    chosen = set(_chosen(partitions, there, job.name))
    most = partitions_per_run(job)
    portion: list[str] = []
    for key in [*there, None]:
        if portion and (key not in chosen or len(portion) == most):
            yield portion
            portion = []
        if key is not None and key in chosen:
            portion.append(key)


def range_tags(partitions: Sequence[str]) -> dict[str, str]:
    """Returns the run tags by which a run has several partitions; none for fewer than two."""
    return {RANGE_START_TAG: partitions[0], RANGE_END_TAG: partitions[-1]} if len(partitions) > 1 else {}


def _chosen(partitions: Partitions, there: Sequence[str], job_name: str) -> Sequence[str]:
    if isinstance(partitions, str):
        if partitions == "all":
            return there
        word, _, count = partitions.partition(":")
        if word != "last" or not count.isdigit():
            raise InvalidInputError(
                f"{partitions!r} says no partitions: write 'all', 'last:7', or a list of partition keys"
            )
        return there[-int(count) :] if int(count) else []
    missing = sorted(set(partitions) - set(there))
    if missing:
        raise InvalidInputError(f"the job {job_name!r} has no partitions {missing[:10]}")
    return partitions
