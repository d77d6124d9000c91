"""What a step tells lineage is there before Dagster hears that the step has ended."""

import json
import logging
from collections import Counter

import dagster as dg
import pytest
from lineageflow_dagster import LineageFlowResource, with_lineageflow
from lineageflow_dagster.internals import event_logged
from lineageflow_dagster.naming import step_run_id

from lineageflow_core import connect
from lineageflow_core.errors import RunNotFoundError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import RunState
from lineageflow_core.openlineage.vocabulary import EventType
from tests.core.openlineage.emitted import assert_all_are_valid
from tests.integrations.dagster.conftest import Shop

heard: dict[str, tuple[RunState | None, list[str], list[str]]] = {}
"""What lineage knew of a step, by its key, when Dagster was told of its end."""
_ENDS = {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}


class Listener(logging.Handler):
    """Looks at the lineage of each step whose end is logged."""

    def __init__(self, lake: str) -> None:
        super().__init__()
        self._lake = lake

    def emit(self, record: logging.LogRecord) -> None:
        event = event_logged(record)
        if event is None or event.step_key is None or event.event_type not in _ENDS:
            return
        run_id = RunId(record.dagster_meta["run_id"])  # type: ignore[attr-defined]  # Dagster's own
        try:
            found = connect(self._lake).lineage.get_run(step_run_id(run_id, event.step_key, 0))
        except RunNotFoundError:
            heard[event.step_key] = None, [], []
            return
        heard[event.step_key] = (
            found.run.state,
            [io.version.name for io in found.reads],
            [io.version.name for io in found.writes],
        )


@dg.logger({"lake": str})
def listening(context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.getLogger("listening")
    logger.setLevel(logging.DEBUG)
    logger.handlers = [Listener(context.logger_config["lake"])]
    return logger


@dg.asset
def numbers() -> list[int]:
    return [1, 2]


@dg.asset
def total(numbers: list[int]) -> int:
    return sum(numbers)


@dg.asset
def broken(numbers: list[int]) -> int:
    raise ValueError(f"{len(numbers)} are too many")


@dg.asset_check(asset="numbers")
def is_short(numbers: list[int]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=len(numbers) < 10)


def heard_job() -> dg.JobDefinition:
    """A job whose logger listens."""
    definitions = dg.Definitions(
        assets=[numbers, total, broken],
        asset_checks=[is_short],
        jobs=[dg.define_asset_job("heard", selection=dg.AssetSelection.all())],
        loggers={"listening": listening},
    )
    return with_lineageflow(definitions, LineageFlowResource.configure_at_launch()).resolve_job_def("heard")


@pytest.fixture
def run_id(shop: Shop) -> RunId:
    heard.clear()
    config = shop.run_config() | {"loggers": {"listening": {"config": {"lake": shop.lake}}}}
    with dg.execute_job(
        dg.reconstructable(heard_job), instance=shop.instance, run_config=config, raise_on_error=False
    ) as result:
        return RunId(result.run_id)


@pytest.mark.usefixtures("run_id")
def test_how_a_step_ended_and_all_that_it_did_is_known_when_dagster_hears_of_it() -> None:
    assert {
        "numbers": (RunState.COMPLETED, [], ["numbers"]),
        "total": (RunState.COMPLETED, ["numbers"], ["total"]),
        "numbers_is_short": (RunState.COMPLETED, ["numbers"], []),
        "broken": (RunState.FAILED, ["numbers"], []),
    } == heard


def test_a_step_in_the_process_of_its_run_tells_of_its_start_and_its_end_and_nothing_between(
    shop: Shop, run_id: RunId
) -> None:
    step = step_run_id(run_id, "total", 0)
    events = [json.loads(event.body) for event in shop.catalog.events.list_events(limit=1000).items]
    told = Counter(event["eventType"] for event in events if event["run"]["runId"] == step)
    assert (1, 1) == (told["START"], told["COMPLETE"])
    assert {EventType.START, EventType.COMPLETE, EventType.FAIL} <= assert_all_are_valid(shop.catalog)
