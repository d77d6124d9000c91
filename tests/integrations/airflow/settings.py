"""Where the tests' Airflow lives, and how it is set up: in the environment, before anything imports it.

Each process of tests has a home of its own, with an empty SQLite database, which is gone with the process.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="lf-airflow-"))
DAGS = HOME / "dags"

_OURS = ("AIRFLOW", "LINEAGEFLOW_", "OPENLINEAGE_")


def set_up() -> None:
    """Makes the home, and lets nothing but what is said here decide how Airflow works."""
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    DAGS.mkdir()
    atexit.register(shutil.rmtree, HOME, ignore_errors=True)
    os.environ.update(
        {
            "AIRFLOW_HOME": str(HOME),
            "AIRFLOW__API_AUTH__JWT_SECRET": "known to tests only, and " * 3,
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            # Else a DAG is for half a minute the one of the same name that another test has made.
            "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            # It starts a process for each event. A test that is about it has it in processes of its own.
            "AIRFLOW__OPENLINEAGE__DISABLED": "True",
        }
    )
