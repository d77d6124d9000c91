"""A real Chromium before the real server. Whatever a page logs, breaks or asks of others fails its test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from tests.server.serving import TOKEN, served
from tests.web.lake import Shop, make_shop

ROOT = Path(__file__).parents[2]
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str:
    """Returns the browser's path. A machine without one fails: these tests are never skipped."""
    named = os.environ.get("LF_CHROMIUM", ".tools/chromium")
    candidates = (str(ROOT / named), shutil.which("chromium"), shutil.which("google-chrome"))
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return candidate
    pytest.fail("there is no Chromium; `make test` brings one, or name one in LF_CHROMIUM")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    return {**browser_type_launch_args, "executable_path": chromium(), "args": [*QUIET, *sandbox]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return make_shop(tmp_path / "lake")


@pytest.fixture
def address(shop: Shop) -> Iterator[str]:
    assert (ROOT / "server/lineageflow_server/static/index.html").exists(), "`make web` builds the page"
    with served(shop.catalog) as url:
        yield url


@pytest.fixture
def page(context: BrowserContext, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that is logged in, and must stay quiet, but for the 404 or 409 of a test that asks for one."""
    may_miss = request.node.get_closest_marker("may_miss") is not None
    context.set_extra_http_headers({"Authorization": f"Bearer {TOKEN}"})
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        missed = "status of 404" in message.text or "status of 409" in message.text
        if message.type in {"error", "warning"} and not (missed and may_miss):
            faults.append(f"console: {message.text}")

    def watch(asked: Request) -> None:
        if not asked.url.startswith((f"{address}/", "data:", "blob:")):
            faults.append(f"asked another origin: {asked.url}")

    page = context.new_page()
    page.on("console", hear)
    page.on("pageerror", lambda error: faults.append(f"page: {error}"))
    page.on("request", watch)
    yield page
    assert [] == faults
