"""Assets of every shape, in processes of their own, published as one run; and assets of others."""

from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pytest
from lineageflow_dagster import LineageFlowIOManager, build_observable_asset

from lineageflow_core.errors import ObjectNotFoundError
from lineageflow_core.model.ids import RunId
from tests.integrations.dagster.conftest import IN_PROCESS, PROCESSES, Shop
from tests.integrations.dagster.lake import QUIET, Lake
from tests.integrations.dagster.shop import DAYS
from tests.integrations.dagster.workshop import large_job, shapes_job


def versions(shop: Shop, run_id: str) -> dict[str, str | None]:
    """Returns the data version of each asset that a run materialized."""
    records = shop.instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    found = [
        record.dagster_event.step_materialization_data.materialization
        for record in records
        if record.dagster_event
    ]
    return {each.asset_key.to_user_string(): (each.tags or {}).get("dagster/data_version") for each in found}


@pytest.mark.parametrize("execution", [IN_PROCESS, PROCESSES], ids=["in process", "processes"])
def test_assets_of_every_shape_are_one_run(shop: Shop, execution: dict[str, Any]) -> None:
    run = shop.run(shapes_job, execution=execution)
    assert run.success, shop.failure(run.run_id)
    datasets = shop.datasets("main")
    assert datasets.keys() == {"orders", "page", "small", "large", "total", "kept"}
    assert shop.value("total") == 12
    told = versions(shop, run.run_id)
    assert told.keys() == {*datasets, "told", "nothing"}
    assert {name: told[name] for name in datasets} == datasets
    assert told["told"] == "1"
    assert [check.metadata["most"].value for check in run.get_asset_check_evaluations()] == [2]
    details = shop.catalog.lineage.get_run(RunId(run.run_id))
    assert {(io.version.name, io.version.version) for io in details.writes} == set(datasets.items())
    assert {io.version.name for io in details.reads} == {"orders", "small"}


def test_of_several_assets_only_those_that_are_selected_are_written(shop: Shop) -> None:
    shop.repository.write("orders", pd.DataFrame({"amount": [50]}))
    run = shop.run(large_job)
    assert run.success, shop.failure(run.run_id)
    assert shop.datasets("main").keys() == {"orders", "large"}
    assert shop.repository.dataset("large").arrow().to_pydict() == {"amount": [50]}


def test_an_asset_of_somebody_else_is_read_by_its_key(lake: Lake) -> None:
    lake.repository.write("weather/oslo", pl.DataFrame({"rain": [1]}))
    spec = dg.AssetSpec(["weather", "oslo"])

    @dg.asset(ins={"rain": dg.AssetIn(["weather", "oslo"])})
    def wet(rain: pd.DataFrame) -> int:
        return int(rain["rain"].sum())

    assert lake.materialize([spec, wet]).output_for_node("wet") == 1


def observe(lake: Lake, asset: dg.SourceAsset, instance: dg.DagsterInstance) -> dict[str | None, str | None]:
    """Returns the data versions that an observation finds, by partition."""
    job = dg.Definitions(
        assets=[asset],
        jobs=[dg.define_asset_job("observe", selection=[asset])],
        resources={
            "io_manager": LineageFlowIOManager(lineageflow=lake.resource),
            "lineageflow": lake.resource,
        },
    ).resolve_job_def("observe")
    result = job.execute_in_process(run_config=QUIET, instance=instance)
    found = [
        event.asset_observation_data.asset_observation for event in result.get_asset_observation_events()
    ]
    return {each.partition: (each.tags or {}).get("dagster/data_version") for each in found}


def test_a_dataset_of_somebody_else_is_observed_at_its_snapshot(lake: Lake) -> None:
    weather = build_observable_asset("weather")
    with dg.DagsterInstance.ephemeral() as instance:
        with pytest.raises(ObjectNotFoundError):
            observe(lake, weather, instance)
        lake.repository.write("weather", pl.DataFrame({"rain": [1]}))
        first = observe(lake, weather, instance)
        assert first == {None: lake.repository.dataset("weather").version.snapshot}
        lake.repository.write("weather", pl.DataFrame({"rain": [2]}))
        assert first != observe(lake, weather, instance)

        @dg.asset
        def wet(weather: pd.DataFrame) -> int:
            return int(weather["rain"].sum())

        result = lake.materialize([weather, wet], instance=instance)
        assert result.output_for_node("wet") == 2


def test_a_partitioned_dataset_is_observed_by_partition(lake: Lake) -> None:
    for day in ("mon", "wed%2Fthu"):
        lake.repository.write("weather", pl.DataFrame({"day": [day]}), partition=day)
    weather = build_observable_asset(dg.AssetSpec("weather", partitions_def=DAYS, group_name="outside"))
    with dg.DagsterInstance.ephemeral() as instance:
        assert observe(lake, weather, instance).keys() == {"mon", "wed/thu"}


def test_a_value_can_be_loaded_outside_of_a_run_as_any_type(lake: Lake) -> None:
    @dg.asset
    def orders() -> pd.DataFrame:
        return pd.DataFrame({"amount": [1]})

    lake.materialize([orders])
    defs = dg.Definitions(
        assets=[orders], resources={"io_manager": LineageFlowIOManager(lineageflow=lake.resource)}
    )
    assert isinstance(defs.load_asset_value("orders", python_type=pl.DataFrame), pl.DataFrame)
    assert isinstance(defs.load_asset_value("orders"), pd.DataFrame)
