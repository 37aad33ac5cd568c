"""Everything can be reached, seen and used without a mouse."""

from typing import Any

import pytest
from playwright.sync_api import expect

from app.experiments import EXPERIMENTS
from tests.browser.conftest import NewTab
from tests.browser.tools import WIDTHS, Tab, another, changed, in_sight, measured, whole_spec
from tests.compute.tools import compared_by, every_experiment, small_spec
from tests.web.tools import PAGES

MOST_STOPS = 400
FOCUSED = """() => {
  const element = document.activeElement;
  const outlined = [element, element.closest("label")].filter(Boolean).map((found) => getComputedStyle(found));
  const help = element.matches(".hint") ? element.nextElementSibling : null;
  const box = help?.getBoundingClientRect();
  const [across, down] = box ? [(box.left + box.right) / 2, (box.top + box.bottom) / 2] : [];
  const sides = box ? [[box.left + 2, down], [box.right - 2, down]] : [];
  const edges = box ? [...sides, [across, box.top + 2], [across, box.bottom - 2]] : [];
  return {
    text: element.textContent.trim(),
    classes: [...element.classList],
    href: element.getAttribute("href"),
    field: element.closest("[data-field]")?.dataset.field ?? null,
    control: element.matches("input, select") ? element.value : null,
    outlined: outlined.some(({outlineStyle, outlineWidth}) => outlineStyle !== "none" && parseFloat(outlineWidth) > 0),
    helped: box ? box.width > 0 && edges.every(([x, y]) => document.elementFromPoint(x, y) === help) : null,
  };
}"""


def stops(tab: Tab, last: str) -> list[dict[str, Any]]:
    """Where the Tab key leads from the top of the page, up to the element with this class."""
    found: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        tab.page.keyboard.press("Tab")
        found.append(tab.page.evaluate(FOCUSED))
        if last in found[-1]["classes"]:
            return found
    pytest.fail(f"{last} was not reached")


@every_experiment
def test_tab_leads_through_everything_and_shows_where_it_is(tab: Tab, name: str) -> None:
    spec = whole_spec(name)
    tab.run(spec.links["page"])
    tab.unfold_all()
    found = stops(tab, last="reset")
    assert found[0]["classes"] == ["skip"]
    links = [stop["href"] for stop in found]
    presets = [f"./{name}?{query}" if query else f"./{name}" for _, query in EXPERIMENTS[name].presets]
    wanted = [f"./{other}" for other in EXPERIMENTS] + ["./gallery", "./questions", "./docs", *presets]
    assert [link for link in links if link in wanted][: len(wanted)] == wanted
    reached = [stop["field"] for stop in found if stop["control"] is not None]
    main = [control.name for control in in_sight(spec) if control.main]
    folded = [control.name for control in in_sight(spec) if not control.main]
    assert list(dict.fromkeys(reached)) == [*main, *folded]
    field = compared_by(spec)
    chips = [stop["control"] for stop in found if stop["field"] == field and stop["control"]]
    (compared,) = (control for control in in_sight(spec) if control.name == field)
    assert compared.accepts.choices
    assert chips == list(compared.accepts.choices)
    assert [stop for stop in found if not stop["outlined"]] == []


@pytest.mark.parametrize("width", WIDTHS)
@every_experiment
def test_help_is_readable_where_its_button_is_focused(new_tab: NewTab, name: str, width: int) -> None:
    tab = new_tab(viewport={"width": width, "height": 720}, reduced_motion="reduce")
    spec = whole_spec(name)
    tab.run(spec.links["page"])
    tab.unfold_all()
    tab.page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    helped = {stop["field"]: stop["helped"] for stop in stops(tab, last="reset") if "hint" in stop["classes"]}
    assert helped == {control.name: True for control in in_sight(spec)}


@pytest.mark.parametrize("path", PAGES)
def test_the_skip_link_leads_to_the_content(tab: Tab, path: str) -> None:
    tab.page.goto(tab.origin + path)
    tab.page.keyboard.press("Tab")
    skip = tab.page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    tab.page.keyboard.press("Enter")
    assert tab.page.url.endswith("#main")
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("() => document.activeElement.closest('main, footer') !== null")


@every_experiment
def test_space_toggles_a_chip_and_runs(tab: Tab, name: str) -> None:
    small = small_spec(name)
    field = compared_by(small)
    spec = changed(small, **{field: ["1/sqrt(D)"]})
    (added,) = {*another(spec, field)} - {"1/sqrt(D)"}
    experiment = tab.run(spec.links["page"])
    chip = tab.field(field).locator(f'input[value="{added}"]')
    chip.focus()
    with tab.rerun():
        tab.page.keyboard.press("Space")
    expect(chip).to_be_checked()
    assert measured(experiment).keys() == {"1/sqrt(D)", added}
    with tab.rerun():
        tab.page.keyboard.press("Space")
    assert measured(experiment).keys() == {"1/sqrt(D)"}


@every_experiment
def test_a_value_is_typed_and_entered_without_loading_the_page(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    tab.run(spec.links["page"])
    seed = tab.text_input("seed")
    seed.focus()
    tab.page.evaluate("() => { window.marked = true; }")
    with tab.rerun():
        tab.page.keyboard.press("Control+A")
        tab.page.keyboard.type("12")
        tab.page.keyboard.press("Enter")
    assert tab.page.url == tab.origin + changed(spec, seed=12).links["page"]
    assert tab.page.evaluate("() => window.marked") is True
