"""Who tells a lake how a try ends: Airflow's OpenLineage provider, if its events come there, else we.

What a try read and wrote is always told by its sessions. That it has started, succeeded or failed is to be
told once. This reads what the provider is configured with, in all the ways that it can be, and opens no
transport. A provider whose configuration cannot be read tells nobody, and no task fails for it.
"""

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

_ENDPOINT = "api/v1/lineage"
"""Where OpenLineage's client brings events to, if it is not told another place."""
_PORTS = {"http": 80, "https": 443}
_log = logging.getLogger(__name__)


def provider_tells(address: str | None, task_instance: Any) -> bool:
    """Tells whether the provider tells the lake at `address`, a server's URL, of a task's tries.

    A lake that is a folder is told by nobody else.
    """
    if address is None or not address.startswith(("http://", "https://")):
        return False
    try:
        return leads_to(provider_transport(), address) and _emits(task_instance)
    except Exception as error:  # noqa: BLE001  # whatever the provider makes of what people have written
        _warn(type(error).__name__)
        return False


def provider_transport() -> Mapping[str, Any]:
    """Returns the configuration of the provider's transport; empty where there is none, or no provider.

    Raises what the provider, or OpenLineage's client, raises where it cannot be read.
    """
    try:
        from airflow.providers.openlineage import conf
    except ImportError:
        return {}
    if conf.is_disabled():
        return {}
    from airflow.providers.openlineage.plugins.adapter import OpenLineageAdapter
    from openlineage.client import OpenLineageClient
    from openlineage.client.transport.noop import NoopConfig, NoopTransport

    class Configured(OpenLineageClient):
        """A client that has put its configuration together, and connects to nothing."""

        def _resolve_transport(self, **_: Any) -> NoopTransport:
            return NoopTransport(NoopConfig())

    config = OpenLineageAdapter().get_openlineage_config()
    return Configured(config=config).config.transport or {}


def leads_to(transport: Mapping[str, Any], address: str) -> bool:
    """Tells whether a transport, or one that it passes events on to, brings them to the lake at `address`."""
    target = _place(f"{address.rstrip('/')}/{_ENDPOINT}")
    return any(_place(url) == target for url in _urls(transport))


def _urls(transport: Mapping[str, Any]) -> Iterator[str]:
    """Yields where a transport, and those in a `composite` or a `transform`, send events."""
    if url := transport.get("url"):
        yield f"{str(url).rstrip('/')}/{str(transport.get('endpoint') or _ENDPOINT).strip('/')}"
    inner = transport.get("transports") or ()
    others = list(inner.values() if isinstance(inner, Mapping) else inner)
    if isinstance(transport.get("transport"), Mapping):
        others.append(transport["transport"])
    for each in others:
        yield from _urls(each)


def _place(url: str) -> tuple[str, str | None, int | None, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme), parts.path


def _emits(task_instance: Any) -> bool:
    """Tells whether the provider's own settings let it tell of a task."""
    try:
        from airflow.providers.openlineage.utils.emission_policy import resolve_task_emission_policy
    except ImportError:  # before its version 2.17
        from airflow.providers.openlineage.utils.utils import (
            is_operator_disabled,
            is_selective_lineage_enabled,
        )

        task = task_instance.task
        return not is_operator_disabled(task) and is_selective_lineage_enabled(task)
    controls = resolve_task_emission_policy(
        operator=task_instance.task, dag_id=task_instance.dag_id, task_id=task_instance.task_id
    )
    return bool(controls.emit)


@cache
def _warn(error: str) -> None:
    """Says once in a process that the provider is out; what it has read may have secrets in it."""
    _log.warning(
        "The configuration of Airflow's OpenLineage provider cannot be read (%s), so nothing but the task "
        "itself tells the lake; `lineageflow doctor` says what to mend",
        error,
    )
