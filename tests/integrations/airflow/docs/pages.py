"""The example DAGs of the provider, and the commands of the pages that show them."""

import os
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import lineageflow_airflow.example_dags
from airflow.sdk import DAG

from tests.docs.markdown import ROOT, blocks
from tests.integrations.airflow.lakes import Connection

EXAMPLES = Path(lineageflow_airflow.example_dags.__path__[0])
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/airflow").glob("*.md"))


def example(name: str, dag: str = "dag") -> DAG:
    """Returns the DAG of an example, or another one of it."""
    found: DAG = getattr(import_module(f"lineageflow_airflow.example_dags.{name}"), dag)
    return found


def commands(page: str, program: str) -> list[list[str]]:
    """Returns the commands of a program on a page, in order, as words."""
    lines = [
        line
        for block in blocks(page)
        if not block.language
        for line in block.code.replace("\\\n", "").splitlines()
    ]
    return [words[1:] for line in lines if (words := shlex.split(line))[:1] == [program]]


def run_lineageflow(words: list[str], connection: Connection) -> str:
    """Runs `lineageflow ...` with the lake of a connection, and returns what it prints."""
    variables = {"LINEAGEFLOW_LAKE": connection["host"], "LINEAGEFLOW_TOKEN": connection.get("password", "")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lineageflow")), *words],
        env={**os.environ, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
