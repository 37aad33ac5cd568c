"""One browser for all tests here, and tabs in which nothing may go wrong unseen."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.tools import Tab, launch

NewTab = Callable[..., Tab]


@pytest.fixture(scope="package")  # Playwright holds the thread's event loop, which other tests need
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def profile(browser: Browser) -> BrowserContext:
    """A visitor who keeps what a server lets them keep."""
    return browser.new_context()


@pytest.fixture
def tab(profile: BrowserContext, server: str) -> Iterator[Tab]:
    with closing(Tab(profile, server)) as tab:
        yield tab


@pytest.fixture
def new_tab(browser: Browser, server: str) -> Iterator[NewTab]:
    """Opens a tab in a profile of its own; options are Playwright's of a context."""
    with ExitStack() as opened:

        def new(**options: Any) -> Tab:
            context = opened.enter_context(browser.new_context(**options))
            return opened.enter_context(closing(Tab(context, server)))

        yield new
