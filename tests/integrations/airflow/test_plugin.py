"""The plugin is loaded by each process of Airflow, so it costs next to nothing until a lake is used."""

import subprocess
import sys

import pytest
from lineageflow_airflow.configuration import page_address

_LOADED = """
import sys
from airflow.sdk import plugins_manager, Asset
plugins_manager.get_hook_lineage_readers_plugins()
assert "lineageflow_airflow.listener" in sys.modules
assert "lf://sales/orders" == Asset(uri="lf://conn@sales/@dev/orders", name="orders").uri
print(sorted({name.partition(".")[0] for name in sys.modules} & {NAMES}))
"""


@pytest.mark.slow
def test_airflow_loads_the_plugin_and_parses_assets_without_lineageflows_core_or_openlineage() -> None:
    names = "{'lineageflow_core', 'openlineage'}"
    code = _LOADED.replace("{NAMES}", names)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == found.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "base, address",
    [
        ("", "/lineageflow/"),
        ("http://here", "/lineageflow/"),
        ("https://here/airflow/", "/airflow/lineageflow/"),
    ],
)
def test_pages_are_on_the_host_by_which_people_reach_airflow(
    base: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base)
    assert address == page_address("/lineageflow/")
