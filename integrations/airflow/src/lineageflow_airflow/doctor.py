"""Whether this Airflow is configured so that the provider works, and what to add where it is not.

`lineageflow doctor` asks it, wherever this provider is installed. It reads Airflow's configuration as the
process does that it runs in, so it is to be run where workers run, with their environment.
"""

import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from airflow.exceptions import AirflowNotFoundException  # type: ignore[attr-defined]  # so since 3.1

from lineageflow_airflow.configuration import conf
from lineageflow_airflow.connection import DEFAULT_CONNECTION, LakeConnection, connection_of, lake_of
from lineageflow_airflow.openlineage import FUNCTION
from lineageflow_airflow.provider import PACKAGE, SCHEME
from lineageflow_airflow.telling import leads_to, provider_transport
from lineageflow_core.doctor import Finding, FindingState
from lineageflow_core.errors import AccessDeniedError, LineageFlowError, ServerUnreachableError
from lineageflow_core.model.secrets import without_password

_CONTEXT = "_AIRFLOW_PROCESS_CONTEXT"
"""With it, Airflow also looks for connections in its database, as `airflow connections` does."""
_EXAMPLE = '{"conn_type": "lineageflow", "host": "https://lake.example", "password": "TOKEN"}'

_OPTIONS = {
    "transport": ("transport", "a JSON object", '{"type": "http", "url": "https://lake.example"}'),
    "emission_policy": ("emission_policy", "a JSON array", "[]"),
    "selective_enable": ("selective_enable", "one of True and False", "False"),
    "disabled": ("is_disabled", "one of True and False", "False"),
}
"""Of the OpenLineage provider: what reads each in its `conf`, what it is to be, and such a one."""


def examine() -> Iterator[Finding]:
    """Yields what is found, one thing after another."""
    yield _provider()
    yield _plugin()
    said = yield from _connection()
    yield from _openlineage(said)
    yield _xcom()


def _finding(name: str, state: FindingState, text: str, *lines: str) -> Finding:
    return Finding(about="airflow", name=name, state=state, text=text, lines=lines)


def _provider() -> Finding:
    from airflow.providers_manager import ProvidersManager

    known = ProvidersManager()  # type: ignore[no-untyped-call]
    found = known.providers.get(PACKAGE)
    if found is None:
        return _finding("provider", FindingState.WRONG, "Airflow does not find it", f"pip install {PACKAGE}")
    return _finding("provider", FindingState.GOOD, f"{PACKAGE} {found.version} is found")


def _plugin() -> Finding:
    from airflow import plugins_manager

    found = {str(each["name"]) for each in plugins_manager.get_plugin_info()}
    if "lineageflow" not in found:
        return _finding(
            "plugin",
            FindingState.WRONG,
            "Airflow has not loaded it, so nothing is told of what tasks do; `airflow plugins` says why",
            f"pip install --force-reinstall {PACKAGE}",
        )
    return _finding("plugin", FindingState.GOOD, "it is loaded")


def _connection() -> Generator[Finding, None, LakeConnection | None]:
    wanted = f"AIRFLOW_CONN_{DEFAULT_CONNECTION.upper()}='{_EXAMPLE}'"
    said = None
    try:
        with _database():
            said = connection_of()
            count = len(lake_of().repositories.list_repositories().items)
    except (LineageFlowError, AirflowNotFoundException) as error:
        text = error.message if isinstance(error, LineageFlowError) else str(error)
        names_one = isinstance(error, (AccessDeniedError, ServerUnreachableError))
        lines = () if names_one else (wanted,)
        yield _finding("connection", FindingState.WRONG, text, *lines)
    else:
        shown = without_password(said.address)
        yield _finding("connection", FindingState.GOOD, f"{shown} answers, with {count} repositories")
    return said


@contextmanager
def _database() -> Iterator[None]:
    """Has connections looked for in Airflow's database, too."""
    before = os.environ.get(_CONTEXT)
    os.environ[_CONTEXT] = "server"
    try:
        yield
    finally:
        os.environ.pop(_CONTEXT)
        os.environ.update({_CONTEXT: before} if before is not None else {})


