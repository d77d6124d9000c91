"""What people see of the lake in Airflow's own pages, in a real browser, light and dark."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect

from lineageflow_core import Lake, Repository
from tests.integrations.airflow.deployed.deployment import Airflow
from tests.web.conftest import browser_context_args, browser_type_launch_args  # noqa: F401  # fixtures

pytestmark = [pytest.mark.slow, pytest.mark.browser]

DAG = "boutique"


@pytest.fixture(scope="session")
def repository(lake: Lake) -> Repository:
    """The repository that the DAG works with, with orders in it."""
    made = lake.repository("boutique").create()
    made.put("orders.csv", b"item,amount\nhat,20\nhat,\ncoat,120\n")
    return made


@pytest.fixture(scope="session")
def run_id(airflow: Airflow, repository: Repository) -> str:
    """A run that has published."""
    assert "main" == repository.info.default_branch
    run_id = airflow.trigger(DAG)
    assert "success" == airflow.ended(DAG, run_id), airflow.states(DAG, run_id)
    return run_id


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_run_s_data_branch_is_a_tab_of_its_page_and_looks_as_airflow_does(
    airflow: Airflow, run_id: str, repository: Repository, page: Page, theme: str, tmp_path: Path
) -> None:
    frame = opened(airflow, page, run_id, theme)
    expect(frame.get_by_role("heading", name="boutique published")).to_have_count(2)  # one for each block
    of_window, of_sales = published(repository)
    for commit, dataset in ((of_sales, "report.csv"), (of_window, "window.csv")):
        block = frame.locator("section").filter(has=frame.get_by_text(f"{commit[:12]}"))
        expect(block.get_by_role("cell", name=dataset)).to_be_visible()
    expect(frame.locator("html")).to_have_attribute("data-theme", theme)
    page.screenshot(path=tmp_path / f"data-branch-{theme}.png")
    frame.get_by_role("button", name="Plan the rollback").click()
    expect(frame.get_by_text("lineageflow rollback plan:")).to_be_visible()
    page.screenshot(path=tmp_path / f"plan-{theme}.png")
    frame.get_by_role("link", name="Back to the data branch").click()
    expect(frame.get_by_role("heading", name="Outputs")).to_be_visible()


def test_links_to_the_lake_open_beside_airflow(
    airflow: Airflow, run_id: str, repository: Repository, page: Page, context: BrowserContext
) -> None:
    frame = opened(airflow, page, run_id, "light")
    commit = repository.head().id
    place = f"/r/boutique/commit/{commit}"  # the lake asks who is there, and comes back to it
    with (
        context.expect_page() as beside,
        context.expect_event("request", lambda asked: asked.url.endswith(place)),
    ):
        frame.get_by_role("link", name=commit[:12]).click()
    assert beside.value is not page
    assert page.url.startswith(airflow.address)


def test_the_navigation_leads_to_the_last_runs_that_used_the_lake(
    airflow: Airflow, run_id: str, page: Page, tmp_path: Path
) -> None:
    page.goto(airflow.address)
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="LineageFlow").click()
    frame = page.frame_locator("iframe[title='LineageFlow']")
    link = frame.get_by_role("link", name=re.compile(re.escape(run_id)))
    expect(link).to_be_visible()
    page.screenshot(path=tmp_path / "overview.png")
    link.click()
    expect(frame.get_by_role("heading", name="boutique published")).to_have_count(2)


def test_each_task_of_two_blocks_links_to_what_it_did_and_each_publication_to_its_commit(
    airflow: Airflow, run_id: str, repository: Repository
) -> None:
    def links(task: str) -> dict[str, str]:
        path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/{task}/links"
        found: dict[str, str] = airflow.ask("GET", path)["extra_links"]
        return found

    of_window, of_sales = published(repository)
    assert links("publish_boutique")["LineageFlow"].endswith(f"/r/boutique/commit/{of_sales}")
    assert links("publish_window")["LineageFlow"].endswith(f"/r/boutique/commit/{of_window}")
    runs = {
        task: links(task)["Lineage"] for task in ("report", "dress", "publish_boutique", "publish_window")
    }
    assert len(runs) == len(set(runs.values()))


def test_the_form_of_a_run_asks_which_version_is_read_and_where_it_is_published(
    airflow: Airflow, repository: Repository, page: Page, tmp_path: Path
) -> None:
    assert "main" == repository.info.default_branch
    before = set(airflow.runs(DAG))
    page.goto(f"{airflow.address}/dags/{DAG}")
    page.get_by_test_id("trigger-dag-button").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_text("Read at")).to_be_visible()
    expect(form.get_by_text("Publish to")).to_be_visible()
    form.locator("[name=element_lineageflow_ref]").fill("main")
    form.locator("[name=element_lineageflow_into]").fill("two words")
    page.screenshot(path=tmp_path / "form.png")
    submit = form.get_by_test_id("trigger-dag-submit")
    submit.click()
    expect(form.get_by_text("lineageflow_into")).to_be_visible()  # it is refused, and nothing runs
    page.screenshot(path=tmp_path / "refused.png")
    form.locator("[name=element_lineageflow_into]").fill("spring")
    submit.press("Enter")  # the refusal lies over it
    expect(form).not_to_be_visible()
    (triggered,) = set(airflow.runs(DAG)) - before
    conf = airflow.ask("GET", f"/dags/{DAG}/dagRuns/{triggered}")["conf"]
    assert {"lineageflow_ref": "main", "lineageflow_into": "spring"} == conf


def published(repository: Repository) -> list[str]:
    """Returns the commits that the run has published, the last one first."""
    return [commit.id for commit in repository.log(limit=2)]


def opened(airflow: Airflow, page: Page, run_id: str, theme: str) -> FrameLocator:
    """Opens the tab of a run, and returns what is in it."""
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    page.goto(f"{airflow.address}/dags/{DAG}/runs/{run_id}")
    page.get_by_role("link", name="Data branch", exact=True).click()
    return page.frame_locator("iframe[title='Data branch']")
