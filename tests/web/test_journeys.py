"""What people do on the page, in a real browser."""

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from lineageflow_core.model.token import Scope
from tests.web.lake import HOSTILE, REPOSITORY, Shop, make_shop

pytestmark = pytest.mark.browser


def test_nobody_gets_in_without_logging_in(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/r/{REPOSITORY}/tree/main")
    assert page.url.startswith(f"{address}/login")
    expect(page.get_by_text("orders")).to_have_count(0)
    assert 401 == page.request.get(f"{address}/api/v1/repositories").status


def test_the_link_that_up_prints_logs_in_once(context: BrowserContext, tmp_path: Path) -> None:
    make_shop(tmp_path / "lake")
    program = Path(sys.executable).with_name("lineageflow")
    command = [str(program), "up", str(tmp_path / "lake"), "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            serving = json.loads(server.stdout.readline())
            page = context.new_page()
            page.goto(serving["page"])
            expect(page.get_by_role("link", name=REPOSITORY).first).to_be_visible()
            assert f"{serving['url']}/" == page.url, "the address that stays is clean"
            (cookie,) = context.cookies()
            assert (True, "Strict") == (cookie["httpOnly"], cookie["sameSite"])
            context.clear_cookies()
            page.goto(serving["page"])
            expect(page.get_by_role("link", name=REPOSITORY)).to_have_count(0)
        finally:
            server.send_signal(signal.SIGINT)


def test_a_session_that_may_only_read_is_told_what_is_missing_and_ends_with_its_token(
    context: BrowserContext, address: str, shop: Shop
) -> None:
    made = shop.catalog.tokens.create_token("dashboard", scopes=[Scope.READ], author="ada")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{address}/login")
    page.get_by_label("Access token").fill(made.secret)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name=REPOSITORY).first.click()
    expect(page.get_by_role("link", name="orders", exact=True)).to_be_visible()
    page.goto(f"{address}/runs/{shop.bad}")
    page.get_by_role("link", name="Plan rollback").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "needs the scope 'write', and the token 'dashboard' has read"
    )
    expect(page.get_by_role("alert").get_by_role("link", name="Log in")).to_have_attribute("href", "/login")
    assert () == shop.catalog.plans.list_plans(REPOSITORY).items
    shop.catalog.tokens.revoke_token(made.token.id, author="ada")
    page.goto(f"{address}/r/{REPOSITORY}/tree/main")
    assert f"{address}/login" == page.url
    page.get_by_label("Access token").fill(made.secret)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("the token 'dashboard' was revoked")).to_be_visible()
    assert [] == faults


def test_from_the_repositories_to_rows_and_who_made_them(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name=REPOSITORY).first.click()
    page.get_by_role("link", name="orders", exact=True).click()
    expect(page.get_by_text("2026-03").first).to_be_visible()
    page.get_by_text("2026-03").first.click()
    expect(page.get_by_role("cell", name="600", exact=True)).to_be_visible()
    expect(page.get_by_text("nightly.orders").first).to_be_visible()


def test_the_failed_run_has_a_branch_to_be_looked_at(page: Page, address: str, shop: Shop) -> None:
    page.goto(f"{address}/r/{REPOSITORY}/tree/main")
    page.get_by_role("button", name="Ref: main").click()
    page.get_by_text(shop.failed[:8]).first.click()
    page.wait_for_url(f"**/tree/run*{shop.failed}*")
    expect(page.get_by_role("link", name="orders", exact=True)).to_be_visible()


def test_a_commit_says_what_it_changed(page: Page, address: str) -> None:
    page.goto(f"{address}/r/{REPOSITORY}/commits/main")
    page.get_by_text("publish the nightly run").first.click()
    expect(page.get_by_role("table", name="Changed datasets")).to_be_visible()
    for dataset in ("orders", "model", "report"):
        expect(page.get_by_role("table", name="Changed datasets").get_by_text(dataset).first).to_be_visible()


