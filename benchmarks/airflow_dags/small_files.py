"""A DAG for `benchmarks/deployed_airflow.py`: each task writes a small file, to a lake or to a folder."""

import os

from airflow.sdk import DAG, task

TASKS = 100

with DAG("small_files", schedule=None, max_active_tasks=TASKS):
    for number in range(TASKS):

        @task(task_id=f"t{number}")
        def write(number: int) -> None:
            import fsspec

            with fsspec.open(f"{os.environ['BENCH_PLACE']}/d{number}.txt", "wb") as file:
                file.write(b"a small file\n")

        write(number)
