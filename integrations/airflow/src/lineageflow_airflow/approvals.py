"""A person who is asked, in a block, whether it is published: by Airflow's own `ApprovalOperator`.

Invariant: what somebody turned down, or was never asked about, is not published.
"""

import sys
from collections.abc import Sequence
from typing import Any

from airflow.sdk.definitions.mappedoperator import MappedOperator

from lineageflow_airflow.failures import AirflowFailException, AirflowSkipException

_HITL = "airflow.providers.standard.operators.hitl"
_SKIPPED_BELOW = "skipmixin_key"
"""The XCom in which Airflow's tasks say what they have skipped below them."""


def is_approval(task: Any) -> bool:
    """Tells whether a task asks somebody whether to go on."""
    hitl = sys.modules.get(_HITL)  # imported by whoever has such a task
    kind = task.operator_class if isinstance(task, MappedOperator) else type(task)
    return hitl is not None and issubclass(kind, hitl.ApprovalOperator)


def skip_if_rejected(ti: Any, approvals: Sequence[str]) -> None:
    """Raises AirflowSkipException if an instance of a mapped approval was rejected.

    Of one that is not mapped, Airflow does not even begin the task that publishes.
    """
    if approvals:
        said = ti.xcom_pull(task_ids=list(approvals), key=_SKIPPED_BELOW)
        if any(ti.task_id in (each or {}).get("skipped", ()) for each in said):
            raise AirflowSkipException(f"rejected: see {', '.join(approvals)}")


def refuse_unasked(ti: Any, approvals: Sequence[str]) -> None:
    """Raises AirflowFailException if an approval was passed over, as tasks above it were skipped."""
    states = states_of(ti, approvals)
    if passed_over := sorted(name for name, state in states.items() if state != "success"):
        raise AirflowFailException(
            f"nobody was asked: {', '.join(passed_over)} was {states[passed_over[0]]}, and without that "
            "nothing is published. If it is to be asked also where tasks above it are skipped, give it "
            "trigger_rule='none_failed'"
        )


def states_of(ti: Any, tasks: Sequence[str]) -> dict[str, str | None]:
    """Returns the states of tasks of this run, those of mapped ones as `name_0`."""
    if not tasks:
        return {}
    states = ti.get_task_states(dag_id=ti.dag_id, task_ids=list(tasks), run_ids=[ti.run_id])
    return dict(states.get(ti.run_id, {}))
