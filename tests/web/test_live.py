"""Lists that tell of what came since they were loaded, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from lineageflow_core import Repository
from tests.web.lake import REPOSITORY, Shop

pytestmark = pytest.mark.browser


def test_new_commits_are_told_and_shown_when_asked_for(page: Page, address: str, shop: Shop) -> None:
    with page.expect_response(re.compile("/api/v1/stream")):
        page.goto(f"{address}/r/{REPOSITORY}/commits/main")
    expect(page.get_by_role("button", name="new")).to_have_count(0)
    repo = Repository(shop.catalog, REPOSITORY, author="ada")
    for number in (1, 2, 3):
        repo.put("notes/live.txt", b"%d" % number, message=f"live {number}")
    repo.branch("aside").put("notes/aside.txt", b"1", message="elsewhere")
    expect(page.get_by_role("button", name="3 new")).to_be_visible()
    expect(page.get_by_text("live 3")).to_have_count(0)
    page.get_by_role("button", name="3 new").click()
    expect(page.get_by_text("live 3")).to_be_visible()
    expect(page.get_by_role("button", name="new")).to_have_count(0)
    repo.put("notes/live.txt", b"4", message="live 4")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()


@pytest.mark.may_miss
def test_without_a_stream_the_page_asks_instead(page: Page, address: str, shop: Shop) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=404, body="")

    page.route(re.compile("/api/v1/stream"), refuse)
    page.clock.install()
    with page.expect_response(re.compile("/api/v1/changes")):
        page.goto(f"{address}/r/{REPOSITORY}/commits/main")
    Repository(shop.catalog, REPOSITORY, author="ada").put("notes/live.txt", b"1", message="live 1")
    page.clock.run_for(11_000)
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
