"""What a rollback took back is made again, and only that."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.integrations.dagster.mill import Mill


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project, to be copied, of which a bad Monday was rolled back; and the plan that did so."""
    mill = Mill(tmp_path_factory.mktemp("spoilt"))
    with mill.instance:
        mill.grain["mon"] = 20
        mill.all()
        mill.grain["mon"] = 5
        bad = mill.run(day="mon").run_id
        assert mill.run().success
        return mill.folder, mill.roll_back(run=bad)


@pytest.fixture
def plan(spoilt: tuple[Path, str]) -> str:
    return spoilt[1]


@pytest.fixture
def mill(tmp_path: Path, spoilt: tuple[Path, str]) -> Iterator[Mill]:
    shutil.copytree(spoilt[0], tmp_path, dirs_exist_ok=True)
    mill = Mill(tmp_path)
    with mill.instance:
        yield mill


def ask(mill: Mill, plan: str, **config: str) -> dg.ExecuteInProcessResult:
    return mill.run(
        job="replay_rollback",
        config={"ops": {"replay_rollback_plan": {"config": {"plan": plan, **config}}}},
    )


def tick(mill: Mill, cursor: str | None = None) -> tuple[list[str], str | None]:
    """Evaluates the sensor, executes what it requests, and returns that."""
    (sensor,) = (each for each in mill.defs.sensors or [] if each.name == "replay_rollback_sensor")
    assert isinstance(sensor, dg.SensorDefinition)
    data = sensor.evaluate_tick(mill.sensor_context(cursor=cursor))
    for request in data.run_requests or []:
        mill.requested(request)
    return [request.tags["lineageflow/replays-part"] for request in data.run_requests or []], data.cursor


def test_what_is_affected_is_made_again_upstream_first(mill: Mill, plan: str) -> None:
    mill.grain["mon"] = 3
    assert ask(mill, plan).success
    waves = [tick(mill)[0] for _ in range(5)]
    assert [["grain/mon"], ["flour/mon"], ["bread/mon"], ["report"], []] == waves
    assert ["grain/mon", "flour/mon", "bread/mon", "report"] == mill.made
    assert 500 == mill.value("report")


def test_it_stops_where_the_content_is_unchanged(mill: Mill, plan: str) -> None:
    mill.grain["mon"] = 30  # which gives as much flour as 20
    ask(mill, plan)
    waves = [tick(mill)[0] for _ in range(3)]
    assert [["grain/mon"], ["flour/mon"], []] == waves


def test_a_replay_that_has_ended_is_not_looked_at_again(mill: Mill, plan: str) -> None:
    assert ([], None) == tick(mill)
    run = ask(mill, plan).run_id
    mill.grain["mon"] = 20  # as it was restored
    requested, cursor = tick(mill)
    assert (["grain/mon"], None) == (requested, cursor)
    assert ([], run) == tick(mill, cursor)


def test_what_was_removed_is_made_again(tmp_path: Path) -> None:
    mill = Mill(tmp_path)
    with mill.instance:
        run = mill.run(day="mon").run_id
        plan = mill.roll_back(run=run)
        mill.made.clear()
        mill.grain["mon"] = 2  # what is bad is quarantined
        ask(mill, plan)
        waves = [tick(mill)[0] for _ in range(3)]
        assert [["grain/mon"], ["flour/mon"], ["bread/mon"]] == waves
        assert ["grain/mon", "flour/mon", "bread/mon"] == mill.made


def test_what_failed_is_waited_for_until_it_is_executed_again(mill: Mill, plan: str) -> None:
    mill.grain["mon"] = "not a number"  # type: ignore[assignment]
    ask(mill, plan)
    assert ["grain/mon"] == tick(mill)[0]
    (sensor_run,) = mill.instance.get_runs(
        dg.RunsFilter(tags={"lineageflow/replays-part": "grain/mon"}), limit=1
    )
    assert sensor_run.status is dg.DagsterRunStatus.FAILURE
    assert ([], None) == tick(mill)
    mill.grain["mon"] = 3
    tags = {name: value for name, value in sensor_run.tags.items() if not name.startswith((".", "dagster/"))}
    assert mill.run("grain", day="mon", tags=tags).success
    assert ["flour/mon"] == tick(mill)[0]


def test_it_can_go_to_a_branch_for_review(mill: Mill, plan: str) -> None:
    mill.grain["mon"] = 3
    ask(mill, plan, into="review")
    for _ in range(4):
        tick(mill)
    assert (500, 1200) == (mill.value("report", ref="review"), mill.value("report"))


def test_a_plan_that_is_not_applied_is_refused(mill: Mill) -> None:
    (run,) = mill.instance.get_runs(limit=1)
    result = ask(mill, mill.catalog.plans.plan_rollback("mill", f"run:{run.run_id}").id)
    (failure,) = (event for event in result.all_events if event.is_step_failure)
    error = failure.step_failure_data.error
    assert error is not None
    assert "no rollback that is applied" in error.to_string()


def test_a_project_with_it_can_be_loaded(mill: Mill) -> None:
    dg.Definitions.validate_loadable(mill.defs)
