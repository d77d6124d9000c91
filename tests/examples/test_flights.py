"""The story that `make demo` tells, told once, then looked at in the lake that it leaves."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lineageflow_core import Catalog, Repository, connect
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.lineage import Direction, NodeKind
from lineageflow_core.model.plan import PlanAction, PlanState
from lineageflow_core.model.run import RunState, TransactionState

ROOT = Path(__file__).parents[2]
DERIVED = {"clean_flights", "daily_delays", "delay_model", "flights_weather", "model_evaluation", "report"}

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Told:
    """The story's text, and the lake after it."""

    text: str
    folder: Path
    repository: Repository

    @property
    def catalog(self) -> Catalog:
        return self.repository.catalog

    @property
    def commits(self) -> list[Commit]:
        """Of main, oldest first: created, good run, bad run, rollback, merged replay."""
        return list(reversed(self.catalog.history.log("flights", "main").items))


def tell(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.flights.demo"],
        cwd=ROOT,
        env={**os.environ, "FLIGHTS_LAKE": str(folder), "SERVE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("demo") / "lake"
    done = tell(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return Told(done.stdout, folder, Repository(connect(str(folder)), "flights"))


def test_the_story_has_six_acts_and_an_end(told: Told) -> None:
    assert re.findall(r"─ (\d)\. ", told.text) == ["1", "2", "3", "4", "5", "6"]
    assert "The end" in told.text


def test_main_has_a_commit_for_each_publication_and_none_for_the_failed_run(told: Told) -> None:
    assert [commit.author for commit in told.commits] == ["demo", "dagster", "dagster", "demo", "demo"]


def test_the_four_runs_ended_as_the_story_says(told: Told) -> None:
    runs = {run.id: run.state for run in told.catalog.lineage.list_runs().items}
    assert sorted(runs.values()) == [RunState.COMPLETED] * 3 + [RunState.FAILED]
    transactions = told.catalog.transactions.list_transactions("flights").items
    states = {transaction.run_id: transaction.state for transaction in transactions}
    assert states == {
        run_id: TransactionState.PUBLISHED if state is RunState.COMPLETED else TransactionState.DISCARDED
        for run_id, state in runs.items()
    }


def test_the_failed_runs_branch_can_be_looked_at(told: Told) -> None:
    (failed,) = told.catalog.lineage.list_runs(state=RunState.FAILED).items
    differs = told.catalog.history.diff_datasets("flights", "main", f"run:{failed.id}", path="raw_flights")
    assert "2013-09" in differs.items[0].partitions


def test_the_rollback_gives_main_the_content_of_the_good_run(told: Told) -> None:
    _, good, bad, rollback, _ = told.commits
    assert rollback.root == good.root
    assert rollback.root != bad.root
    (plan,) = told.catalog.plans.list_plans("flights").items
    assert plan.state is PlanState.APPLIED
    assert plan.commit == rollback.id
    assert {item.dataset for item in plan.items if item.action is PlanAction.RESTORE} == {
        "raw_flights",
        *DERIVED,
    }


def test_only_july_and_what_comes_from_it_differs_after_the_replay(told: Told) -> None:
    _, good, *_ = told.commits
    differs = told.catalog.history.diff_datasets("flights", good.id, "main").items
    assert {diff.path for diff in differs} == {"raw_flights", *DERIVED}
    assert {partition for diff in differs for partition in diff.partitions} == {"2013-07"}


def test_the_model_can_be_traced_to_every_month_that_it_learned_from(told: Told) -> None:
    graph = told.catalog.lineage.trace("lf://flights/delay_model", direction=Direction.UPSTREAM, depth=1)
    read = {
        node.version.partition
        for node in graph.nodes
        if node.kind is NodeKind.VERSION
        and node.version is not None
        and node.version.name == "flights_weather"
    }
    assert read == {f"2013-{month:02d}" for month in range(1, 9)}


def test_the_commands_that_the_story_shows_can_be_repeated(told: Told) -> None:
    shown = [line.removeprefix("$ ") for line in told.text.splitlines() if line.startswith("$ ")]
    looking = [line for line in shown if not re.search(r"--yes|branch create|^lineageflow merge", line)]
    assert len(shown) - len(looking) == 3
    for line in looking:
        command, *arguments = line.split()
        done = subprocess.run(
            [Path(sys.executable).with_name(command), *arguments],
            cwd=told.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_the_demo_refuses_a_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = tell(tmp_path)
    assert done.returncode == 1
    assert "FLIGHTS_LAKE" in done.stdout
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_the_project_has_what_its_readme_says() -> None:
    from examples.flights.definitions import defs

    loaded = defs.get_repository_def()
    assert {"flights", "refine", "replay_rollback"} <= {job.name for job in loaded.get_all_jobs()}
    assert ["refine_replay_schedule"] == [schedule.name for schedule in loaded.schedule_defs]
    assert {"lineageflow_reconciliation", "lineageflow_rollback"} <= {
        each.name for each in loaded.sensor_defs
    }
    specs = defs.resolve_all_asset_specs()
    assert all(spec.owners for spec in specs)