def test_the_graph_and_its_table_tell_the_same(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/lineage?node=lf%3A%2F%2F{REPOSITORY}%2Freport&dir=upstream&depth=3")
    expect(page.get_by_label("Dataset report").first).to_be_visible()
    expect(page.get_by_label("Dataset model").first).to_be_visible()
    page.get_by_label("Dataset model").first.click()
    expect(page.get_by_role("complementary", name="Details")).to_contain_text("model")
    page.get_by_text("Table", exact=True).click()
    table = page.get_by_role("table", name="Lineage")
    expect(table.get_by_text("2026-06").first).to_be_visible()
    for name in ("report", "model", "orders", "nightly.report", "nightly.model", "nightly.orders"):
        expect(table.get_by_text(name, exact=True).first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    exported = tmp_path / "lineage.csv"
    download.value.save_as(exported)
    cells = {cell for line in csv.reader(exported.read_text().splitlines()) for cell in line}
    assert {"report", "model", "orders"} <= cells


def test_a_bad_run_is_planned_away_and_undone(page: Page, address: str, shop: Shop) -> None:
    assert [600, 601, 602] == shop.amounts("2026-03")
    page.goto(f"{address}/runs/{shop.bad}")
    page.get_by_role("link", name="Plan rollback").click()
    page.wait_for_url("**/plans/*")
    expect(page.get_by_label(f"What becomes of report on main of {REPOSITORY}")).to_have_value("restore")
    assert [600, 601, 602] == shop.amounts("2026-03"), "a plan changes nothing"
    page.get_by_label("I have read what changes").check()
    page.get_by_role("button", name="Apply the rollback").click()
    expect(page.get_by_text("Applied").first).to_be_visible()
    assert [10, 11, 12] == shop.amounts("2026-03")
    page.get_by_role("link", name="See what changed").click()
    expect(page.get_by_role("table", name="Changed datasets").get_by_text("orders").first).to_be_visible()


def test_a_rollback_is_decided_item_by_item_applied_and_undone(page: Page, address: str, shop: Shop) -> None:
    page.goto(f"{address}/r/{REPOSITORY}/rollback")
    page.get_by_label("What was bad").fill(f"run:{shop.bad}")
    page.get_by_role("radio", name="On every branch that has it").click()
    expect(page.get_by_role("radio", name="On every branch that has it")).to_be_checked()
    page.get_by_label("What was bad").press("Enter")
    page.wait_for_url("**/plans/*")
    expect(page.get_by_text("and every branch that has it")).to_be_visible()
    report = page.get_by_label(f"What becomes of report on main of {REPOSITORY}")
    report.focus()
    page.keyboard.press("S")  # as people choose who have no mouse
    expect(report).to_have_value("skip")
    expect(page.get_by_role("tab", name="Skip (1)")).to_be_visible()
    page.get_by_label("I have read what changes").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Apply the rollback").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("is at clean data again")).to_be_visible()
    expect(report).to_have_count(0)
    assert [10, 11, 12] == shop.amounts("2026-03")
    assert shop.held() == {"model", "orders/2026-03"}
    applied = page.url
    page.get_by_role("button", name="Undo this rollback").click()
    page.wait_for_url(lambda url: url != applied)
    expect(page.get_by_role("button", name="Undo the rollback")).to_be_disabled()
    page.get_by_label("I have read what changes").check()
    page.get_by_role("button", name="Undo the rollback").click()
    expect(page.get_by_text("is as it was before")).to_be_visible()
    assert ([600, 601, 602], set()) == (shop.amounts("2026-03"), shop.held())
    page.goto(applied)
    expect(page.get_by_text("What this changed was taken back")).to_be_visible()


def test_what_is_quarantined_is_said_above_its_preview(page: Page, address: str, shop: Shop) -> None:
    shop.quarantine("orders/2026-03", "amounts are in cents")
    page.goto(f"{address}/r/{REPOSITORY}/tree/main/orders/2026-03")
    expect(page.get_by_text("amounts are in cents, says ada")).to_be_visible()
    expect(page.get_by_role("table", name="Preview").get_by_text("600", exact=True)).to_be_visible()
    page.get_by_role("link", name="Last good version").click()
    expect(page.get_by_role("table", name="Preview").get_by_text("10", exact=True)).to_be_visible()
    expect(page.get_by_text("amounts are in cents")).to_have_count(0)


@pytest.mark.may_miss
def test_what_readers_are_kept_from_is_shown_to_who_insists(page: Page, address: str, shop: Shop) -> None:
    shop.quarantine("orders/2026-03", "amounts are in cents")
    shop.stop_readers()
    page.goto(f"{address}/r/{REPOSITORY}/tree/main/orders/2026-03/data.parquet")
    expect(page.get_by_text("Readers are kept from this version")).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    page.get_by_role("button", name="Show it all the same").click()
    expect(page.get_by_role("table", name="Preview").get_by_text("600", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_theme_of_the_system(page: Page, address: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{address}/r/{REPOSITORY}/tree/main")
    expect(page.get_by_role("link", name="orders", exact=True)).to_be_visible()
    assert scheme == page.locator("html").get_attribute("data-mantine-color-scheme")


def test_a_chosen_theme_stays(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Switch to the dark theme").click()
    page.reload()
    expect(page.get_by_role("button", name="Switch to the light theme")).to_be_visible()
    assert "dark" == page.locator("html").get_attribute("data-mantine-color-scheme")


@pytest.mark.may_miss
def test_what_is_not_there_is_said_kindly(page: Page, address: str) -> None:
    page.goto(f"{address}/r/nothing/tree/main")
    expect(page.get_by_text("there is no repository 'nothing'").first).to_be_visible()


def test_hostile_text_is_only_text(page: Page, address: str) -> None:
    page.goto(f"{address}/r/{REPOSITORY}/commits/main")
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    assert 0 == page.locator("img[src='x']").count()
    page.goto(f"{address}/r/{REPOSITORY}/tree/main/notes/hostile.txt")
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    assert 0 == page.locator("img[src='x']").count()


def test_the_keyboard_is_enough_to_open_a_dataset(page: Page, address: str) -> None:
    page.goto(f"{address}/r/{REPOSITORY}/tree/main")
    link = page.get_by_role("link", name="orders", exact=True)
    expect(link).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders*")
