"""A DAG for `benchmarks/deployed_airflow.py`: each task does nothing at all."""

from airflow.sdk import DAG, task

TASKS = 100

with DAG("small_tasks", schedule=None, max_active_tasks=TASKS):
    for number in range(TASKS):

        @task(task_id=f"t{number}")
        def idle() -> None: ...

        idle()
