"""The story on the first page answers the hand, with the API's numbers."""

import time
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.browser.tools import Tab


def findings(url: str) -> list[dict[str, Any]]:
    """What the API finds, once it has a place: the page asks for more than this."""
    while (answer := httpx.get(url, timeout=60)).status_code in (429, 503):
        time.sleep(float(answer.headers["retry-after"]))
    found: list[dict[str, Any]] = answer.json()
    return found


def test_the_bell_its_sentence_and_its_reason_follow_the_sliders(tab: Tab) -> None:
    tab.page.goto(tab.origin)
    story = tab.page.locator('[data-story="scale"]')
    story.scroll_into_view_if_needed()
    for products, jump in ((512, "k = 1/√D"), (64, "k = 1/D"), (64, "k = 1")):
        story.locator("[name=D]").fill(str(products.bit_length() - 1))
        story.get_by_role("button", name=jump, exact=True).click()
        query = (story.locator("[data-onward]").get_attribute("href") or "").partition("?")[2]
        found = findings(f"{tab.origin}/api/matmul/findings?{query}")
        said = found[0]["sentence"].removeprefix("unscaled: ")  # which a k of the reader's own is not
        expect(story.locator(".said")).to_have_text(said[0].upper() + said[1:])
        expect(story.locator(".reason")).to_contain_text(f"D = {products}")
        expect(story.locator("svg.sketch")).to_be_visible()


def test_a_gain_is_told_for_the_activation_that_is_chosen(tab: Tab) -> None:
    tab.page.goto(tab.origin)
    story = tab.page.locator('[data-story="gain"]')
    story.scroll_into_view_if_needed()
    for activation in ("tanh", "gelu"):
        story.locator("select").select_option(activation)
        query = (story.locator("[data-onward]").get_attribute("href") or "").partition("?")[2]
        assert f"activation={activation}" in query
        found = findings(f"{tab.origin}/api/stack/findings?{query}")
        advice = next(finding for finding in found if finding["about"] == "recommendation")
        expect(story.locator("code")).to_have_text(advice["code"])
        expect(story.locator(".gains")).to_contain_text(advice["sentence"])
