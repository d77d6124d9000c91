"""Executors of other packages: Docker's, Kubernetes' and Celery's. Each of these tests needs its package.

Docker's and Kubernetes' are one executor, which is told how to start the process of a step. Here that starts
it on this machine; containers are started nowhere.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.step_delegating import (
    CheckStepHealthResult,
    StepDelegatingExecutor,
    StepHandler,
    StepHandlerContext,
)
from lineageflow_dagster import LineageFlowResource, publishing, with_lineageflow
from lineageflow_dagster.executor import publishes_run

from tests.integrations.dagster.conftest import Shop

PACKAGED = [
    pytest.param("dagster_docker", "docker_executor", {"image": "shop"}, id="docker"),
    pytest.param("dagster_k8s", "k8s_job_executor", {"job_namespace": "shop"}, id="kubernetes"),
    pytest.param("dagster_celery", "celery_executor", {"broker": "memory://"}, id="celery"),
    pytest.param("dagster_celery_k8s", "celery_k8s_job_executor", {"job_image": "shop"}, id="celery on k8s"),
]


@dg.asset
def orders() -> int:
    return 1


@dg.asset
def total(orders: int) -> int:
    return orders + 1


def job_of(executor: dg.ExecutorDefinition) -> dg.JobDefinition:
    project = dg.Definitions(assets=[orders, total], jobs=[dg.define_asset_job("nightly")], executor=executor)
    wrapped = with_lineageflow(project, LineageFlowResource.configure_at_launch())
    return wrapped.resolve_job_def("nightly")


@pytest.mark.parametrize("package, name, config", PACKAGED)
def test_an_executor_of_a_package_is_wrapped_and_takes_its_own_config(
    package: str, name: str, config: dict[str, Any]
) -> None:
    inner = getattr(pytest.importorskip(package), name)
    outer = publishing(inner)
    assert publishes_run(outer)
    assert (inner.name, inner.get_requirements(config)) == (outer.name, outer.get_requirements(config))
    resources = {"lineageflow": {"config": {"lake": "lake", "repository": "shop"}}}
    whole = dg.validate_run_config(job_of(inner), {"execution": {"config": config}, "resources": resources})
    assert config.items() <= whole["execution"][inner.name].items()


class OnThisMachine(StepHandler):
    """Starts the process of a step with the command that a container would be given."""

    def __init__(self) -> None:
        super().__init__()
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def name(self) -> str:
        return "OnThisMachine"

    def launch_step(self, step_handler_context: StepHandlerContext) -> Iterator[dg.DagsterEvent]:
        arguments = step_handler_context.execute_step_args
        (step,) = arguments.step_keys_to_execute or ()
        command = [sys.executable, "-m", *arguments.get_command_args()]
        self._started[step] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        yield from ()

    def check_step_health(self, step_handler_context: StepHandlerContext) -> CheckStepHealthResult:
        (step,) = step_handler_context.execute_step_args.step_keys_to_execute or ()
        ended = self._started[step].poll()
        return CheckStepHealthResult.healthy() if not ended else CheckStepHealthResult.unhealthy(str(ended))

    def terminate_step(self, step_handler_context: StepHandlerContext) -> Iterator[dg.DagsterEvent]:
        yield from ()


@dg.executor(name="delegating", requirements=dg.multiple_process_executor_requirements())
def delegating(_context: dg.InitExecutorContext) -> dg.Executor:
    return StepDelegatingExecutor(OnThisMachine(), RetryMode.DISABLED, check_step_health_interval_seconds=1)


def delegating_job() -> dg.JobDefinition:
    return job_of(delegating)


@pytest.mark.slow
def test_steps_that_are_delegated_as_to_containers_are_published_together(shop: Shop) -> None:
    result = shop.run(delegating_job, execution={})
    assert result.success
    assert {"orders", "total"} == shop.datasets("main").keys()
    assert 1 == len(shop.materializations("total", run_id=result.run_id))
    assert "published to 'main' as commit" in shop.log(result.run_id)


def celery_job() -> dg.JobDefinition:
    from dagster_celery import celery_executor

    return job_of(celery_executor)


def celery_config(folder: Path) -> dict[str, Any]:
    """Returns the config of an executor, or a worker, whose broker is a folder."""
    queue = {name: str(folder / "queue") for name in ("control_folder", "data_folder_in", "data_folder_out")}
    return {
        "broker": "filesystem://",
        "backend": (folder / "results").as_uri(),
        "config_source": {"broker_transport_options": queue},
    }


@pytest.mark.slow
def test_steps_that_a_worker_of_celery_executes_are_published_together(shop: Shop, tmp_path: Path) -> None:
    pytest.importorskip("dagster_celery")
    for name in ("queue", "results"):
        (tmp_path / name).mkdir()
    worker = [sys.executable, "-m", "celery", "-A", f"{__name__}:celery_app", "worker", "-P", "solo"]
    options = ["-Q", "dagster", "--without-gossip", "--without-mingle", "-l", "WARNING"]
    environment = {**os.environ, "SHOP_WORKER": str(tmp_path), "C_FORCE_ROOT": "1"}
    with subprocess.Popen([*worker, *options], env=environment) as process:
        try:
            result = shop.run(celery_job, execution=celery_config(tmp_path))
        finally:
            process.kill()
    assert result.success
    assert {"orders", "total"} == shop.datasets("main").keys()
    assert 1 == len(shop.materializations("total", run_id=result.run_id))
    assert "published to 'main' as commit" in shop.log(result.run_id)


def __getattr__(name: str) -> Any:
    """Gives Celery's program the app of a worker, which only that needs."""
    if name != "celery_app":
        raise AttributeError(name)
    from dagster_celery.make_app import make_app
    from dagster_celery.tasks import create_task

    app = make_app(celery_config(Path(os.environ["SHOP_WORKER"])))
    create_task(app)
    return app
