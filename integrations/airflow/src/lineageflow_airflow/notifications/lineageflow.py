"""A notifier that says in the lake how a task or a DAG run has ended: by a tag, by a check, or by both."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.definitions.context import Context

from lineageflow_airflow.assets import EXTRA
from lineageflow_airflow.blocks import blocks_of
from lineageflow_airflow.connection import DEFAULT_CONNECTION
from lineageflow_airflow.hooks.lineageflow import LineageFlowHook
from lineageflow_airflow.identity import AUTHOR, DagRunAttempt, dag_run_attempt
from lineageflow_airflow.transactions import transactions_of_dag_run
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.commit import Commit

_FAILED = "failed", "up_for_retry"
"""The states of a task whose try has failed."""


class LineageFlowNotifier(BaseNotifier):
    """Tags what was published, or records a check of it, when a task or a DAG run has ended.

    >>> with DAG("daily", on_success_callback=LineageFlowNotifier(repository="sales", tag="daily-{{ ds }}")):

    Callbacks of tasks run in the task's process, those of DAGs in the DAG processor, and what they raise is
    logged and changes nothing. So nothing that has to happen belongs here: gate on the check, or use the
    operators. `DAG.test` cannot run notifiers of a DAG (Airflow's issue 64649); those of tasks it runs.

    :param repository: the repository; by default the connection's. (templated)
    :param tag: the tag that is made. (templated)
    :param check: the check that is recorded. (templated)
    :param state: what the check found, `"passed"` or `"failed"`; by default how the task or run has ended; a
        deadline that was missed has failed.
    :param ref: what is tagged and checked; by default the commit that the task, or the DAG run, has
        published (of several the last one), and without one the default branch. A deadline's callback has to
        say it. (templated)
    :param message: what the tag stands for, or what the check found, in one line. (templated)
    :param lineageflow_conn_id: the connection to the lake. (templated)
    :param context: what Airflow tells a deadline's callback; others are told it later.
    """

    template_fields: Sequence[str] = (
        "repository",
        "tag",
        "check",
        "ref",
        "message",
        "lineageflow_conn_id",
    )

    def __init__(
        self,
        *,
        repository: str | None = None,
        tag: str | None = None,
        check: str | None = None,
        state: str | None = None,
        ref: str | None = None,
        message: str = "",
        lineageflow_conn_id: str = DEFAULT_CONNECTION,
        context: Context | None = None,
    ) -> None:
        super().__init__(context)
        if not tag and not check:
            raise InvalidInputError("the notifier does nothing; name a `tag`, a `check`, or both")
        self.repository = repository
        self.tag = tag
        self.check = check
        self.state = CheckState(state) if state else None
        self.ref = ref
        self.message = message
        self.lineageflow_conn_id = lineageflow_conn_id

    def notify(self, context: Context) -> None:
        """Tags and records. Raises InvalidInputError if it is told of no DAG run, or not what is meant."""
        dag_id, run_id = _run_of(context)
        hook = LineageFlowHook(self.lineageflow_conn_id)
        lake, repository = hook.get_conn(), hook.repository(self.repository)
        ref = self.ref or _published(lake, repository, context)
        if self.tag:
            made = lake.refs.create_tag(
                repository,
                self.tag,
                source=ref,
                author=AUTHOR,
                message=self.message,
                key=f"airflow/notifier/{dag_id}/{run_id}/{self.tag}",
            )
            self.log.info("Tagged %s of %s as %r", made.commit[:8], repository, self.tag)
        if self.check:
            found = lake.checks.record_check(
                repository,
                ref,
                self.check,
                state=self.state or (CheckState.FAILED if _has_failed(context) else CheckState.PASSED),
                author=AUTHOR,
                summary=self.message,
                details={"airflow/dag_id": dag_id, "airflow/run_id": run_id, **_error(context)},
            )
            self.log.info("Check %r of %s: %s", self.check, found.commit[:8], found.state.value)

    async def async_notify(self, context: Context) -> None:
        """Does the same for callbacks that run in the triggerer."""
        await asyncio.to_thread(self.notify, context)


def _run_of(context: Context) -> tuple[str, str]:
    """Returns the ids of a DAG and its run; a deadline's callback has the run as Airflow's API tells it."""
    run: Any = context.get("dag_run")
    if "dag" in context:
        return context["dag"].dag_id, context["run_id"]
    if isinstance(run, Mapping):
        return run["dag_id"], run["dag_run_id"]
    raise InvalidInputError(
        "the notifier is told of no DAG run: it is for callbacks of tasks, of DAGs and of deadlines, and is "
        "to be given the context that Airflow gives those"
    )


def _published(lake: Catalog, repository: str, context: Context) -> str:
    """Returns the commit that the task has told of, or that the DAG run has published; else a branch."""
    if "deadline" in context:
        raise InvalidInputError(
            "a deadline's callback is not told what the DAG run has published; say what is meant by `ref`, "
            "such as ref='main'"
        )
    ti: Any = context.get("ti")
    task: Any = getattr(ti, "task", None)
    events: Any = context.get("outlet_events")
    for outlet in getattr(task, "outlets", None) or ():
        told = events[outlet].extra.get(EXTRA) if events is not None else None
        if isinstance(told, Mapping) and told.get("repository") == repository:
            return str(told["commit"])
    run: Any = context.get("dag_run")
    found = list(_commits(lake, repository, dag_run_attempt(run), context["dag"])) if run is not None else []
    if found:
        return max(found, key=lambda commit: commit.generation).id
    return lake.repositories.get_repository(repository).default_branch


def _commits(lake: Catalog, repository: str, attempt: DagRunAttempt, dag: Any) -> Iterator[Commit]:
    """Yields what each block of the DAG run was last published as."""
    blocks = [block for task in dag.tasks for block in blocks_of(task) if block.repository == repository]
    for key in {"", *(block.key for block in blocks)}:
        begun = transactions_of_dag_run(lake, repository, attempt, key=key)
        last = next((each.published for each in begun if each.published is not None), None)
        if last is not None:
            yield lake.refs.resolve(repository, last)


def _has_failed(context: Context) -> bool:
    if "deadline" in context:
        return True
    if context.get("reason") is not None:  # of a DAG run
        return context["reason"] != "success"
    # `DAG.test` tells of no exception before Airflow 3.3.
    state = getattr(context.get("ti"), "state", None)
    return context.get("exception") is not None or state in _FAILED


def _error(context: Context) -> dict[str, str]:
    error = context.get("exception")
    return {"error": str(error)[:500]} if error is not None else {}
