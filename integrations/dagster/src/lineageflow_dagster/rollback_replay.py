"""After a rollback, and once its cause is mended: what it took back is made again, and only that.

A job says which rollback, and a sensor requests the runs: first what was made of nothing else that was taken
back, then, wave by wave, what was made of that. What would come out the same is not made: an asset or
partition all of whose inputs at the branch's tip are those that its content there was made of.

Invariant: what is to be done is read from the lake and from the runs that there are; so whatever dies, a
later tick goes on, and nothing is requested twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg

from lineageflow_core.run.taken_back import TakenBack
from lineageflow_dagster.bounds import INTO_TAG, REF_TAG, Bounds, make_branch
from lineageflow_dagster.internals import producing_together, upstream_first
from lineageflow_dagster.naming import dataset_path, partition_key
from lineageflow_dagster.resource import LineageFlowResource

PLAN_TAG = "lineageflow/replays-rollback"
"""Run tag: the run of the replay job that this run was requested for."""
PART_TAG = "lineageflow/replays-part"
"""Run tag: the dataset or partition of the rollback that the run makes again."""


class ReplayRollback(dg.Config):
    """Which rollback, and where its replay goes."""

    plan: str
    """The id of the applied rollback plan, as the page and `lineageflow plan list` have it."""
    into: str | None = None
    """The branch that the runs read and publish to, made of the one that was rolled back if it is not there.
    Default: that one itself."""


def build_rollback_replay(
    *,
    name: str = "replay_rollback",
    minimum_interval_seconds: int = 30,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.Definitions:
    """Returns a job and a sensor that make again what a rollback took back: merge them into a project's.

    .. code-block:: python

        defs = with_lineageflow(dg.Definitions.merge(project, build_rollback_replay()), lake)

    Launch the job with the plan's id: `{"ops": {"replay_rollback_plan": {"config": {"plan": "..."}}}}`. It
    lists what is affected. The sensor then requests a run for each asset and partition, when all that it is
    made of is there again; what it would make again just the same is left out. Where a run fails, what is
    made of it waits for its re-execution.
    """

    @dg.op(
        name=_op_name(name),
        description="Lists what a rollback took back, for the sensor to have it made again.",
    )
    def replay(
        context: dg.OpExecutionContext, config: ReplayRollback, lineageflow: LineageFlowResource
    ) -> None:
        taken_back = TakenBack(lineageflow.catalog, config.plan, lineageflow.repository)
        bounds = Bounds(base=taken_back.branch, into=config.into)
        make_branch(bounds, lineageflow.catalog, lineageflow.repository, author=lineageflow.author)
        for item in taken_back.items.values():
            context.log.info("%s: %s", item.action, item.path)

    @dg.job(name=name, description="Makes again what a rollback took back, and only that.")
    def replay_job() -> None:
        replay()

    @dg.sensor(
        name=f"{name}_sensor",
        minimum_interval_seconds=minimum_interval_seconds,
        default_status=default_status,
        asset_selection=dg.AssetSelection.all(),
        description=f"Requests the runs that the job {name} asks for, upstream first.",
    )
    def replay_sensor(
        context: dg.SensorEvaluationContext, lineageflow: LineageFlowResource
    ) -> dg.SensorResult:
        return _evaluate(context, lineageflow, name)

    return dg.Definitions(jobs=[replay_job], sensors=[replay_sensor])


def _evaluate(
    context: dg.SensorEvaluationContext, lake: LineageFlowResource, job_name: str
) -> dg.SensorResult:
    asked = context.instance.get_runs(
        dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.SUCCESS]), limit=100
    )
    ended = set((context.cursor or "").split())
    requests: list[dg.RunRequest] = []
    for run in reversed(asked):
        if run.run_id not in ended:
            replay = _Replay(context, lake, run, job_name)
            requests += replay.requests()
            if replay.has_ended:
                ended.add(run.run_id)
    cursor = " ".join(sorted(ended & {run.run_id for run in asked}))
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=cursor)
    reason = "waiting for runs" if len(ended) < len(asked) else "no rollback is to be replayed"
    return dg.SensorResult(skip_reason=reason, cursor=cursor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one run makes again: an asset or one partition of it, with what only comes along with it."""

    assets: tuple[dg.AssetKey, ...]
    segment: str

    @property
    def paths(self) -> list[str]:
        """The first one stands for all."""
        return [f"{dataset_path(asset.path)}/{self.segment}".rstrip("/") for asset in self.assets]


class _Replay:
    """The replay of one rollback, as far as it has come."""

    def __init__(
        self,
        context: dg.SensorEvaluationContext,
        lake: LineageFlowResource,
        run: dg.DagsterRun,
        job_name: str,
    ) -> None:
        assert context.repository_def is not None
        config: Any = run.run_config
        config = config["ops"][_op_name(job_name)]["config"]
        self._repository_def = context.repository_def
        self._run = run
        self._taken_back = TakenBack(lake.catalog, config["plan"], lake.repository, branch=config.get("into"))
        runs = context.instance.get_runs(dg.RunsFilter(tags={PLAN_TAG: run.run_id}))
        self._statuses = {each.tags[PART_TAG]: each.status for each in reversed(runs)}
        self.has_ended = True
        """Nothing is left to be requested, unless a failed run is executed again."""

    def requests(self) -> Iterator[dg.RunRequest]:
        """Yields what can be made now. What has to wait for a run has not ended."""
        waiting: set[str] = set()
        for part in self._parts():
            status = self._statuses.get(part.paths[0])
            if status is dg.DagsterRunStatus.SUCCESS:
                continue
            made_of = self._taken_back.made_of(part.paths)
            if status is None and not made_of & waiting:
                if made_of and not any(self._taken_back.is_outdated(path) for path in part.paths):
                    continue  # it would come out as it is
                yield self._request(part)
            waiting.update(part.paths)
        self.has_ended = not waiting

    def _parts(self) -> list[_Part]:
        """Returns what the rollback took back of this project's assets, upstream first."""
        found: dict[_Part, None] = {}
        for asset in upstream_first(self._repository_def):
            together = tuple(producing_together(self._repository_def, asset))
            for item in self._taken_back.items.values():
                if item.dataset == dataset_path(asset.path):
                    found[_Part(assets=together, segment=item.partition)] = None
        return list(found)

    def _request(self, part: _Part) -> dg.RunRequest:
        path = part.paths[0]
        return dg.RunRequest(
            run_key=f"{self._run.run_id}:{path}",
            asset_selection=list(part.assets),
            partition_key=partition_key(part.segment) if part.segment else None,
            tags={
                REF_TAG: self._taken_back.branch,
                INTO_TAG: self._taken_back.branch,
                PLAN_TAG: self._run.run_id,
                PART_TAG: path,
            },
        )


def _op_name(job_name: str) -> str:
    """Returns the name of the job's only op: Dagster wants it to be another one than the job's."""
    return f"{job_name}_plan"
