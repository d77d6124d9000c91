"""Processes that Dagster Pipes starts, as parts of the run."""

import sys
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from lineageflow_dagster import LineageFlowResource, pipes_env, pipes_extras, versioned

from lineageflow_core.model.ids import RunId
from tests.integrations.dagster.conftest import PROCESSES, Shop
from tests.integrations.dagster.lake import Lake, metadata
from tests.integrations.dagster.workshop import pipes_job

CHILD = """
import os, pandas, lineageflow_core
from dagster_pipes import open_dagster_pipes
with open_dagster_pipes() as pipes:
    extras = pipes.get_extra("lineageflow")
    with lineageflow_core.join_run(VARIABLES) as run:
        orders = pandas.read_parquet("lf://shop/orders/data.parquet")
        run.write("model", {"weights.bin": str(orders["amount"].sum()).encode()})
    assert extras["ref"] == run.ref
    pipes.report_asset_materialization(metadata={"loss": 0.5})
"""


@dg.asset
def orders() -> pd.DataFrame:
    return pd.DataFrame({"amount": [1, 2]})


@pytest.mark.parametrize("variables", ["os.environ", "{**os.environ, **extras['env']}"])
def test_a_process_joins_by_its_environment_or_by_its_extras(
    lake: Lake, tmp_path: Path, variables: str
) -> None:
    script = tmp_path / "child.py"
    script.write_text(CHILD.replace("VARIABLES", variables))

    @dg.asset(deps=[orders])
    @versioned
    def model(
        context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient, lineageflow: LineageFlowResource
    ) -> dg.MaterializeResult:
        return pipes.run(
            context=context,
            command=[sys.executable, str(script)],
            env=pipes_env(context, lineageflow) if variables == "os.environ" else {},
            extras=pipes_extras(context, lineageflow),
        ).get_materialize_result()

    result = lake.materialize([orders, model], resources={"pipes": dg.PipesSubprocessClient()})
    (said,) = metadata(result, "model")
    snapshot = lake.repository.catalog.objects.get_snapshot("shop", "main", "model").snapshot
    assert said["data version"] == said["lineageflow/snapshot"] == snapshot
    assert said["loss"] == 0.5
    details = lake.repository.catalog.lineage.get_run(RunId(result.run_id))
    assert {io.version.name for io in details.reads} == {"orders"}
    assert {io.version.name for io in details.writes} == {"model", "orders"}


def test_what_a_process_wrote_is_published_with_its_run(shop: Shop, tmp_path: Path) -> None:
    script = tmp_path / "child.py"
    script.write_text(CHILD.replace("VARIABLES", "os.environ"))
    run = shop.run(pipes_job, ops={"model": {"script": str(script)}}, execution=PROCESSES)
    assert run.success, shop.failure(run.run_id)
    assert {"orders", "model"} == shop.datasets("main").keys()
    published = shop.transaction(run.run_id).published
    assert published is not None
    assert shop.repository.head("main").id == published
