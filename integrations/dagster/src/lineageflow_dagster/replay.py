"""Runs of a job on an old version of the data, for as many partitions as are asked for.

What Dagster calls a backfill has no schedule, and reads whatever is newest when each of its runs starts. Here
a schedule or a sensor requests the runs. All of them read one commit, that of the ref when they were
requested, and publish to a branch of their own, so that nobody sees old data as new.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import dagster as dg

from lineageflow_core.errors import RefNotFoundError
from lineageflow_core.model.ids import CommitId
from lineageflow_dagster.bounds import BASE_TAG, INTO_TAG, REF_TAG, is_branch
from lineageflow_dagster.internals import (
    DEFER_EVENTS_TAG,
    UnresolvedAssetJobDefinition,
)
from lineageflow_dagster.naming import branch_name
from lineageflow_dagster.portions import Partitions, portions, range_tags
from lineageflow_dagster.resource import LineageFlowResource

ScheduleContext = dg.ScheduleEvaluationContext
EvaluationContext = ScheduleContext | dg.SensorEvaluationContext


def replay_requests(
    context: EvaluationContext,
    lineageflow: LineageFlowResource,
    job_name: str,
    *,
    ref: str,
    name: str,
    into: str | None = None,
    partitions: Partitions = "all",
    run_config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] = {},
    at: datetime | None = None,
) -> list[dg.RunRequest]:
    """Returns requests for runs of a job that read the lake as it is at `ref`: one for each partition.

    .. code-block:: python

        @dg.sensor(job=nightly)
        def on_release(context: dg.SensorEvaluationContext, lineageflow: LineageFlowResource):
            return replay_requests(context, lineageflow, "nightly", ref="v2", name="v2", partitions="last:7")

    Assets whose backfill policy lets a run have many partitions get as few runs as it allows; a job without
    partitions gets one. `into` is the branch that they publish to: by default `replay-<name>`, made at that
    commit by the first of them. A `name` is replayed once: the run keys are made of it. `at`: a branch is
    read as it was then, so that a tick which is evaluated again requests the same.

    Runs that publish to another branch than the project's leave its catalog in Dagster as it is: they are
    deferred, as Dagster calls it. Raises RefNotFoundError, and InvalidInputError for partitions that are not
    there.
    """
    assert context.repository_def is not None
    job = context.repository_def.get_job(job_name)
    branch = into or branch_name(f"replay-{name}")
    said = {
        REF_TAG: ref,
        BASE_TAG: _pinned(lineageflow, ref, at),
        INTO_TAG: branch,
        **({DEFER_EVENTS_TAG: "true"} if branch != lineageflow.branch else {}),
        **tags,
    }
    return [
        dg.RunRequest(
            run_key=":".join([name, *keys[:1], *keys[1:][-1:]]),
            job_name=job_name if isinstance(context, dg.SensorEvaluationContext) else None,
            partition_key=keys[0] if len(keys) == 1 else None,
            run_config=run_config,
            tags=said | range_tags(keys),
        )
        for keys in portions(job, partitions, context.instance, at=at)
    ]


def build_replay_schedule(
    job: dg.JobDefinition | UnresolvedAssetJobDefinition | str,
    *,
    ref: str | Callable[[ScheduleContext], str],
    cron_schedule: str | Sequence[str],
    partitions: Partitions | Callable[[ScheduleContext], Partitions] = "all",
    into: str | None = None,
    name: str | None = None,
    run_config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] = {},
    execution_timezone: str | None = None,
    description: str | None = None,
    default_status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED,
) -> dg.ScheduleDefinition:
    """Returns a schedule that runs a job on an old version of the data: a scheduled backfill.

    .. code-block:: python

        weekly = build_replay_schedule(nightly, ref="v1.2", cron_schedule="0 3 * * 0", partitions="last:7")

    Each tick requests one run for each partition, all of them at the commit that `ref` is then. They publish
    to a branch of the tick's own, `replay-<name>-<time>`, or to `into`. `ref` and `partitions` may be
    functions of the schedule's context. See `replay_requests` for the rest.
    """
    job_name = job if isinstance(job, str) else job.name
    name = name or f"{job_name}_replay_schedule"

    def evaluate(
        context: ScheduleContext, lineageflow: LineageFlowResource
    ) -> list[dg.RunRequest] | dg.SkipReason:
        tick = context.scheduled_execution_time
        requests = replay_requests(
            context,
            lineageflow,
            job_name,
            ref=ref(context) if callable(ref) else ref,
            name=f"{name}-{tick:%Y-%m-%dT%H-%M}",
            into=into,
            partitions=partitions(context) if callable(partitions) else partitions,
            run_config=run_config,
            tags=tags,
            at=tick,
        )
        return requests or dg.SkipReason(f"the job {job_name!r} has no such partitions now")

    return dg.schedule(
        **({"job_name": job} if isinstance(job, str) else {"job": job}),
        name=name,
        cron_schedule=cron_schedule,
        execution_timezone=execution_timezone,
        description=description or f"Runs {job_name} on {'an old version' if callable(ref) else ref!r}.",
        default_status=default_status,
    )(evaluate)


def _pinned(lineageflow: LineageFlowResource, ref: str, at: datetime | None) -> CommitId:
    catalog, repository = lineageflow.catalog, lineageflow.repository
    if at is not None and is_branch(ref, catalog, repository):
        with suppress(RefNotFoundError):  # it is younger than that
            return catalog.refs.resolve(repository, f"{ref}@{{{at.isoformat()}}}").id
    return catalog.refs.resolve(repository, ref).id
