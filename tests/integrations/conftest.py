"""Airflow changes the process that it is imported in, so its tests have one of their own."""

from pathlib import Path

import pytest

AIRFLOW = Path(__file__).parent / "airflow"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves the folder out, except where the command names it, or something in it."""
    named = (Path(argument.partition("::")[0]).absolute() for argument in config.invocation_params.args)
    if collection_path == AIRFLOW and not any(AIRFLOW in {path, *path.parents} for path in named):
        return True
    return None