def _openlineage(said: LakeConnection | None) -> Iterator[Finding]:
    try:
        from airflow.providers.openlineage import conf as provider
    except ImportError:
        yield _finding("OpenLineage", FindingState.GOOD, "its provider is not installed: tasks tell the lake")
        return
    with _database():
        wrong = _unreadable(provider)
        transport = provider_transport() if wrong is None else {}
    if wrong is not None:
        yield wrong
        return
    if provider.is_disabled() or not transport:
        why = "disabled" if provider.is_disabled() else "without a transport"
        yield _finding("OpenLineage", FindingState.GOOD, f"its provider is {why}: tasks tell the lake")
        return
    if said is not None:
        yield _transport(said, transport)
    if FUNCTION in provider.custom_run_facets():
        yield _finding("run facet", FindingState.GOOD, "events name the data branch and its commits")
    else:
        functions = ";".join(sorted({*provider.custom_run_facets(), FUNCTION}))
        yield _finding(
            "run facet",
            FindingState.ADVICE,
            "events of the OpenLineage provider do not name the data branch and its commits",
            f"AIRFLOW__OPENLINEAGE__CUSTOM_RUN_FACETS='{functions}'",
        )


def _unreadable(provider: Any) -> Finding | None:
    """Returns what keeps the provider from telling anybody: something is written in a way it cannot read."""
    with suppress(Exception):
        if provider.is_disabled():
            return None
    for option, (reader, wanted, such) in _OPTIONS.items():
        try:
            getattr(provider, reader, dict)()  # of some, later versions only
        except Exception:  # noqa: BLE001  # AirflowConfigException, and others
            return _finding(
                "OpenLineage",
                FindingState.WRONG,
                f"its provider tells nobody: [openlineage] {option} is to be {wanted}, and is none",
                f"AIRFLOW__OPENLINEAGE__{option.upper()}='{such}'",
            )
    try:
        provider_transport()
    except Exception as error:  # noqa: BLE001  # of the file, or of the connection
        text = (
            "its provider tells nobody: what [openlineage] config_conn_id or config_path leads to cannot be "
            f"read: {type(error).__name__}: {error}"
        )
        return _finding("OpenLineage", FindingState.WRONG, text)
    return None


def _transport(said: LakeConnection, transport: Mapping[str, Any]) -> Finding:
    if not said.address.startswith(("http://", "https://")):
        return _finding("OpenLineage", FindingState.GOOD, "tasks tell the lake, which is a folder")
    if leads_to(transport, said.address):
        return _finding("OpenLineage", FindingState.GOOD, "its provider's events come to the lake, too")
    lake = {
        "type": "http",
        "url": without_password(said.address),
        "auth": {"type": "api_key", "apiKey": "TOKEN"},
    }
    others = {"before": "WHAT IT IS NOW", "lineageflow": lake}
    both = json.dumps({"type": "composite", "transports": others})
    both = both.replace('"WHAT IT IS NOW"', _as_it_is(transport))
    return _finding(
        "OpenLineage",
        FindingState.ADVICE,
        "its provider tells another place, and tasks tell the lake how they end; to have all in the lake",
        f"AIRFLOW__OPENLINEAGE__TRANSPORT='{both}'",
    )


def _as_it_is(transport: Mapping[str, Any]) -> str:
    """Returns a transport as it is written, but for what is secret in it."""
    shown = {name: "..." if name in {"auth", "headers"} else each for name, each in transport.items()}
    return json.dumps(shown, default=str)


def _xcom() -> Finding:
    path = str(conf.get("common.io", "xcom_objectstorage_path", fallback="") or "")
    if not path.startswith(f"{SCHEME}://"):
        return _finding("XCom", FindingState.GOOD, "it is not kept in a lake")
    if "/@xcom/" in f"{path}/":
        return _finding("XCom", FindingState.GOOD, f"it is kept at {path}, which is no lineage")
    repository = path.removeprefix(f"{SCHEME}://").partition("/")[0]
    return _finding(
        "XCom",
        FindingState.WRONG,
        f"{path} is data of the default branch: what tasks pass to each other would be lineage",
        f"AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH={SCHEME}://{repository}/@xcom/airflow",
    )
