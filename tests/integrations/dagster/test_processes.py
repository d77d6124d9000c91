"""What holds in a running Dagster: webserver, daemon, runs in processes of their own, people at its page.

All that takes its time is started first, when the first run is published; then each test waits for its part.
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from lineageflow_dagster import INTO_TAG, REF_TAG
from playwright.sync_api import Page, expect

from lineageflow_core import Repository, connect
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import TransactionState
from tests.integrations.dagster.deployed import OPEN_VARIABLE, PAGE
from tests.integrations.dagster.processes import DagsterDev, dagster_dev, is_running
from tests.integrations.dagster.shop import ALL_DAYS
from tests.integrations.waiting import until
from tests.web.conftest import browser_context_args, browser_type_launch_args  # noqa: F401  # fixtures

pytestmark = [pytest.mark.slow, pytest.mark.crash]

MODULE = "tests.integrations.dagster.deployed"
BRANCHES = ("by_asset", "by_job", "by_command", "sensed", "scheduled")
TROUBLES = {"terminated": "sales_in_one_process", "step_killed": "sales", "run_killed": "sales"}
"""What is done to runs, and the job that they are of."""
OLD = {REF_TAG: "v1"}


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A running Dagster, its lake, and what was started there."""

    dev: DagsterDev
    repository: Repository
    folder: Path
    first: str
    """The run that was published to main."""
    published: Commit
    """What it has published. The tag v1 is that without totals, and the tip of main has no orders either."""
    main: Commit
    hanging: dict[str, str]
    """Runs that hang in their second step, by what is to be done to them."""

    def marker(self, trouble: str) -> Path:
        return self.folder / trouble

    def hangs(self, trouble: str) -> str:
        """Waits until a run hangs. Returns its id."""
        until(lambda: self.marker(trouble).exists() or None, f"the run that will be {trouble} hangs")
        return self.hanging[trouble]

    def datasets(self, ref: str) -> dict[str, str]:
        listed = self.repository.catalog.objects.list_datasets("shop", ref)
        return {dataset.path: dataset.snapshot for dataset in listed.items}

    def days(self, branch: str) -> set[str]:
        """Returns the days of which a branch has totals, which have to be those of the first run."""
        old, new = self.totals(self.published.id), self.totals(branch)
        assert new.items() <= old.items()
        return set(new)

    def totals(self, ref: str) -> dict[str, bytes]:
        listed = self.repository.catalog.objects.list_objects("shop", ref, path="totals").items
        return {entry.path.split("/")[1]: self.repository.read_bytes(entry.path, ref=ref) for entry in listed}

    def state(self, run_id: str) -> TransactionState:
        return self.repository.catalog.transactions.get_transaction("shop", RunId(run_id)).state

    def log(self, run_id: str) -> str:
        records = self.dev.instance.all_logs(run_id)
        events = [record.dagster_event for record in records if record.dagster_event is not None]
        return "\n".join(event.message or "" for event in events)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    lake = str(folder / "lake")
    repository = Repository(connect(lake), "shop", author="ada").create()
    variables = {"SHOP_LAKE": lake, OPEN_VARIABLE: str(folder / "open")}
    with dagster_dev(MODULE, folder, variables) as dev:
        first = dev.launch("shop", tags=ALL_DAYS)
        assert dev.ended(first) is dg.DagsterRunStatus.SUCCESS
        published = repository.head()
        repository.delete("totals")
        repository.tag("v1")
        for branch in BRANCHES:
            repository.branch(branch)
        main = repository.delete("orders")
        dev.backfill_assets(["totals"], ["mon", "tue"], tags={**OLD, INTO_TAG: "by_asset"})
        dev.backfill_job("of_one_day", ["mon", "tue"], tags={**OLD, INTO_TAG: "by_job"})
        typed = dev.backfill_by_command("of_one_day", ["mon", "tue"], tags={**OLD, INTO_TAG: "by_command"})
        (folder / "open").touch()
        hanging = {
            trouble: dev.launch(
                job,
                config={"ops": {"totals": {"config": {"fails": "hangs", "marker": str(folder / trouble)}}}},
                tags={**ALL_DAYS, REF_TAG: "main"},
            )
            for trouble, job in TROUBLES.items()
        }
        yield Deployment(
            dev=dev,
            repository=repository,
            folder=folder,
            first=first,
            published=published,
            main=main,
            hanging=hanging,
        )
        typed.kill()
        typed.wait()


def test_a_run_of_many_processes_is_one_commit(deployment: Deployment) -> None:
    published = deployment.published
    found, created = deployment.repository.catalog.history.log("shop", published.id).items
    assert (found, published.parents[0]) == (published, created.id)
    assert deployment.datasets(published.id).keys() == {"customers", "orders", "summary", "totals"}
    steps = {deployment.dev.step_pid(deployment.first, step) for step in ("orders", "totals", "summary")}
    assert len(steps - {deployment.dev.run_pid(deployment.first)}) == 3


