"""What is bad is taken back and, once its cause is mended, exactly the DAG runs that made it run again."""

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param

from lineageflow_airflow.operators.rollback import (
    LineageFlowRollbackApplyOperator,
    LineageFlowRollbackPlanOperator,
)
from lineageflow_airflow.operators.rollback_replay import LineageFlowRollbackReplayOperator

PREVIEW = """
{% for line in ti.xcom_pull("plan")["preview"] %}
- {{ line }}
{% endfor %}
"""

BAD = Param("", type="string")  # the approvals of Airflow 3.1 want a default

with DAG("replay_after_rollback", schedule=None, params={"bad": BAD}) as dag:
    plan = LineageFlowRollbackPlanOperator(task_id="plan", repository="sales", target="{{ params.bad }}")
    approve = ApprovalOperator(task_id="approve", subject="Take back {{ params.bad }}?", body=PREVIEW)
    apply = LineageFlowRollbackApplyOperator(
        task_id="apply", repository="sales", plan="{{ ti.xcom_pull('plan')['plan'] }}"
    )
    mended = ApprovalOperator(task_id="mended", subject="Is the cause of {{ params.bad }} mended?")
    replay = LineageFlowRollbackReplayOperator(
        task_id="replay", repository="sales", plan="{{ ti.xcom_pull('plan')['plan'] }}"
    )
    plan >> approve >> apply >> mended >> replay
