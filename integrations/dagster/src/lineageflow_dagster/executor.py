"""Publishing a run as one thing: an executor around the executor that runs the steps.

Dagster has no other place for this: an executor sees every event of every step, also those from other
processes, is still there after the last step, and can fail the run. Where its process is killed, it neither
publishes nor discards. Nothing is visible then; the reconciliation sensor closes the transaction, or it
expires.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg
from dagster import Executor, ExecutorDefinition, InitExecutorContext

from lineageflow_dagster.about import KIND
from lineageflow_dagster.default_executor import default_executor
from lineageflow_dagster.internals import (
    DagsterEvent,
    assets_of_kind,
    config_schema_of,
    engine_event,
    executed_by,
    executes_all_steps,
    resource_config,
    resource_definition,
)
from lineageflow_dagster.policy import PublishPolicy
from lineageflow_dagster.resource import RESOURCE_KEY, LineageFlowResource
from lineageflow_dagster.transaction import LogLine, RunTransaction

if TYPE_CHECKING:
    from dagster._core.execution.context.system import PlanOrchestrationContext
    from dagster._core.execution.plan.plan import ExecutionPlan
    from dagster._core.execution.retries import RetryMode
    from dagster._core.execution.step_dependency_config import StepDependencyConfig


def publishing(
    inner: ExecutorDefinition,
    policy: PublishPolicy = PublishPolicy(),  # noqa: B008  # a frozen value
) -> ExecutorDefinition:
    """Returns an executor that takes the config of `inner`, runs steps as it does, and publishes the run.

    One that publishes already keeps its own policy.
    """
    if publishes_run(inner):
        return inner
    return ExecutorDefinition(
        name=inner.name,
        config_schema=config_schema_of(inner),
        requirements=inner.get_requirements,
        executor_creation_fn=_CreatePublishing(inner, policy),
        description=inner.description,
    )


def policy_of(definition: ExecutorDefinition) -> PublishPolicy | None:
    """Returns how an executor publishes the runs that it executes; None if it does not."""
    create = definition.executor_creation_fn
    return create.policy if isinstance(create, _CreatePublishing) else None


def publishes_run(definition: ExecutorDefinition) -> bool:
    """Tells whether an executor looks after the whole of its runs, however it publishes them."""
    return policy_of(definition) is not None


@dataclass(frozen=True)
class _CreatePublishing:
    """Makes the executor of one run. A class, so that a copy of a definition can still be recognised."""

    inner: ExecutorDefinition
    policy: PublishPolicy

    def __call__(self, context: InitExecutorContext) -> Executor:
        create = self.inner.executor_creation_fn
        if create is None:
            raise dg.DagsterInvalidDefinitionError(f"the executor {self.inner.name!r} cannot be created")
        return PublishingExecutor(create(context), self.policy)


class PublishingExecutor(Executor):
    """Executes a run through another executor, in one transaction on the lake."""

    def __init__(self, inner: Executor, policy: PublishPolicy) -> None:
        self._inner = inner
        self._policy = policy

    @property
    def retries(self) -> "RetryMode":
        """As the inner executor has it."""
        return self._inner.retries

    @property
    def step_dependency_config(self) -> "StepDependencyConfig":
        """As the inner executor has it."""
        return self._inner.step_dependency_config

    def execute(
        self, plan_context: "PlanOrchestrationContext", execution_plan: "ExecutionPlan"
    ) -> Iterator[DagsterEvent]:
        """Yields the events of the steps, and says in the run's log what became of the transaction.

        What keeps the run from being published fails it: MergeConflictError if the branch changed the same
        things meanwhile, ServerUnreachableError, dg.Failure if a check failed that the policy requires.
        """
        with _resource_of(plan_context) as lineageflow:
            run = RunTransaction(
                lineageflow,
                plan_context.dagster_run,
                instance=plan_context.instance,
                policy=self._policy.for_run(plan_context.dagster_run),
                resumes=not executes_all_steps(execution_plan),
                kept=assets_of_kind(plan_context, KIND),
            )
            yield _logged(plan_context, run.begin())
            try:
                inner_context = executed_by(plan_context, self._inner)
                for event in self._inner.execute(inner_context, execution_plan):
                    run.observe(event)
                    yield event
            except BaseException as error:
                reason = ": ".join(filter(None, (type(error).__name__, str(error))))
                _logged(plan_context, run.discard(reason))
                raise
            yield from self._settle(plan_context, run)

    def _settle(self, plan: "PlanOrchestrationContext", run: RunTransaction) -> Iterator[DagsterEvent]:
        """Publishes what the steps left, if nothing is in the way of that; says what came of it."""
        if run.obstacle is not None:
            obstacle = run.obstacle
            yield _logged(plan, run.discard(obstacle))
            if not run.failed_steps:
                raise dg.Failure(f"LineageFlow published nothing: {obstacle}")
            return
        try:
            yield _logged(plan, run.publish())
        except Exception as error:
            yield _logged(plan, run.keep(error))
            raise


lineageflow_executor = publishing(default_executor)
"""Dagster's default executor, whose steps start sooner, publishing each run as one commit."""


@contextmanager
def _resource_of(plan: "PlanOrchestrationContext") -> Iterator[LineageFlowResource]:
    definition = resource_definition(plan, RESOURCE_KEY)
    if definition is None:
        raise dg.DagsterInvalidDefinitionError(
            f"the job {plan.job_name!r} publishes to a lake but has no resource {RESOURCE_KEY!r}; add a "
            "LineageFlowResource under that key, or use with_lineageflow(definitions, resource)"
        )
    with dg.build_resources(
        {RESOURCE_KEY: definition},
        instance=plan.instance,
        resource_config=resource_config(plan, RESOURCE_KEY),
        dagster_run=plan.dagster_run,
    ) as resources:
        yield getattr(resources, RESOURCE_KEY)


def _logged(plan: "PlanOrchestrationContext", line: LogLine) -> DagsterEvent:
    return engine_event(plan, line.message, line.metadata)
