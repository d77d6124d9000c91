"""A whole project on a lake, in one call."""

from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from lineageflow_dagster import (
    LineageFlowIOManager,
    LineageFlowResource,
    PublishPolicy,
    publishing,
    with_lineageflow,
)
from lineageflow_dagster.executor import policy_of

LAKE = LineageFlowResource(lake="lake", repository="shop")


@dg.asset
def orders() -> int:
    return 1


@dg.op
def count() -> int:
    return 1


@dg.job(executor_def=dg.in_process_executor)
def counting() -> None:
    count()


def test_every_job_publishes_its_runs_whatever_executor_it_has() -> None:
    defs = with_lineageflow(
        dg.Definitions(
            assets=[orders],
            jobs=[
                counting,
                dg.define_asset_job("plain", selection="*"),
                dg.define_asset_job("own", selection="*", executor_def=dg.in_process_executor),
            ],
        ),
        LAKE,
    )
    jobs = defs.resolve_all_job_defs()
    assert {"counting", "plain", "own", "__ASSET_JOB"} == {job.name for job in jobs}
    assert {job.name: policy_of(job.executor_def) for job in jobs} == {
        job.name: PublishPolicy() for job in jobs
    }


def test_the_executor_of_the_definitions_is_wrapped_with_its_config() -> None:
    configured = dg.multi_or_in_process_executor.configured({"multiprocess": {"max_concurrent": 3}})
    defs = with_lineageflow(dg.Definitions(assets=[orders], executor=configured), LAKE)
    executor = defs.executor
    assert isinstance(executor, dg.ExecutorDefinition)
    assert policy_of(executor)
    assert executor.name == configured.name


@pytest.mark.parametrize(
    "config, started",
    [
        ({}, "forkserver"),
        ({"multiprocess": {"max_concurrent": 2}}, "forkserver"),
        ({"multiprocess": {"start_method": {"spawn": {}}}}, "spawn"),
    ],
)
def test_steps_are_forked_unless_the_project_or_the_run_says_how_they_start(
    config: dict[str, Any], started: str
) -> None:
    job = with_lineageflow(dg.Definitions(assets=[orders]), LAKE).resolve_implicit_global_asset_job_def()
    whole = dg.validate_run_config(job, {"execution": {"config": config}} if config else {})
    definition = job.executor_def
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.InitExecutorContext(
            job=InMemoryJob(job),
            executor_def=definition,
            executor_config=whole["execution"][definition.name],
            instance=instance,
        )
        assert definition.executor_creation_fn is not None
        executor: Any = definition.executor_creation_fn(context)
    assert started == executor._inner._start_method


def test_an_executor_is_wrapped_once() -> None:
    once = publishing(dg.in_process_executor)
    assert publishing(once) is once


def test_a_configured_copy_of_a_publishing_executor_still_publishes() -> None:
    copy = publishing(dg.multi_or_in_process_executor).configured({"in_process": {}})
    assert policy_of(copy)


def test_an_io_manager_of_ours_that_is_there_is_kept() -> None:
    ours = LineageFlowIOManager(lineageflow=LAKE, format="csv")
    defs = with_lineageflow(dg.Definitions(assets=[orders], resources={"io_manager": ours}), LAKE)
    assert (defs.resources or {})["io_manager"] is ours


def test_another_io_manager_is_not_replaced_in_silence() -> None:
    theirs = dg.FilesystemIOManager()
    definitions = dg.Definitions(assets=[orders], resources={"io_manager": theirs})
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="io_manager_key"):
        with_lineageflow(definitions, LAKE)
    both = with_lineageflow(definitions, LAKE, io_manager_key="lake_io")
    assert (both.resources or {}).keys() == {"io_manager", "lake_io", "lineageflow"}
    assert (both.resources or {})["io_manager"] is theirs
