"""After a rollback Dagster's catalog says what the branch holds again."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from lineageflow_dagster import INTO_TAG, build_rollback_sensor

from tests.integrations.dagster.mill import Mill


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which everything is made, to be copied."""
    mill = Mill(tmp_path_factory.mktemp("grown"))
    with mill.instance:
        mill.all()
    return mill.folder


@pytest.fixture
def mill(tmp_path: Path, grown: Path) -> Iterator[Mill]:
    shutil.copytree(grown, tmp_path, dirs_exist_ok=True)
    mill = Mill(tmp_path, page="http://page/")
    with mill.instance:
        yield mill


def evaluate(mill: Mill, *, cursor: str | None = None) -> Any:
    """Evaluates the sensor, and does with what it says as the daemon would."""
    data = build_rollback_sensor().evaluate_tick(mill.sensor_context(cursor=cursor))
    for event in data.asset_events:
        mill.instance.report_runless_asset_event(event)
    return data


def told(data: Any) -> list[str]:
    return [
        "/".join(filter(None, (event.asset_key.to_user_string(), event.partition)))
        for event in data.asset_events
        if isinstance(event, dg.AssetMaterialization)
    ]


def latest(mill: Mill, asset: str, day: str | None = None) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Returns the run, metadata and tags of what Dagster heard last."""
    wanted = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[day] if day else None)
    (record,) = mill.instance.fetch_materializations(wanted, limit=1).records
    assert record.asset_materialization is not None
    metadata = {name: value.value for name, value in record.asset_materialization.metadata.items()}
    return record.run_id, metadata, dict(record.asset_materialization.tags or {})


def bad_monday(mill: Mill) -> str:
    """Makes everything, then a bad Monday; returns the run that brought it."""
    mill.grain["mon"] = 5
    bad = mill.run(day="mon")
    assert bad.success
    assert mill.run().success
    return bad.run_id


def test_a_rollback_with_descendants_leaves_everything_fresh(mill: Mill) -> None:
    _, before, tags = latest(mill, "flour", "mon")
    mill.grain["mon"] = 5
    bad = mill.run(day="mon").run_id
    mill.run()
    mill.roll_back(run=bad)
    data = evaluate(mill)
    assert ["grain/mon", "flour/mon", "bread/mon", "report"] == told(data)
    assert [] == mill.stale()
    run, metadata, restored = latest(mill, "flour", "mon")
    assert ("", tags) == (run, restored)
    tip = mill.catalog.refs.resolve("mill", "main").id
    version = tags["dagster/data_version"]
    assert before["lineageflow/snapshot"] == version[:12]
    page = f"http://page/r/mill/tree/{tip}/flour/mon"
    assert metadata["lineageflow/snapshot"] == f"[{version[:12]}]({page})"
    assert "main" == metadata["lineageflow/branch"]
    assert metadata["lineageflow/commit"] == f"[{tip[:12]}](http://page/r/mill/commit/{tip})"
    assert "the grain was bad" == metadata["lineageflow/restored"]
    assert {"Restored on 'main' by ada: the grain was bad"} == {
        event.description for event in data.asset_events if isinstance(event, dg.AssetMaterialization)
    }


def test_a_rollback_of_one_asset_leaves_stale_what_was_made_of_it_and_nothing_else(mill: Mill) -> None:
    mill.grain["mon"] = 5
    bad = mill.run("grain", day="mon").run_id
    for again in ("flour", "bread"):
        mill.run(again, day="mon")
    mill.run()
    mill.roll_back(run=bad, descendants=False)
    assert ["grain/mon"] == told(evaluate(mill))
    assert ["flour/mon"] == mill.stale()


def test_automation_does_not_make_again_what_was_restored(mill: Mill) -> None:
    def requested(cursor: Any = None) -> Any:
        return dg.evaluate_automation_conditions(defs=mill.defs, instance=mill.instance, cursor=cursor)

    bad = bad_monday(mill)
    first = requested()
    second = requested(first.cursor)
    assert 0 == second.total_requested
    mill.roll_back(run=bad)
    evaluate(mill)
    assert 0 == requested(second.cursor).total_requested


def test_nothing_is_told_twice_and_a_rollback_can_be_undone(mill: Mill) -> None:
    bad = bad_monday(mill)
    plan = mill.roll_back(run=bad)
    first = evaluate(mill)
    assert first.cursor == mill.catalog.refs.resolve("mill", "main").id
    assert [] == told(evaluate(mill, cursor=first.cursor))
    assert [] == told(evaluate(mill))  # even where the cursor is lost
    undo = mill.catalog.plans.plan_undo(plan)
    mill.catalog.plans.apply_plan(undo.id, author="ada")
    assert ["grain/mon", "flour/mon", "bread/mon", "report"] == told(evaluate(mill, cursor=first.cursor))
    assert [] == mill.stale()


def test_what_a_rollback_removed_is_said_to_be_removed_once(tmp_path: Path) -> None:
    mill = Mill(tmp_path)
    result = mill.run("grain", day="mon")
    mill.run("grain", day="tue")
    mill.run("flour", day="mon")
    mill.roll_back(run=result.run_id, descendants=False)
    assert ["grain/mon"] == told(evaluate(mill))
    assert "removed" == latest(mill, "grain", "mon")[2]["dagster/data_version"]
    assert "STALE" == mill.statuses()["flour/mon"]
    assert [] == told(evaluate(mill))
    mill.run("grain", day="mon")
    assert [] == told(evaluate(mill))


def test_what_people_write_is_a_new_version(mill: Mill) -> None:
    mill.repository.replace("grain/mon", {"data.json": b"7"}, dataset="grain")
    data = evaluate(mill)
    assert ["grain/mon"] == told(data)
    snapshot = mill.catalog.objects.get_snapshot("mill", "main", "grain/mon").snapshot
    assert snapshot == latest(mill, "grain", "mon")[2]["dagster/data_version"]
    assert ["flour/mon"] == mill.stale()


def test_what_runs_publish_is_no_news_and_other_assets_are_none_of_its_business(mill: Mill) -> None:
    cursor = evaluate(mill).cursor
    mill.repository.put("elsewhere/x", b"1")
    mill.instance.report_runless_asset_event(dg.AssetMaterialization("report", metadata={"rows": 1}))
    mill.grain["mon"] = 5
    mill.run(day="mon")
    data = evaluate(mill, cursor=cursor)
    assert [] == told(data)
    assert "the catalog is as 'main' is" in (data.skip_message or "")


def test_what_a_run_is_still_to_publish_is_left_alone(mill: Mill) -> None:
    cursor = evaluate(mill).cursor
    run = mill.instance.create_run_for_job(mill.defs.resolve_job_def("by_day"))
    there = dg.AssetMaterialization("report", metadata={"lineageflow/snapshot": "new"})
    mill.instance.report_dagster_event(
        dg.DagsterEvent(
            dg.DagsterEventType.ASSET_MATERIALIZATION.value,
            "by_day",
            event_specific_data=_materialized(there),
        ),
        run.run_id,
    )
    mill.repository.replace("report", {"data.json": b"1"})
    waiting = evaluate(mill, cursor=cursor)
    assert ([], cursor) == (told(waiting), waiting.cursor)
    assert run.run_id in (waiting.skip_message or "")
    mill.instance.report_run_failed(run)
    assert ["report"] == told(evaluate(mill, cursor=waiting.cursor))


def test_a_branch_of_its_own_can_be_what_the_catalog_is_about(mill: Mill) -> None:
    mill.grain["mon"] = 5
    mill.run("grain", day="mon", tags={INTO_TAG: "dev"})
    sensor = build_rollback_sensor(name="dev", branch="dev")
    assert [] == list(sensor.evaluate_tick(mill.sensor_context()).asset_events)
    absent = build_rollback_sensor(branch="nothing").evaluate_tick(mill.sensor_context())
    assert "no branch 'nothing'" in (absent.skip_message or "")
    assert ["grain/mon"] == told(evaluate(mill))


def test_with_lineageflow_adds_the_sensor(mill: Mill) -> None:
    assert "lineageflow_rollback" in {sensor.name for sensor in mill.defs.sensors or []}


def _materialized(event: dg.AssetMaterialization) -> Any:
    from dagster._core.events import StepMaterializationData

    return StepMaterializationData(event)