def test_a_run_that_is_terminated_publishes_nothing(deployment: Deployment) -> None:
    run_id = deployment.hangs("terminated")
    deployment.dev.terminate(run_id)
    assert deployment.dev.ended(run_id) is dg.DagsterRunStatus.CANCELED
    assert deployment.state(run_id) is TransactionState.DISCARDED


def test_a_run_whose_step_is_killed_publishes_nothing(deployment: Deployment) -> None:
    run_id = deployment.hangs("step_killed")
    os.kill(deployment.dev.step_pid(run_id, "totals"), signal.SIGKILL)
    assert deployment.dev.ended(run_id) is dg.DagsterRunStatus.FAILURE
    assert deployment.state(run_id) is TransactionState.DISCARDED


def test_a_run_that_is_killed_publishes_nothing_whatever_its_steps_still_write(
    deployment: Deployment,
) -> None:
    run_id = deployment.hangs("run_killed")
    step = deployment.dev.step_pid(run_id, "totals")
    os.kill(deployment.dev.run_pid(run_id), signal.SIGKILL)
    assert deployment.dev.ended(run_id) is dg.DagsterRunStatus.FAILURE
    assert is_running(step)
    deployment.marker("run_killed.go").touch()
    until(lambda: None if is_running(step) else True, "the orphaned step ends")
    assert deployment.state(run_id) is not TransactionState.PUBLISHED


def test_main_has_nothing_of_the_runs_that_did_not_succeed(deployment: Deployment) -> None:
    for trouble in TROUBLES:
        deployment.dev.ended(deployment.hanging[trouble])
    assert deployment.repository.head() == deployment.main


def test_a_sensor_runs_on_old_data_and_publishes_to_a_branch(deployment: Deployment) -> None:
    (run,) = deployment.dev.runs({INTO_TAG: "sensed"}, number=1)
    assert run.tags["dagster/sensor_name"] == "at_the_door"
    assert deployment.days("sensed") == {"mon"}


def test_a_backfill_of_assets_reads_the_tag_and_publishes_to_the_branch(deployment: Deployment) -> None:
    runs = deployment.dev.runs({INTO_TAG: "by_asset"}, number=1)
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert all("dagster/backfill" in run.tags for run in runs)
    assert deployment.days("by_asset") == {"mon", "tue"}


def test_a_backfill_of_a_job_reads_the_tag_and_publishes_to_the_branch(deployment: Deployment) -> None:
    runs = deployment.dev.runs({INTO_TAG: "by_job"}, number=1)
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert deployment.days("by_job") == {"mon", "tue"}
    log = deployment.repository.catalog.history.log("shop", "by_job").items
    assert {commit.run_id for commit in log} >= {RunId(run.run_id) for run in runs}


def test_a_backfill_that_somebody_types_reads_the_tag_and_publishes_to_the_branch(
    deployment: Deployment,
) -> None:
    runs = deployment.dev.runs({INTO_TAG: "by_command"}, number=2)
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert all("dagster/backfill" in run.tags for run in runs)
    assert deployment.days("by_command") == {"mon", "tue"}


def test_a_run_that_is_executed_again_reads_its_tag_and_publishes_where_it_is_told_to(
    deployment: Deployment,
) -> None:
    run, *_ = deployment.dev.runs({INTO_TAG: "by_job"}, number=1)
    again = deployment.dev.reexecute(run.run_id, tags={INTO_TAG: "again"})
    assert deployment.dev.ended(again) is dg.DagsterRunStatus.SUCCESS
    assert deployment.days("again") == {"mon", "tue"}


def test_a_schedule_runs_on_old_data_and_publishes_to_a_branch(deployment: Deployment) -> None:
    (run,) = deployment.dev.runs({INTO_TAG: "scheduled"}, number=1)
    assert run.tags["dagster/schedule_name"] == "each_minute"
    assert deployment.days("scheduled") == {"mon"}


@pytest.mark.browser
def test_the_page_of_an_asset_shows_its_version_with_a_link(
    deployment: Deployment, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{deployment.dev.address}/assets/customers")
    snapshot = deployment.datasets("v1")["customers"]
    link = page.locator(f"a[href^='{PAGE}/r/shop/tree/'][href$='/customers']")
    expect(link.first).to_have_text(snapshot[:12], timeout=60_000)
    expect(page.get_by_text("Row count", exact=True).locator("..")).to_contain_text("2")
    link.first.scroll_into_view_if_needed()
    page.screenshot(path=tmp_path / "asset.png")


@pytest.mark.browser
def test_the_page_of_a_run_leads_to_what_it_has_published(
    deployment: Deployment, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{deployment.dev.address}/runs/{deployment.first}")
    published = page.get_by_text(f"published to 'main' as commit {deployment.published.id[:8]}")
    expect(published.first).to_be_visible(timeout=60_000)
    link = page.locator(f"a[href='{PAGE}/r/shop/commit/{deployment.published.id}']")
    expect(link.first).to_be_visible()
    page.screenshot(path=tmp_path / "run.png")
