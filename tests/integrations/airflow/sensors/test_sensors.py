"""Sensors: what they wait for is decided by the lake, wherever they wait."""

from datetime import UTC, datetime
from typing import Any

import pytest
from lineageflow_airflow.sensors.commit import LineageFlowCommitSensor
from lineageflow_airflow.sensors.dataset_version import LineageFlowDatasetVersionSensor

from lineageflow_core import Lake
from lineageflow_core.errors import LineageFlowError
from tests.integrations.airflow.releases import AirflowSensorTimeout, TaskDeferred
from tests.integrations.airflow.tries import context_of


def wait(sensor: Any, *, began: datetime | None = None) -> Any:
    context = context_of(sensor)
    context["dag_run"].start_date = began or datetime.now(UTC)
    return sensor.execute(context)


def commit(**rest: Any) -> LineageFlowCommitSensor:
    waits = {"timeout": 0.2, "poke_interval": 0.05}
    return LineageFlowCommitSensor(task_id="wait", repository="sales", **{**waits, **rest})


def version(**rest: Any) -> LineageFlowDatasetVersionSensor:
    waits = {"timeout": 0.2, "poke_interval": 0.05, "dataset": "orders"}
    return LineageFlowDatasetVersionSensor(task_id="wait", repository="sales", **{**waits, **rest})


def test_a_commit_since_the_dag_run_began_is_waited_for(served_lake: Lake) -> None:
    sales = served_lake.repository("sales")
    sales.write("orders.csv", "0\n")
    began = datetime.now(UTC)
    with pytest.raises(AirflowSensorTimeout):
        wait(commit(), began=began)
    made = sales.write("orders.csv", "1\n")
    assert made.id == wait(commit(), began=began)["commit"]
    with pytest.raises(AirflowSensorTimeout):
        wait(commit(path="other.csv"), began=began)


def test_it_may_be_said_what_was_before_by_a_ref_or_a_time(lake: Lake) -> None:
    sales = lake.repository("sales")
    sales.write("orders.csv", "0\n")
    sales.tag("v1")
    before = datetime.now(UTC)
    made = sales.write("orders.csv", "1\n")
    for since in ("v1", before.isoformat(), str(before), before):
        assert made.id == wait(commit(since=since))["commit"]
    with pytest.raises(AirflowSensorTimeout):
        wait(commit(since=made.id))
    with pytest.raises(Exception, match="'v9'") as unknown:
        wait(commit(since="v9"))
    assert not isinstance(unknown.value, LineageFlowError)


def test_a_branch_that_moves_is_what_was_before_as_it_was_when_the_dag_run_began(lake: Lake) -> None:
    sales = lake.repository("sales")
    first = sales.write("orders.csv", "0\n")
    began = datetime.now(UTC)
    with pytest.raises(AirflowSensorTimeout):
        wait(commit(since="main"), began=began)
    made = sales.write("orders.csv", "1\n")
    dev = sales.branch("dev")
    with pytest.raises(AirflowSensorTimeout):
        wait(commit(branch="dev", since="dev"), began=began)
    there = dev.write("orders.csv", "2\n")
    for since in ("main", "main~1", first.id):  # each by a sensor that knows nothing of the last look
        assert made.id == wait(commit(since=since), began=began)["commit"]
    assert there.id == wait(commit(branch="dev", since="dev"), began=began)["commit"]


def test_what_is_not_there_is_waited_for_in_the_triggerer(served_lake: Lake) -> None:
    sales = served_lake.repository("sales")
    sensor = commit(deferrable=True, timeout=60, path="orders.csv")
    start = sales.head().id
    with pytest.raises(TaskDeferred) as deferred:
        wait(sensor)
    _, kwargs = deferred.value.trigger.serialize()
    assert ("main", "orders.csv", start) == (kwargs["branch"], kwargs["path"], kwargs["start"])
    assert "execute_complete" == deferred.value.method_name
    event = {"commit": "c1", "repository": "sales"}
    assert event == sensor.execute_complete(context_of(sensor), event)
    made = sales.write("orders.csv", "1\n")
    assert made.id == wait(commit(deferrable=True, since=start))["commit"]


def test_a_dataset_a_partition_or_an_exact_version_is_waited_for(lake: Lake) -> None:
    sales = lake.repository("sales")
    with pytest.raises(AirflowSensorTimeout):
        wait(version())
    sales.write("orders", {"a.csv": b"1"}, partition="day=1")
    one = wait(version(partition="day=1"))
    assert (sales.head().id, "orders", "day=1", 1) == (
        one["commit"], one["dataset"], one["partition"], one["objects"],
    )  # fmt: skip
    with pytest.raises(AirflowSensorTimeout):
        wait(version(partition="day=2"))
    whole = wait(version())
    assert whole == wait(version(snapshot=whole["snapshot"]))
    with pytest.raises(AirflowSensorTimeout):
        wait(version(snapshot=one["snapshot"]))
    with pytest.raises(TaskDeferred) as deferred:
        wait(version(partition="day=2", deferrable=True, timeout=60))
    assert "day=2" == deferred.value.trigger.serialize()[1]["partition"]


def test_a_file_in_a_dataset_is_not_a_dataset(lake: Lake) -> None:
    lake.repository("sales").write("orders", {"a.csv": b"1"})
    with pytest.raises(AirflowSensorTimeout):
        wait(version(dataset="orders/a.csv"))
