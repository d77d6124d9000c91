"""A person who is asked by a DAG run, and answers."""

from typing import Any

from tests.integrations.airflow.deployed.deployment import Airflow
from tests.integrations.waiting import until

_WAITS = {"awaiting_input", "deferred"}


def question(airflow: Airflow, dag: str, run_id: str, task: str) -> Any:
    """Returns what a person is asked, as soon as the task waits for the answer.

    Nobody answers before the scheduler has noticed that the task's process has ended: Airflow 3.3 would take
    its end for that of the process which goes on with the answer, and fail the task.
    """
    ended = f"dag_id='{dag}', task_id='{task}', run_id='{run_id}'"

    def is_noticed() -> bool | None:
        log = (airflow.home / "scheduler.log").read_text(errors="replace")
        return any("executor event" in line and ended in line for line in log.splitlines()) or None

    def waits() -> bool | None:
        tasks = airflow.tasks(dag, run_id)
        for name, each in tasks.items():
            if each["state"] == "failed":
                raise AssertionError(airflow.log(dag, run_id, name, try_number=each["try_number"]))
        return tasks[task]["state"] in _WAITS or None

    until(waits, "somebody is asked")
    until(is_noticed, "the scheduler has noticed it")
    return airflow.ask("GET", _place(dag, run_id, task))


def answer(airflow: Airflow, dag: str, run_id: str, task: str, choice: str) -> None:
    """Answers it."""
    airflow.ask("PATCH", _place(dag, run_id, task), json={"chosen_options": [choice], "params_input": {}})


def _place(dag: str, run_id: str, task: str) -> str:
    return f"/dags/{dag}/dagRuns/{run_id}/taskInstances/{task}/-1/hitlDetails"
