"""DAGs that feed each other, one of which makes bad data until that is mended; and the example that helps."""

from pathlib import Path
from typing import Any

import pandas as pd
from airflow.sdk import DAG, Asset, task
from lineageflow_airflow import data_branch
from lineageflow_airflow.example_dags import replay_after_rollback

EXAMPLE = replay_after_rollback.dag
# Airflow 3.3 may take the end of a process that is to look again soon for that of the one which does.
replay_after_rollback.replay.mode = "poke"
replay_after_rollback.replay.poke_interval = 1
GRAIN = Asset("lf://sales/grain.csv")


def read(name: str) -> int:
    return int(pd.read_csv(f"lf://sales/{name}.csv")["amount"].sum())


def write(name: str, amount: int) -> None:
    pd.DataFrame({"amount": [amount]}).to_csv(f"lf://sales/{name}.csv", index=False)


with DAG("harvest", schedule=None), data_branch("sales"):

    @task(outlets=[GRAIN])
    def grain(*, dag_run: Any = None) -> None:
        write("grain", int(Path(dag_run.conf["amount"]).read_text()))

    grain()

with DAG("bakery", schedule=None), data_branch("sales"):

    @task
    def bread() -> None:
        write("bread", 10 * read("grain"))

    @task
    def menu() -> None:
        write("menu", 1)

    bread()
    menu()

with DAG("mill_on_asset", schedule=[GRAIN]):

    @task.lineageflow(outlets=[Asset("lf://sales/flour.csv")])
    def flour() -> None:
        write("flour", 100 * read("grain"))

    flour()
