"""What a run runs on, as text facts by name."""

import getpass
import platform
import re
import socket
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

PACKAGES = (
    "apache-airflow",
    "dagster",
    "duckdb",
    "lightgbm",
    "lineageflow-core",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pyspark",
    "scikit-learn",
    "scipy",
    "torch",
    "xgboost",
)
"""Distributions whose version may change what a pipeline computes."""

_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)


def environment(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Returns the Python version, the platform, user and host, and the version of each installed package.

    What cannot be told (a container's user may have no name) is left out.
    """
    facts = {
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
        "user": _user(),
        "host": socket.gethostname(),
    }
    versions = {package: _version(package) for package in packages}
    return {name: fact for name, fact in {**facts, **versions}.items() if fact}


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None


@cache
def _version(package: str) -> str | None:
    try:
        found = distribution(package)
    except PackageNotFoundError:
        return None
    # Parsing all that a package says of itself takes a hundred times as long, in each process of a run.
    said = _VERSION.search(found.read_text("METADATA") or "")
    return said[1] if said else found.version
