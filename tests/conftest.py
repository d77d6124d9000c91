"""What holds for all tests."""

import asyncio
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The suites that are shipped explain what they found, as tests do.
pytest.register_assert_rewrite("lineageflow_core.testing")

# A machine that is busy is not a bug: no property fails because an example took long.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")

# A shell starts what runs in its background with Ctrl-C ignored, and children inherit that: programs that the
# tests interrupt would not notice.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest tests first, so that in the end no process works while others have nothing to do."""
    items.sort(key=lambda item: "stateful" not in item.path.parts)


_loops_of_browsers: list[asyncio.AbstractEventLoop | None] = [None]
"""Playwright's, last."""


@pytest.fixture(autouse=True)
def _loop_of_a_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Shows a browser's loop only to tests that drive one, so that all others may call `asyncio.run`.

    Playwright's loop runs in a greenlet of the same thread, and counts as running for the whole session.
    """
    drives_one = "web" in request.path.parts or request.node.get_closest_marker("browser") is not None
    started = asyncio._get_running_loop()  # by the browser, if this test is its first
    asyncio._set_running_loop(started or _loops_of_browsers[-1] if drives_one else None)
    yield
    if drives_one:
        _loops_of_browsers.append(asyncio._get_running_loop())
        asyncio._set_running_loop(None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Shows it once more after the last test, when the browser is closed."""
    if nextitem is None and asyncio._get_running_loop() is None:
        asyncio._set_running_loop(_loops_of_browsers[-1])
