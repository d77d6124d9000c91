"""The ten-line example does what its README says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineageflow_core import Repository, connect
from lineageflow_core.model.run import RunState

DEFINITIONS = Path(__file__).parents[2] / "examples" / "quickstart" / "definitions.py"


@pytest.mark.slow
def test_the_quickstart_runs_from_an_empty_folder_and_its_number_can_be_blamed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    dagster = Path(sys.executable).with_name("dagster")
    subprocess.run(
        [dagster, "asset", "materialize", "--select", "*", "-f", DEFINITIONS],
        cwd=tmp_path,
        env={**os.environ, "DAGSTER_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    repository = Repository(connect(str(tmp_path / "lake")), "shop")
    published, created = repository.catalog.history.log("shop", "main").items
    assert published.parents[0] == created.id
    blame = repository.catalog.lineage.blame("shop", "main", "revenue")
    assert blame.run is not None
    assert blame.run.state is RunState.COMPLETED
    assert [version.name for version in blame.inputs] == ["orders"]
