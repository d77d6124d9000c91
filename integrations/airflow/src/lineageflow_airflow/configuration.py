"""Airflow's configuration, wherever this release keeps it, read without a section of our own."""

import os
from urllib.parse import urlsplit

try:
    from airflow.sdk.configuration import conf
except ImportError:  # Airflow 3.1
    from airflow.configuration import conf

__all__ = ["conf", "openlineage_namespace", "page_address"]


def openlineage_namespace() -> str:
    """Returns the namespace of all jobs of this Airflow, as its OpenLineage provider has it."""
    configured = conf.get("openlineage", "namespace", fallback="")
    return str(configured or os.environ.get("OPENLINEAGE_NAMESPACE") or "default")


def page_address(path: str) -> str:
    """Returns the address of a page below Airflow's own, on whatever host people reach that by."""
    base = str(conf.get("api", "base_url", fallback="") or "")
    return f"{urlsplit(base).path.rstrip('/')}{path}"
