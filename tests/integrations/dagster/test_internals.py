"""The contract with Dagster's private surface: each name that `internals` relies on is there, and acts so.

When a release of Dagster breaks one, this says which.
"""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._config.pythonic_config import PartialResource
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.events import DagsterEvent, EngineEventData
from dagster._core.execution.context.system import PlanOrchestrationContext, StepExecutionContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster_shared.record import copy
from lineageflow_dagster import internals

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Probe(dg.ConfigurableIOManager):
    """Calls a function with the context of each output or input."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        seen["output"](context)

    def load_input(self, context: dg.InputContext) -> object:
        seen["input"](context)
        return 1


seen: dict[str, Callable[[Any], object]] = {}


def probe(
    *,
    output: Callable[[Any], object] = repr,
    check: Callable[[Any], object] = repr,
    instance: dg.DagsterInstance | None = None,
) -> dg.ExecuteInProcessResult:
    class Config(dg.Config):
        amount: int = 3
        token: str

    @dg.asset
    def orders(config: Config) -> int:
        return config.amount

    @dg.asset
    def total(orders: int) -> int:
        return orders

    seen.update(output=output, input=check)
    run_config = {**QUIET, "ops": {"orders": {"config": {"amount": 4, "token": {"env": "A_SECRET"}}}}}
    return dg.materialize(
        [orders, total], resources={"io_manager": Probe()}, run_config=run_config, instance=instance
    )


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2")


def test_an_output_knows_its_step_its_run_and_its_config_with_secrets_unread() -> None:
    steps: list[internals.Step | None] = []
    result = probe(output=lambda context: steps.append(internals.step_of(context)))
    first = steps[0]
    assert first is not None
    assert first.run.run_id == result.run_id
    assert (first.key, first.retry_number) == ("orders", 0)
    assert first.config == {"amount": 4, "token": {"env": "A_SECRET"}}
    assert first.executor.name == "execute_in_process_executor"
    assert first.code_file == Path(__file__)


def test_an_input_knows_its_step() -> None:
    steps: list[internals.Step | None] = []
    probe(check=lambda context: steps.append(internals.step_of(context)))
    assert [step.key for step in steps if step is not None] == ["total"]


def test_a_context_outside_of_a_run_has_no_step() -> None:
    assert internals.step_of(dg.build_input_context()) is None


def test_an_execution_context_knows_its_step() -> None:
    @dg.asset
    def orders(context: dg.AssetExecutionContext) -> str:
        step = internals.step_of(context)
        return step.key if step else ""

    assert dg.materialize([orders], run_config=QUIET).output_for_node("orders") == "orders"


def test_an_input_of_a_step_is_no_look_at_a_result() -> None:
    runs: list[str | None] = []
    probe(check=lambda context: runs.append(internals.run_looked_at(context)))
    assert runs == [None]


def test_a_data_version_that_is_set_while_an_output_is_handled_is_recorded() -> None:
    result = probe(
        output=lambda context: internals.set_version_of(context, context.asset_key, f"v-{context.name}", {})
    )
    (event, _) = result.get_asset_materialization_events()
    assert (event.materialization.tags or {})["dagster/data_version"] == "v-result"


def test_the_calling_code_knows_its_step_and_the_assets_that_it_makes() -> None:
    @dg.asset
    def orders() -> list[str]:
        context = internals.current_context()
        return [] if context is None else [key.to_user_string() for key in internals.assets_of(context)]

    @dg.asset_check(asset=orders)
    def no_asset() -> dg.AssetCheckResult:
        context = internals.current_context()
        return dg.AssetCheckResult(passed=context is not None and not internals.assets_of(context))

    assert internals.current_context() is None
    result = dg.materialize([orders, no_asset], run_config=QUIET)
    assert result.output_for_node("orders") == ["orders"]
    assert [check.passed for check in result.get_asset_check_evaluations()] == [True]


def test_a_step_says_which_version_an_asset_has_that_it_stores_by_itself() -> None:
    @dg.asset
    def orders() -> None:
        context = internals.current_context()
        assert context is not None
        internals.set_version_of(context, dg.AssetKey("orders"), "v1", {"": {"rows": 2}})

    (event,) = dg.materialize([orders], run_config=QUIET).get_asset_materialization_events()
    assert (event.materialization.tags or {})["dagster/data_version"] == "v1"
    assert event.materialization.metadata["rows"].value == 2


def test_a_partition_knows_what_feeds_it_by_its_mapping() -> None:
    days = dg.DailyPartitionsDefinition("2026-01-01")
    fed: dict[dg.AssetKey, frozenset[str]] = {}
    probed = {"io_manager": Probe()}
    seen.update(output=repr, input=repr)

    @dg.asset(partitions_def=days)
    def orders() -> int:
        return 1

    @dg.asset
    def names() -> int:
        return 1

    @dg.asset(
        partitions_def=days,
        deps=[names],
        ins={"orders": dg.AssetIn(partition_mapping=dg.TimeWindowPartitionMapping(start_offset=-1))},
    )
    def total(orders: int) -> int:
        context = internals.current_context()
        assert context is not None
        fed.update(internals.upstream_partitions(context, dg.AssetKey("total"), "2026-01-03"))
        return orders

    assets = [orders, names, total]
    for day in ("2026-01-02", "2026-01-03"):
        dg.materialize(assets, partition_key=day, run_config=QUIET, selection=[orders], resources=probed)
    dg.materialize(assets, partition_key="2026-01-03", run_config=QUIET, selection=[total], resources=probed)
    assert fed == {dg.AssetKey("orders"): frozenset({"2026-01-02", "2026-01-03"})}


def test_a_step_knows_how_its_assets_are_defined_and_what_its_body_added() -> None:
    told: list[Any] = []

    @dg.asset(owners=["ada@example.org"], description="What was ordered.")
    def orders(context: dg.AssetExecutionContext) -> None:
        """Makes them."""
        context.add_asset_metadata({"note": "x"}, asset_key="orders")
        key, step, op_context = dg.AssetKey("orders"), internals.step_of(context), internals.current_context()
        assert step is not None
        assert op_context is not None
        spec = internals.spec_of(op_context, key)
        told.append((spec.owners if spec else None, step.description, [each.key for each in step.assets]))
        told.append(dict(internals.stated_metadata(op_context, key)))

    dg.materialize([orders], run_config=QUIET)
    assert [(["ada@example.org"], "What was ordered.", [dg.AssetKey("orders")]), {"note": "x"}] == told


def test_the_body_of_a_check_can_be_changed_in_a_copy() -> None:
    @dg.asset
    def orders() -> int:
        return 1

    @dg.asset_check(asset=orders)
    def is_one(orders: int) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=orders == 1, metadata={"told": "by the check"})

    def change(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def body(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return result.with_metadata({**result.metadata, "added": "later"})

        return body

    changed = internals.with_body(is_one, change)
    results = [
        dg.materialize([orders, check], run_config=QUIET).get_asset_check_evaluations()
        for check in (changed, is_one)
    ]
    assert [{"told", "added"}, {"told"}] == [set(found.metadata) for (found,) in results]


def test_what_has_no_body_is_left_alone() -> None:
    bare = dg.AssetsDefinition(specs=[dg.AssetSpec("orders")])
    assert internals.with_body(bare, lambda function: function) is bare


def test_the_result_of_a_check_is_in_its_event() -> None:
    @dg.asset
    def orders() -> int:
        return 1

    @dg.asset_check(asset=orders, blocking=True)
    def is_one() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True, metadata={"rows": 1})

    events = dg.materialize([orders, is_one], run_config=QUIET).all_events
    (found,) = filter(None, map(internals.check_evaluation_of, events))
    assert ("is_one", True, True) == (found.check_name, found.passed, found.blocking)
    assert 1 == found.metadata["rows"].value


def test_an_io_manager_stores_the_assets_whose_values_it_is_given() -> None:
    @dg.multi_asset(
        outs={"one": dg.AssetOut(), "two": dg.AssetOut(io_manager_key="other")}, name="both_of_them"
    )
    def both() -> tuple[int, int]:
        return 1, 2

    @dg.op
    def made() -> int:
        return 1

    @dg.graph_asset
    def of_ops() -> int:
        return made()

    @dg.asset
    def nothing() -> None: ...

    definitions = (both, of_ops, nothing, dg.AssetsDefinition(specs=[dg.AssetSpec("external")]))
    stored = [internals.stored_by(each, "io_manager") for each in definitions]
    assert [{dg.AssetKey("one")}, {dg.AssetKey("of_ops")}, set(), set()] == stored


def test_a_warning_is_in_the_log_of_the_step(caplog: pytest.LogCaptureFixture) -> None:
    @dg.asset
    def orders() -> None:
        internals.warn("in the step")

    instance = dg.DagsterInstance.ephemeral()
    with instance:
        result = dg.materialize([orders], run_config=QUIET, instance=instance)
        logged = [entry.user_message for entry in instance.all_logs(result.run_id)]
    internals.warn("outside")
    assert "in the step" in logged
    assert "outside" in caplog.text


@pytest.mark.parametrize(
    "owner,names",
    [
        (dg.OutputContext, ["step_context"]),
        (dg.InputContext, ["step_context"]),
        (dg.AssetExecutionContext, ["get_step_execution_context"]),
        (dg.OpExecutionContext, ["get_step_execution_context", "has_assets_def", "selected_asset_keys"]),
        (
            StepExecutionContext,
            [
                "add_asset_metadata",
                "assets_def",
                "dagster_run",
                "get_asset_metadata",
                "instance",
                "job_def",
                "log",
                "node_handle",
                "op_def",
                "previous_attempt_count",
                "set_data_version",
                "step",
            ],
        ),
        (PlanOrchestrationContext, ["dagster_run", "instance", "job", "job_name", "run_config"]),
        (dg.AssetsDefinition, ["computation", "is_materializable", "keys_by_output_name", "node_def"]),
        (dg.AssetsDefinition, ["specs", "specs_by_key"]),
        (ExecutionPlan, ["step_keys_to_execute", "steps"]),
        (DagsterEvent, ["engine_event", "event_specific_data", "is_step_failure", "is_step_start"]),
        (DagsterEvent, ["is_step_success", "is_step_up_for_retry", "message", "step_key", "_replace"]),
        (dg.AssetMaterialization, ["_replace"]),
        (dg.DagsterInstance, ["all_logs", "fetch_materializations", "get_backfill"]),
        (dg.DagsterInstance, ["get_run_by_id", "get_run_records", "get_runs", "report_dagster_event"]),
        (dg.DagsterInstance, ["report_engine_event"]),
        (dg.EventLogRecord, ["asset_materialization", "run_id", "storage_id", "timestamp"]),
        (dg.ExecutorDefinition, ["config_schema", "get_requirements", "hardcoded_executor"]),
        (dg.JobDefinition, ["has_specified_executor", "resource_defs", "run_config", "with_executor_def"]),
    ],
)
def test_what_is_used_of_dagster_is_there(owner: type, names: list[str]) -> None:
    assert [name for name in names if not hasattr(owner, name)] == []


def test_an_event_of_an_asset_passes_through_the_log_of_its_step_before_it_is_stored() -> None:
    class Renaming(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            event = internals.event_logged(record)
            made = internals.materialization_of(event) if event is not None else None
            if event is not None and made is not None:
                put_off = internals.as_note(event, "later", {"kept": dg.MetadataValue.json(packed(event))})
                internals.log_instead(record, put_off)
            return True

    def watch(context: dg.OutputContext) -> None:
        step = internals.step_of(context)
        assert step is not None
        assert step.log is context.step_context.log
        assert dg.AssetKey("orders") in step.makes
        step.log.addFilter(Renaming())

    packed = internals.packed
    with dg.DagsterInstance.ephemeral() as instance:
        result = probe(output=watch, instance=instance)
        planned = internals.events_of(
            instance, result.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
        )
        assert len(list(planned)) == 2
        stored = internals.events_of(instance, result.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION)
        assert list(stored) == []
        kept = [note["kept"] for note in internals.notes_of(instance, result.run_id) if "kept" in note]
        assert len(kept) == 2

        event = internals.unpacked(kept[0].value)
        made = internals.materialization_of(event)
        assert made is not None
        assert made.asset_key == dg.AssetKey("orders")
        renamed = internals.with_materialization(event, made._replace(description="told later"))
        internals.store_event(instance, renamed, result.run_id)
        (record,) = instance.fetch_materializations(dg.AssetKey("orders"), limit=9).records
        assert record.run_id == result.run_id
        assert record.asset_materialization == made._replace(description="told later")


def test_the_tags_of_a_materialization_name_what_it_was_made_of() -> None:
    _, total = probe().get_asset_materialization_events()
    tags = total.materialization.tags or {}
    assert internals.DATA_VERSION_TAG in tags
    assert tags[f"{internals.INPUT_DATA_VERSION_TAG_PREFIX}/orders"]
    assert tags[f"{internals.INPUT_EVENT_POINTER_TAG_PREFIX}/orders"] not in {
        "",
        internals.NULL_EVENT_POINTER,
    }


def test_a_check_can_be_told_of_again_with_another_target() -> None:
    @dg.asset
    def orders() -> int:
        return 1

    @dg.asset_check(asset=orders, blocking=True)
    def small() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False)

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([orders, small], run_config=QUIET, instance=instance, raise_on_error=False)
        (event,) = internals.events_of(instance, result.run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        found = internals.check_evaluation_of(event)
        assert found is not None
        assert (found.passed, internals.partition_checked(found)) == (False, None)
        again = internals.with_target(event, found, run_id=result.run_id, storage_id=7, timestamp=1.0)
        internals.store_event(instance, again, result.run_id)
        key = dg.AssetCheckKey(dg.AssetKey("orders"), "small")
        (there,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=9)
        assert there.evaluation is not None
        assert there.evaluation.target_materialization_data is not None
        assert there.evaluation.target_materialization_data.storage_id == 7
        (failed,) = internals.events_of(instance, result.run_id, dg.DagsterEventType.STEP_FAILURE)
        assert internals.is_failed_check(failed)


def test_an_asset_is_told_of_before_its_output_is_stored_which_can_say_more() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = probe(instance=instance)
        types = dg.DagsterEventType
        told = list(
            internals.events_of(instance, result.run_id, types.ASSET_MATERIALIZATION, types.HANDLED_OUTPUT)
        )
        assert [internals.is_stored_output(event) for event in told] == [False, True] * (len(told) // 2)
        more = internals.with_said(told[1], "More.", {"more": dg.MetadataValue.int(1)})
        assert internals.metadata_said(more) == {
            **internals.metadata_said(told[1]),
            "more": dg.MetadataValue.int(1),
        }
        assert str(more.message).endswith(" More.")


def test_a_note_can_be_written_to_the_log_of_a_run_that_is_over() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = probe(instance=instance).dagster_run
        internals.write_note(instance, run, "closed", {"outcome": dg.MetadataValue.text("discarded")})
        outcomes = [
            note["outcome"].value for note in internals.notes_of(instance, run.run_id) if "outcome" in note
        ]
        assert outcomes == ["discarded"]


def test_a_backfill_that_nobody_knows_has_not_succeeded() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert not internals.is_succeeded(instance, "b1")


def test_the_fields_that_are_used_are_there() -> None:
    assert "metadata" in inspect.signature(EngineEventData).parameters
    assert "executor_def" in inspect.signature(UnresolvedAssetJobDefinition).parameters
    assert inspect.isclass(PartialResource)


def test_a_record_can_be_copied_with_other_fields() -> None:
    defs = dg.Definitions(resources={"one": 1})
    assert copy(defs, resources={"two": 2}).resources == {"two": 2}


def test_assets_come_after_what_they_are_made_of_with_those_that_share_their_step() -> None:
    @dg.multi_asset(specs=[dg.AssetSpec("c", deps=["z"]), dg.AssetSpec("b", deps=["z"])])
    def both() -> Iterator[dg.MaterializeResult]:
        yield from ()

    @dg.asset(deps=["b", "elsewhere"])
    def a() -> None:
        pass

    @dg.asset
    def z() -> None:
        pass

    repository = dg.Definitions(assets=[a, both, z]).get_repository_def()
    assert ["z", "b", "c", "a"] == [key.to_user_string() for key in internals.upstream_first(repository)]
    together = internals.producing_together(repository, dg.AssetKey("c"))
    assert ["b", "c"] == [key.to_user_string() for key in together]
    assert [dg.AssetKey("a")] == internals.producing_together(repository, dg.AssetKey("a"))


def test_the_backfill_policy_of_its_assets_says_how_many_partitions_a_run_may_have() -> None:
    def most(policy: dg.BackfillPolicy | None) -> int | None:
        @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a"]), backfill_policy=policy)
        def orders() -> None:
            pass

        job = dg.define_asset_job("job", selection=["orders"])
        return internals.partitions_per_run(
            dg.Definitions(assets=[orders], jobs=[job]).resolve_job_def("job")
        )

    assert [1, 3, None] == [
        most(policy) for policy in (None, dg.BackfillPolicy.multi_run(3), dg.BackfillPolicy.single_run())
    ]


def test_an_instance_knows_which_partitions_it_heard_of() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("orders", partition="mon"))
        assert {"mon"} == internals.partitions_heard_of(instance, dg.AssetKey("orders"))
        assert set() == internals.partitions_heard_of(instance, dg.AssetKey("others"))


def test_the_tags_that_are_used_have_their_names() -> None:
    assert "dagster/data_version" == internals.DATA_VERSION_TAG
    assert "dagster/defer_asset_events" == internals.DEFER_EVENTS_TAG
    assert ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end") == (
        internals.RANGE_START_TAG,
        internals.RANGE_END_TAG,
    )


def test_a_run_knows_what_it_was_launched_to_materialize() -> None:
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["mon"]), kinds={"lineageflow"})
    def orders() -> int:
        raise ValueError

    @dg.asset
    def total(orders: int) -> int:
        return orders

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [orders, total], partition_key="mon", instance=instance, run_config=QUIET, raise_on_error=False
        )
        planned = sorted(internals.planned_in(instance, result.run_id))
    assert [
        ("orders", dg.AssetKey("orders"), frozenset({"mon"})),
        ("total", dg.AssetKey("total"), frozenset()),
    ] == planned
