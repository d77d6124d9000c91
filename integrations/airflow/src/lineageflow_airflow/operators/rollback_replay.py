"""After a rollback, and once its cause is mended: the DAG runs whose data it took back are run again.

Exactly those, upstream first, and none whose data would come out the same. What is left to do is read from
the lake and from Airflow's runs each time, so nothing is lost with a process, and nothing is run twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.definitions.context import Context

from lineageflow_airflow.airflow_api import DEFAULT_CONNECTION as DEFAULT_AIRFLOW_CONNECTION
from lineageflow_airflow.airflow_api import ENDED, AirflowApi, RefusedError
from lineageflow_airflow.connection import DEFAULT_CONNECTION
from lineageflow_airflow.failures import AirflowException, AirflowFailException, task_failure
from lineageflow_airflow.hooks.lineageflow import LineageFlowHook
from lineageflow_airflow.links.pages import plan_url
from lineageflow_airflow.links.result import LineageFlowResultLink
from lineageflow_airflow.operators.base import Result
from lineageflow_airflow.origin import DAG_ID, MAP_INDEX, RUN_ID, TASK_ID
from lineageflow_core.errors import LineageFlowError
from lineageflow_core.model.plan import PlanState
from lineageflow_core.run.taken_back import TakenBack

_NOT_FOUND = 404
_ON_ASSETS = "asset_triggered"


class LineageFlowRollbackReplayOperator(BaseSensorOperator):
    """Has the DAG runs run again whose data a rollback took back, and waits until all of it is made again.

    In each, the tasks that made it are cleared, with all tasks below them: so checks are done and people are
    asked anew, on the newest version of the DAG. One after another, as the data says: a DAG run comes when
    all that it reads is made again, and not at all if that is as it was when its data was made. A DAG run
    that an asset has triggered, because of what was taken back, is not cleared, as it would read that: the
    event of what is published now triggers a new one. A DAG run that somebody has cleared since the rollback
    counts as well, and one that has not ended yet is waited for first. If one fails, so does this task; mend
    and clear that one, then clear this task.

    It looks every `poke_interval` seconds, and takes no worker between (`mode="reschedule"`). XCom:
    `repository`, `plan`, `runs` (the DAG runs that were run again, as `dag_id/run_id`), `unchanged` (those
    whose data is, or has become, what they would make of what is there now), `gone` (those that Airflow no
    longer has), `others` (datasets and partitions that no task of Airflow has made), `url`.

    :param plan: the id of the rollback plan, applied. (templated)
    :param repository: the repository; by default the connection's. (templated)
    :param lineageflow_conn_id: the connection to the lake. (templated)
    :param airflow_conn_id: a connection to Airflow's API, as `LineageFlowReplayOperator` has it. (templated)
    """

    template_fields: Sequence[str] = ("plan", "repository", "lineageflow_conn_id", "airflow_conn_id")
    operator_extra_links = (LineageFlowResultLink(),)
    ui_color = "#e0e6f2"

    def __init__(
        self,
        *,
        plan: str,
        repository: str | None = None,
        lineageflow_conn_id: str = DEFAULT_CONNECTION,
        airflow_conn_id: str = DEFAULT_AIRFLOW_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"mode": "reschedule", "poke_interval": 30.0, **kwargs})
        self.url: str | None = None
        self.plan = plan
        self.repository = repository or ""
        self.lineageflow_conn_id = lineageflow_conn_id
        self.airflow_conn_id = airflow_conn_id

    def poke(self, context: Context) -> PokeReturnValue:
        """Clears what can be run now, and tells whether all is done."""
        hook = LineageFlowHook(self.lineageflow_conn_id)
        try:
            repository = hook.repository(self.repository)
            taken_back = TakenBack(hook.get_conn(), self.plan, repository)
            replay = _Replay(AirflowApi(self.airflow_conn_id), taken_back)
            waiting = replay.go_on()
        except LineageFlowError as error:
            raise task_failure(error) from error
        for line in replay.said:
            self.log.info("%s", line)
        if waiting:
            self.log.info("Waiting for %s", ", ".join(waiting))
            return PokeReturnValue(is_done=False)
        self.url = plan_url(hook.page, self.plan)
        told: Result = {"repository": repository, "plan": self.plan, **replay.told()}
        return PokeReturnValue(is_done=True, xcom_value={**told, **({"url": self.url} if self.url else {})})


class _Stage(Enum):
    """How far the replay of a DAG run has come."""

    WAITING = auto()
    AGAIN = auto()
    UNCHANGED = auto()
    GONE = auto()


@dataclass(slots=True, kw_only=True)
class _DagRun:
    """A DAG run, and what the rollback took back of what it has made."""

    dag_id: str
    run_id: str
    tasks: dict[tuple[str, int], None] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.dag_id}/{self.run_id}"


class _Replay:
    """The replay of one rollback, as far as it has come."""

    def __init__(self, api: AirflowApi, taken_back: TakenBack) -> None:
        self._api = api
        self._taken_back = taken_back
        self._applied_at = max(each.at for each in taken_back.plan.history if each.state is PlanState.APPLIED)
        self._others: list[str] = []
        self._runs = self._find()
        self._stages: dict[str, _Stage] = {}
        self.said: list[str] = []
        """What was done, in words."""

    def go_on(self) -> list[str]:
        """Has run again what can be, and returns which DAG runs are waited for."""
        for run in self._runs.values():
            self._settle(run)
        return self._in(_Stage.WAITING)

    def told(self) -> dict[str, list[str]]:
        """Returns what has become of all of it."""
        return {
            "runs": self._in(_Stage.AGAIN),
            "unchanged": self._in(_Stage.UNCHANGED),
            "gone": self._in(_Stage.GONE),
            "others": self._others,
        }

    def _in(self, stage: _Stage) -> list[str]:
        return [name for name, each in self._stages.items() if each is stage]

    def _find(self) -> dict[str, _DagRun]:
        found: dict[str, _DagRun] = {}
        for path in self._taken_back.items:
            maker = self._taken_back.maker(path)
            said = maker.run.params if maker is not None else {}
            if not said.keys() >= {DAG_ID, RUN_ID, TASK_ID}:
                self._others.append(path)
                continue
            run = _DagRun(dag_id=said[DAG_ID], run_id=said[RUN_ID])
            run = found.setdefault(str(run), run)
            run.tasks[said[TASK_ID], int(said.get(MAP_INDEX, -1))] = None
            run.paths.append(path)
        return found

    def _settle(self, run: _DagRun) -> _Stage:
        """Does what can be done of a DAG run, after those that made what it reads."""
        name = str(run)
        if name not in self._stages:
            self._stages[name] = _Stage.AGAIN  # two DAG runs that read of each other do not wait
            self._stages[name] = self._stage(run)
        return self._stages[name]

    def _stage(self, run: _DagRun) -> _Stage:
        made_of = self._taken_back.made_of(run.paths)
        above = [self._settle(each) for each in self._makers(made_of) if each is not run]
        now = self._ask(run)
        if now is None:
            return _Stage.GONE
        if _time(now["queued_at"]) > self._applied_at:
            if now["state"] == "failed":
                raise AirflowFailException(
                    f"{run} was run again, and has failed: see {self._api.page(run.dag_id, run.run_id)}. "
                    "Mend and clear that, then clear this task"
                )
            return _Stage.AGAIN if now["state"] in ENDED else _Stage.WAITING
        if _Stage.WAITING in above or now["state"] not in ENDED:  # what runs would be cleared at each look
            return _Stage.WAITING
        if made_of and not any(self._taken_back.is_outdated(path) for path in run.paths):
            return _Stage.UNCHANGED
        if not made_of or now["run_type"] != _ON_ASSETS:
            self._clear(run)
        return _Stage.WAITING

    def _makers(self, paths: set[str]) -> Iterator[_DagRun]:
        return (run for run in self._runs.values() if not paths.isdisjoint(run.paths))

    def _ask(self, run: _DagRun) -> Any:
        try:
            return self._api.get(f"/dags/{run.dag_id}/dagRuns/{run.run_id}")
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise AirflowFailException(f"{run}: {error.said}") from error
            return None

    def _clear(self, run: _DagRun) -> None:
        asked = {
            "dry_run": False,
            "dag_run_id": run.run_id,
            "task_ids": [task if index < 0 else [task, index] for task, index in run.tasks],
            "include_downstream": True,
            "only_failed": False,
            "run_on_latest_version": True,
        }
        try:
            self._api.post(f"/dags/{run.dag_id}/clearTaskInstances", asked, once=True)
        except RefusedError as error:
            raise AirflowFailException(f"Airflow refuses to run {run} again: {error.said}") from error
        except AirflowFailException:
            raise
        except AirflowException as error:
            self.said.append(f"Whether {run} is run again is seen at the next look: {error}")
            return
        self.said.append(f"Has {run} run again, for {', '.join(run.paths)}")


def _time(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)
