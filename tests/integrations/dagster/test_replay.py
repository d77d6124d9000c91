"""Runs of a job on an old version of the data."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from lineageflow_dagster import (
    BASE_TAG,
    INTO_TAG,
    REF_TAG,
    LineageFlowResource,
    build_replay_schedule,
    replay_requests,
)

from lineageflow_core.errors import InvalidInputError, RefNotFoundError
from tests.integrations.dagster.mill import Mill

TICK = datetime(2099, 1, 5, 3, tzinfo=UTC)
DEFERRED = "dagster/defer_asset_events"


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    mill = Mill(tmp_path_factory.mktemp("mill"))
    with mill.instance:
        mill.run("grain", day="mon")
        mill.repository.tag("v1", source="main")
        mill.grain["mon"] = 2
        mill.run("grain", day="mon")
        mill.made.clear()
        yield mill


def evaluate(mill: Mill, schedule: dg.ScheduleDefinition, *, tick: datetime = TICK) -> Any:
    context = dg.build_schedule_context(
        instance=mill.instance,
        scheduled_execution_time=tick,
        repository_def=mill.defs.get_repository_def(),
        resources={"lineageflow": mill.lake},
    )
    return schedule.evaluate_tick(context)


def requests_of(mill: Mill, schedule: dg.ScheduleDefinition, *, tick: datetime = TICK) -> list[dg.RunRequest]:
    return list(evaluate(mill, schedule, tick=tick).run_requests or [])


def test_a_tick_requests_a_run_for_each_partition_at_the_commit_of_the_ref(mill: Mill) -> None:
    schedule = build_replay_schedule("by_day", ref="v1", cron_schedule="0 3 * * 0")
    requests = requests_of(mill, schedule)
    v1 = mill.catalog.refs.resolve("mill", "v1").id
    assert ["fri", "mon", "tue"] == [request.partition_key for request in requests]
    assert {"by_day_replay_schedule-2099-01-05T03-00:mon"} <= {request.run_key for request in requests}
    into = "replay-by_day_replay_schedule-2099-01-05T03-00"
    for request in requests:
        wanted = {REF_TAG: "v1", BASE_TAG: v1, INTO_TAG: into, DEFERRED: "true"}
        assert wanted.items() <= request.tags.items()


def test_a_tick_pins_a_branch_once_however_often_it_is_evaluated_and_when_its_runs_start(mill: Mill) -> None:
    schedule = build_replay_schedule("by_day", ref="main", cron_schedule="0 3 * * 0", partitions=["mon"])
    now = datetime.now(UTC)
    first = requests_of(mill, schedule, tick=now)
    mill.grain["mon"] = 3
    mill.run("grain", day="mon")
    assert first == requests_of(mill, schedule, tick=now)
    assert mill.run("flour", day="mon", tags=first[0].tags).success
    assert 2 == mill.value("flour/mon", ref=first[0].tags[INTO_TAG])


def test_the_runs_read_the_old_version_and_publish_to_their_own_branch(mill: Mill) -> None:
    schedule = build_replay_schedule(
        "by_day", ref="v1", cron_schedule="0 3 * * 0", partitions=["mon"], name="weekly"
    )
    (request,) = requests_of(mill, schedule)
    before = mill.catalog.refs.resolve("mill", "main").id
    result = mill.run("flour", day="mon", tags=request.tags)
    assert result.success
    assert 1 == mill.value("flour/mon", ref="replay-weekly-2099-01-05T03-00")
    assert before == mill.catalog.refs.resolve("mill", "main").id
    heard = mill.instance.fetch_materializations(dg.AssetKey("flour"), limit=1).records
    assert [] == list(heard)


def test_they_publish_where_they_are_told_and_then_dagster_hears_of_it(mill: Mill) -> None:
    schedule = build_replay_schedule(
        "by_day", ref="v1", cron_schedule="0 3 * * 0", partitions=["mon"], into="main"
    )
    (request,) = requests_of(mill, schedule)
    assert "main" == request.tags[INTO_TAG]
    assert DEFERRED not in request.tags


def test_partitions_are_chosen_by_name_number_or_function(mill: Mill) -> None:
    def keys(partitions: object) -> list[str | None]:
        schedule = build_replay_schedule(
            "by_day",
            ref="v1",
            cron_schedule="0 3 * * 0",
            partitions=partitions,  # type: ignore[arg-type]
        )
        return [request.partition_key for request in requests_of(mill, schedule)]

    assert ["mon", "tue"] == keys("last:2")
    assert ["fri", "tue"] == keys(["tue", "fri"])
    assert ["tue"] == keys(lambda context: "last:1" if context.scheduled_execution_time == TICK else "all")
    assert [] == keys("last:0")


@pytest.mark.parametrize("partitions", ["newest", "last:x", ["sun"]])
def test_partitions_that_are_not_there_are_an_error(mill: Mill, partitions: str | list[str]) -> None:
    context = mill.sensor_context()
    with pytest.raises(InvalidInputError, match="partitions"):
        replay_requests(context, mill.lake, "by_day", ref="v1", name="again", partitions=partitions)


def test_a_tick_without_partitions_is_skipped_and_says_why(mill: Mill) -> None:
    schedule = build_replay_schedule("by_day", ref="v1", cron_schedule="0 3 * * 0", partitions=[])
    assert "no such partitions" in (evaluate(mill, schedule).skip_message or "")


def test_a_job_without_partitions_is_requested_once(mill: Mill) -> None:
    (request,) = replay_requests(mill.sensor_context(), mill.lake, "reporting", ref="v1", name="again")
    assert (None, "again") == (request.partition_key, request.run_key)
    with pytest.raises(InvalidInputError, match="has no partitions"):
        replay_requests(
            mill.sensor_context(), mill.lake, "reporting", ref="v1", name="x", partitions="last:1"
        )


def test_a_ref_that_is_not_there_is_an_error(mill: Mill) -> None:
    with pytest.raises(RefNotFoundError):
        replay_requests(mill.sensor_context(), mill.lake, "by_day", ref="v9", name="again")


def test_assets_that_take_many_partitions_get_few_runs(tmp_path: Path) -> None:
    hours = dg.StaticPartitionsDefinition(list("abcdef"))

    def partitions(policy: dg.BackfillPolicy, chosen: list[str]) -> list[object]:
        @dg.asset(partitions_def=hours, backfill_policy=policy)
        def readings(context: dg.AssetExecutionContext) -> dict[str, int]:
            return dict.fromkeys(context.partition_keys, 1)

        lake = LineageFlowResource(lake=str(tmp_path / "lake"), repository="mill")
        defs = dg.Definitions(
            assets=[readings], jobs=[dg.define_asset_job("hourly")], resources={"lineageflow": lake}
        )
        context = dg.build_sensor_context(repository_def=defs.get_repository_def(), instance=instance)
        return [
            request.partition_key
            or "".join(request.tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))
            for request in replay_requests(
                context, lake, "hourly", ref="main", name="again", partitions=chosen
            )
        ]

    with Mill(tmp_path).instance as instance:
        assert ["ac", "e"] == partitions(dg.BackfillPolicy.single_run(), list("abce"))
        assert ["ab", "c", "e"] == partitions(dg.BackfillPolicy.multi_run(2), list("abce"))


def test_a_sensor_requests_runs_in_the_same_way(mill: Mill) -> None:
    @dg.sensor(job_name="by_day")
    def released(
        context: dg.SensorEvaluationContext, lineageflow: LineageFlowResource
    ) -> list[dg.RunRequest]:
        return replay_requests(context, lineageflow, "by_day", ref="v1", name="release", partitions="last:1")

    (request,) = released.evaluate_tick(mill.sensor_context()).run_requests or []
    assert ("release:tue", "tue", "by_day") == (request.run_key, request.partition_key, request.job_name)
