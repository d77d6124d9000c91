"""What may import what, and what an import of core may cost.

The contracts are in pyproject.toml. The cost is counted in modules rather than in milliseconds: it is what a
library loads that makes it slow to import, and a clock is not a test.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

HEAVY = {
    "dagster",
    "duckdb",
    "fastapi",
    "httpx2",
    "importlib.metadata",
    "numpy",
    "openlineage",
    "pandas",
    "pyarrow",
    "rich",
    "sqlalchemy",
    "typer",
}


def _modules_after(statement: str) -> set[str]:
    program = f"{statement}; import sys; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_every_import_contract_is_kept() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == run.returncode, run.stdout + run.stderr


def test_importing_core_loads_nothing_that_its_first_use_could_load() -> None:
    assert set() == HEAVY & _modules_after("import lineageflow_core")


def test_importing_core_loads_none_of_the_other_distributions() -> None:
    loaded = _modules_after("import lineageflow_core")
    assert set() == {"lineageflow_server", "lineageflow_dagster"} & loaded
