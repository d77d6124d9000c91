"""The program that is a whole Airflow: its components, each a process that is forked from one.

Importing Airflow takes each of them seconds of a processor; here one does it for all. It ends when what has
started it closes the pipe or dies, and then leaves nothing behind, however a process of it was begun.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

COMPONENTS = {
    "api-server": ["--host", "127.0.0.1", "--workers", "1"],
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
    "triggerer": ["--skip-serve-logs"],
}


def main() -> None:
    """Makes the database, runs all components, and waits until standard input is closed."""
    home = Path(os.environ["AIRFLOW_HOME"])
    # What the components import.
    import airflow.api_fastapi.app
    import airflow.cli.cli_parser
    import airflow.dag_processing.manager
    import airflow.executors.local_executor
    import airflow.jobs.scheduler_job_runner
    import airflow.jobs.triggerer_job_runner  # noqa: F401

    try:
        _, status = os.waitpid(_forked(home, "db", "migrate"), 0)
        if status == 0:
            for name, options in COMPONENTS.items():
                _forked(home, name, *options)
            sys.stdin.read()
    finally:
        kill_all(home)


def _forked(home: Path, name: str, *options: str) -> int:
    """Returns the process that executes `airflow NAME ...`; what it says goes to a file that is named so."""
    if process := os.fork():
        return process
    os.setsid()
    log = os.open(home / f"{name}.log", os.O_WRONLY | os.O_CREAT, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for given, stream in ((null, 0), (log, 1), (log, 2)):
        os.dup2(given, stream)
    from airflow.__main__ import main as execute

    sys.argv = ["airflow", name, *options]
    execute()  # type: ignore[no-untyped-call]
    sys.stdout.flush()
    os._exit(0)


def kill_all(home: Path) -> None:
    """Kills all processes of an Airflow but this one."""
    mark = f"AIRFLOW_HOME={home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(folder.name) != os.getpid() and mark in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)


if __name__ == "__main__":
    main()
