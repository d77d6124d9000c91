"""A project whose raw material can be changed between runs: grain -> flour -> bread, by day, and a report."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest
from lineageflow_dagster import LineageFlowResource, build_rollback_replay, with_lineageflow

from lineageflow_core import Repository, connect
from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.plan import RollbackScope

warnings.filterwarnings("ignore", category=dg.BetaWarning)

DAYS = dg.StaticPartitionsDefinition(["fri", "mon", "tue"])


class Mill:
    """The project, its lake and its Dagster instance. All runs are in this process."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.folder = folder
        home = folder / "home"
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        self.instance = dg.DagsterInstance.from_config(str(home))
        self.lake = LineageFlowResource(lake=str(folder / "lake"), repository="mill", **config)
        self.repository = Repository(connect(self.lake.lake), "mill", author="ada").create(exist_ok=True)
        self.catalog = self.repository.catalog
        self.grain = {"fri": 1, "mon": 1, "tue": 1}
        """What the raw material of each day is."""
        self.made: list[str] = []
        """The assets and partitions that were made, in order."""
        self.defs = self._definitions()

    def run(
        self,
        *assets: str,
        day: str | None = None,
        job: str | None = None,
        tags: Mapping[str, str] = {},
        config: Mapping[str, Any] = {},
    ) -> dg.ExecuteInProcessResult:
        """Executes a job, or some of its assets; each output is published by itself."""
        return self.defs.resolve_job_def(job or ("by_day" if day else "reporting")).execute_in_process(
            instance=self.instance,
            partition_key=day,
            asset_selection=[dg.AssetKey(asset) for asset in assets] or None,
            tags=dict(tags),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, **config},
            raise_on_error=False,
        )

    def all(self) -> None:
        """Makes everything."""
        for day in DAYS.get_partition_keys():
            assert self.run(day=day).success
        assert self.run().success
        self.made.clear()

    def requested(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Executes what a sensor or schedule requests."""
        assets = [key.to_user_string() for key in request.asset_selection or ()]
        return self.run(*assets, day=request.partition_key, tags=request.tags)

    def sensor_context(self, *, cursor: str | None = None) -> dg.SensorEvaluationContext:
        return dg.build_sensor_context(
            instance=self.instance,
            cursor=cursor,
            repository_def=self.defs.get_repository_def(),
            resources={"lineageflow": self.lake},
        )

    def roll_back(self, *, run: str, descendants: bool = True) -> PlanId:
        """Rolls back what a run made; returns the plan's id."""
        scope = RollbackScope.DESCENDANTS if descendants else RollbackScope.OUTPUTS
        plan = self.catalog.plans.plan_rollback("mill", f"run:{run}", scope=scope)
        self.catalog.plans.apply_plan(plan.id, author="ada", message="the grain was bad")
        return plan.id

    def value(self, path: str, *, ref: str = "main") -> int:
        """Returns what an asset, or one partition of it, is at a ref."""
        return int(self.repository.read_bytes(f"{path}/data.json", ref=ref))

    def statuses(self) -> dict[str, str]:
        """Returns which assets and partitions Dagster has for stale, or fresh."""
        resolver = CachingStaleStatusResolver(
            self.instance,
            self.defs.get_repository_def().asset_graph,
            LoadingContextForTest(self.instance),
        )
        places: Sequence[tuple[str, str | None]] = [
            (asset, day) for asset in ("grain", "flour", "bread") for day in DAYS.get_partition_keys()
        ]
        return {
            f"{asset}/{day}" if day else asset: resolver.get_status(dg.AssetKey(asset), day).value
            for asset, day in (*places, ("report", None))
        }

    def stale(self) -> list[str]:
        """Returns what Dagster does not have for fresh."""
        return [place for place, status in self.statuses().items() if status != "FRESH"]

    def _definitions(self) -> dg.Definitions:
        @dg.asset(partitions_def=DAYS)
        def grain(context: dg.AssetExecutionContext) -> int:
            self.made.append(f"grain/{context.partition_key}")
            return self.grain[context.partition_key]

        eager = dg.AutomationCondition.eager()

        @dg.asset(partitions_def=DAYS, code_version="1", automation_condition=eager)
        def flour(context: dg.AssetExecutionContext, grain: int) -> int:
            self.made.append(f"flour/{context.partition_key}")
            return min(grain, 10)  # more does not go into the mill

        @dg.asset(partitions_def=DAYS, automation_condition=eager)
        def bread(context: dg.AssetExecutionContext, flour: int) -> int:
            self.made.append(f"bread/{context.partition_key}")
            return 100 * flour

        @dg.asset(automation_condition=eager)
        def report(bread: dict[str, int]) -> int:
            self.made.append("report")
            return sum(bread.values())

        return with_lineageflow(
            dg.Definitions.merge(
                dg.Definitions(
                    assets=[grain, flour, bread, report],
                    jobs=[
                        dg.define_asset_job("by_day", selection=["grain", "flour", "bread"]),
                        dg.define_asset_job("reporting", selection=["report"]),
                    ],
                ),
                build_rollback_replay(),
            ),
            self.lake,
        )
