"""Nothing in a page is closed to anyone: axe finds nothing, in the light, in the dark and in forced colours."""

import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app.experiments import EXPERIMENTS
from tests.browser.conftest import NewTab
from tests.browser.tools import CONTROLS, Tab, in_hand, spaced
from tests.compute.tools import every_experiment, repeated, small_spec
from tests.web.tools import PAGES

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "forced colours": {"forced_colors": "active", "viewport": {"width": 1280, "height": 900}},
    "a phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
    "a phone in the dark": {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}},
}
Look = Literal["light", "dark", "forced colours", "a phone", "a phone in the dark"]
every_look = pytest.mark.parametrize("look", LOOKS)


def violations(tab: Tab) -> dict[str, list[str]]:
    """What axe finds, by rule: where."""
    found = Axe().run(tab.page).response["violations"]
    return {rule["id"]: [node["html"][:200] for node in rule["nodes"]] for rule in found}


@pytest.mark.parametrize("path", [path for path in PAGES if path.strip("/") not in EXPERIMENTS])
@every_look
def test_axe_finds_nothing_on_a_page(new_tab: NewTab, look: Look, path: str) -> None:
    tab = new_tab(**LOOKS[look], reduced_motion="reduce")
    tab.open(path)
    tab.page.wait_for_load_state("networkidle")
    assert violations(tab) == {}


@every_experiment
@every_look
def test_axe_finds_nothing_on_an_experiment_with_all_of_it_open(new_tab: NewTab, look: Look, name: str) -> None:
    tab = new_tab(**LOOKS[look], reduced_motion="reduce")
    tab.run(f"{small_spec(name).links['page']}&open=all")
    if look.startswith("a phone"):
        tab.page.get_by_role("button", name="Change the experiment").click()
    for group in tab.experiment.locator(".group").all():
        group.evaluate("group => group.setAttribute('open', '')")
    tab.experiment.locator(".verdict").first.click()
    assert violations(tab) == {}


@every_experiment
def test_axe_finds_nothing_after_a_refusal(new_tab: NewTab, name: str) -> None:
    tab = new_tab(**LOOKS["light"])
    tab.run(small_spec(name).links["page"])
    with tab.refused():
        tab.text_input("gain").fill("-1")
    expect(tab.error("gain")).to_be_visible()
    assert violations(tab) == {}


@every_experiment
def test_a_chart_says_what_it_shows_and_gives_way_to_a_table(tab: Tab, name: str) -> None:
    tab.run(f"{small_spec(name).links['page']}&open=all")
    sentences = spaced(tab.experiment.locator(".found li"))
    labels = " ".join(
        chart.get_attribute("aria-label") or "" for chart in tab.experiment.locator(".plot[role=img]").all()
    )
    assert sentences
    assert all(sentence in labels for sentence in sentences)
    assert tab.experiment.locator("table tbody tr").count() > 2
    assert tab.experiment.locator(".plot :is(a, button, [tabindex])").count() == 0


@every_experiment
def test_without_scripts_the_form_runs_and_the_picture_is_an_image(new_tab: NewTab, name: str) -> None:
    tab = new_tab(java_script_enabled=False)
    empty = "<svg xmlns='http://www.w3.org/2000/svg'/>"
    tab.page.route("**/api/*.svg*", lambda route: route.fulfill(body=empty, content_type="image/svg+xml"))
    tab.open(f"/{name}")
    source = tab.page.locator(".still-picture").get_attribute("src")
    assert source == f"./api/{name}.svg"
    tab.field(in_hand(name)).locator("input[name]").fill("2")
    tab.page.get_by_role("button", name="Run", exact=True).click()
    expect(tab.page).to_have_url(re.compile(f"{in_hand(name)}=2"))
    expect(tab.page.locator(".error:not([hidden])")).to_have_count(0)
    assert f"{in_hand(name)}=2" in (tab.page.locator(".still-picture").get_attribute("src") or "")


@every_experiment
def test_without_scripts_every_box_can_be_ticked_and_cleared(new_tab: NewTab, name: str) -> None:
    model = EXPERIMENTS[name].spec
    boxes = {control.name: getattr(model(), control.name) for control in CONTROLS[name] if control.widget == "check"}
    tab = new_tab(java_script_enabled=False)
    tab.page.route("**/api/*.svg*", lambda route: route.fulfill(body="<svg/>", content_type="image/svg+xml"))
    tab.open(f"/{name}")
    tab.page.locator(".group > summary").evaluate_all("summaries => summaries.forEach((summary) => summary.click())")
    for box, ticked in boxes.items():
        tab.field(box).locator("select").select_option("no" if ticked else "yes")
    tab.page.get_by_role("button", name="Run", exact=True).click()
    expect(tab.page.locator(".error:not([hidden])")).to_have_count(0)
    spec, _ = EXPERIMENTS[name].address(tab.page.url.partition("?")[2])
    assert {box: getattr(spec, box) for box in boxes} == {box: not ticked for box, ticked in boxes.items()}


@every_experiment
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_everything_is_open_and_drawn_and_the_screen_is_as_before(
    new_tab: NewTab, name: str, scheme: Literal["light", "dark"]
) -> None:
    tab = new_tab(color_scheme=scheme)
    tab.run(small_spec(name, repeated(name)).links["page"])
    address = tab.page.url
    tab.page.emulate_media(media="print")
    tab.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert tab.experiment.locator(".section:not([hidden]):not([open])").count() == 0
    for chart in tab.experiment.locator("[data-chart]:not([hidden])").all():
        assert chart.locator(".trace path").locator("visible=true").count()
    assert tab.experiment.locator(".why").inner_text()
    settings = tab.experiment.locator(".settings").inner_text()
    assert address in settings
    assert all(f"{control.label}: " in settings for control in CONTROLS[name] if control.values)
    expect(tab.page.locator(".controls")).to_be_hidden()
    wide = tab.page.locator("main").evaluate("main => main.scrollWidth - main.clientWidth")
    assert wide <= 0
    tab.page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    tab.page.emulate_media(media="screen")
    assert tab.experiment.locator(".on-paper, .section[open]").count() == 0
    expect(tab.experiment.locator(".settings")).to_be_hidden()
    assert tab.page.url == address
