"""A page whose turn has not come waits in line by itself, and says so."""

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import NewTab
from tests.compute.tools import small_spec
from tests.conftest import serving
from tests.web.test_operators import ENDLESS, UNLIMITED, running


def test_a_page_that_waits_in_line_says_its_place_and_comes_through(new_tab: NewTab) -> None:
    with (
        serving("--port", "0", "--per-client", "1", *UNLIMITED) as served,
        httpx.Client(base_url=served.url, timeout=60) as client,
    ):
        tab = new_tab()
        tab.origin = served.url
        with running(client, ENDLESS):
            tab.open(small_spec("stack").links["page"])
            expect(tab.experiment.locator(".status")).to_contain_text("In line")
            expect(tab.experiment.locator(".status")).to_contain_text("you are next")
        tab.finished()
