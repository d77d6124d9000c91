"""A Dagster instance with a home, a lake, and runs of the shop between them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from lineageflow_core import Catalog, Repository, connect
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Transaction
from tests.integrations.dagster.lake import Lake
from tests.integrations.dagster.shop import ALL_DAYS, shop_job

IN_PROCESS: Mapping[str, Any] = {"in_process": {}}
IMPORTED_ONCE = ["lineageflow_dagster.preload", "tests.integrations.dagster.shop"]
PROCESSES: Mapping[str, Any] = {
    "multiprocess": {"start_method": {"forkserver": {"preload_modules": IMPORTED_ONCE}}}
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets Dagster warn of its own use of deprecated names, and of what is beta or less."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for warning in (
                "AssetExecutionContext.run_id",
                "Class `DataVersionsByPartition",
                "Function `PipesMessageReader",
                "InitResourceContext.dagster_run",
                "Parameter `backfill",
                "Parameter `include_sources",
                "Property `OpDefinition.version",
                "The `__fields__`",
            ):
                item.add_marker(pytest.mark.filterwarnings(f"ignore:{warning}"))


@dataclass(frozen=True)
class Shop:
    """The shop's lake, and a way to run its jobs."""

    instance: dg.DagsterInstance
    lake: str
    repository: Repository

    @property
    def catalog(self) -> Catalog:
        return self.repository.catalog

    def run(
        self,
        job: Callable[[], dg.JobDefinition],
        *,
        ops: Mapping[str, Any] = {},
        tags: Mapping[str, str] = {},
        execution: Mapping[str, Any] = IN_PROCESS,
        again: dg.ReexecutionOptions | None = None,
        select: Sequence[str] | None = None,
    ) -> dg.JobExecutionResult:
        """Executes a job to its end, or only what makes the assets that are selected, without checks."""
        with dg.execute_job(
            dg.reconstructable(job),
            instance=self.instance,
            run_config=self.run_config(ops, execution),
            tags=dict(tags),
            raise_on_error=False,
            reexecution_options=again,
            asset_selection=None if select is None else [dg.AssetKey(asset) for asset in select],
        ) as result:
            return result

    def fail_and_go_on(self, folder: Path, *, ops: Mapping[str, Any] = {}) -> dg.JobExecutionResult:
        """Executes the shop's job, whose summary fails; once it does no more, goes on from the failure."""
        marker = folder / "marker"
        trouble = {**ops, "summary": {"fails": "until", "marker": str(marker)}}
        failed = self.run(shop_job, ops=trouble, tags=ALL_DAYS)
        assert not failed.success
        marker.touch()
        from_failure = dg.ReexecutionOptions.from_failure(failed.run_id, self.instance)
        return self.run(shop_job, ops=trouble, tags=ALL_DAYS, again=from_failure)

    def run_config(
        self, ops: Mapping[str, Any] = {}, execution: Mapping[str, Any] = IN_PROCESS
    ) -> dict[str, Any]:
        """Returns run config by which a job's runs go to this lake, and say nothing."""
        return {
            "ops": {name: {"config": config} for name, config in ops.items()},
            "resources": {"lineageflow": {"config": {"lake": self.lake, "repository": "shop"}}},
            "execution": {"config": execution},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        }

    def transaction(self, run_id: str) -> Transaction:
        return self.catalog.transactions.get_transaction("shop", RunId(run_id))

    def datasets(self, ref: str) -> dict[str, str]:
        """Returns the datasets at a ref, and their snapshots."""
        return {
            dataset.path: dataset.snapshot
            for dataset in self.catalog.objects.list_datasets("shop", ref).items
        }

    def log(self, run_id: str) -> str:
        """Returns all messages of a run."""
        return "\n".join(
            record.dagster_event.message or ""
            for record in self.instance.all_logs(run_id)
            if record.dagster_event is not None
        )

    def value(self, asset: str, *, ref: str = "main") -> Any:
        """Returns what an asset that is a plain value has at a ref."""
        return json.loads(self.repository.read_bytes(f"{asset}/data.json", ref=ref))

    def materializations(self, asset: str, *, run_id: str | None = None) -> list[dg.EventLogRecord]:
        """Returns what Dagster has recorded of an asset, oldest first; by one run, if that is given."""
        records = self.instance.fetch_materializations(dg.AssetKey(asset), limit=100, ascending=True).records
        return [record for record in records if run_id in {None, record.run_id}]

    def failure(self, run_id: str) -> str:
        """Returns why a run failed, with all causes."""
        (record,) = self.instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        assert record.dagster_event is not None
        error = record.dagster_event.job_failure_data.error
        return error.to_string() if error is not None else ""


def open_shop(folder: Path) -> Shop:
    """Returns the shop in a folder, which another process may have opened, too."""
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    lake = str(folder / "lake")
    instance = dg.DagsterInstance.from_config(str(folder / "home"))
    return Shop(instance, lake, Repository(connect(lake), "shop").create(exist_ok=True))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = open_shop(tmp_path)
    with shop.instance:
        yield shop


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")
