"""What a reader looks at stays in sight: charts, what is said of the run, and the whole of what is drawn."""

from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from app.experiments import EXPERIMENTS
from tests.browser.conftest import NewTab
from tests.browser.tools import CONTROLS, Tab
from tests.compute.tools import compared_by, every_experiment, repeated, small_spec

FAR = 150  # pixels
APART = 7.5  # pixels, so that two numbers are not read as one
LONGEST = 100  # characters of a line that the eye still finds its way back from
NOTE_LEAVING = """() => {
  window.left = [];
  for (const chart of document.querySelectorAll("[data-chart]:not([hidden]):has(.trace)")) {
    const note = () => (chart.hidden || !chart.querySelector(".trace")) && window.left.push(chart.dataset.chart);
    new MutationObserver(note).observe(chart, { attributes: true, attributeFilter: ["hidden"] });
    new MutationObserver(note).observe(chart.querySelector(".plot"), { childList: true, subtree: true });
  }
}"""
DRAWN = "plot => JSON.stringify([plot.layout.xaxis.range, plot.layout.yaxis.range])"
SECTIONS = [(name, entry.sections[0].charts[0]) for name, entry in EXPERIMENTS.items() if entry.sections]
every_chart_in_a_section = pytest.mark.parametrize(("name", "key"), SECTIONS)


def swipe_up(tab: Tab, x: int, y: int) -> None:
    """As a finger does, in steps of a frame."""
    browser = tab.page.context.new_cdp_session(tab.page)
    browser.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(10, FAR + 1, 10):
        browser.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - step}]})
        tab.page.wait_for_timeout(16)
    browser.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@every_chart_in_a_section
def test_a_swipe_over_a_chart_scrolls_the_page_and_zooms_nothing(new_tab: NewTab, name: str, key: str) -> None:
    tab = new_tab(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, reduced_motion="reduce")
    tab.run(f"{small_spec(name).links['page']}&open=all")
    plot = tab.chart(key).locator(".plot")
    plot.evaluate("plot => scrollTo(0, scrollY + plot.getBoundingClientRect().top - 350)")
    expect(plot.locator(".trace").first).to_be_attached()
    before = plot.evaluate(DRAWN)
    top = tab.page.evaluate("() => scrollY")
    swipe_up(tab, 180, 400)
    tab.page.wait_for_function(f"() => scrollY > {top + FAR / 2}")
    assert plot.evaluate(DRAWN) == before


@pytest.mark.parametrize("name", ["stack", "transformer", "training"])
def test_no_chart_leaves_while_another_run_is_under_way(tab: Tab, name: str) -> None:
    tab.run(f"{small_spec(name).links['page']}&open=all")
    for chart in tab.page.locator("[data-chart]:visible").all():
        chart.scroll_into_view_if_needed()
    tab.page.evaluate(NOTE_LEAVING)
    for seed in (7, 8):
        with tab.rerun():
            tab.set("seed", seed)
    assert tab.page.evaluate("() => window.left") == []


@every_experiment
def test_the_numbers_of_the_chosen_layer_are_seen_whole_on_a_usual_screen(new_tab: NewTab, name: str) -> None:
    tab = new_tab(viewport={"width": 1280, "height": 800})
    tab.run(EXPERIMENTS[name].spec().links["page"])
    beyond = tab.page.locator(".card .scroll").evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)")
    assert [pixels for pixels in beyond if pixels > 0] == []


CROWDED = f"""row => [...row.cells].slice(1).filter((cell, at) => {{
  const written = (of) => {{
    const range = document.createRange();
    range.selectNodeContents(of);
    return range.getBoundingClientRect();
  }};
  return written(cell).left - written(row.cells[at]).right < {APART};
}}).map((cell) => `${{cell.textContent}} in ${{row.textContent}}`)"""


@pytest.mark.parametrize("width", [320, 1280])
@every_experiment
def test_no_number_of_the_chosen_layer_touches_its_neighbour(new_tab: NewTab, name: str, width: int) -> None:
    tab = new_tab(viewport={"width": width, "height": 800})
    tab.run(EXPERIMENTS[name].spec().links["page"])
    rows = tab.page.locator(".card:visible tr").all()
    assert [crowded for row in rows for crowded in row.evaluate(CROWDED)] == []


@every_experiment
def test_the_preset_on_screen_is_seen_among_the_others_on_a_phone(new_tab: NewTab, name: str) -> None:
    tab = new_tab(viewport={"width": 360, "height": 740})
    *_, (label, query) = EXPERIMENTS[name].presets
    tab.open(f"/{name}?{query}")
    expect(tab.page.get_by_role("link", name=label, exact=True)).to_be_in_viewport(ratio=1)


LONG = f"""all => all.map((prose) => {{
  const lines = Math.round(prose.clientHeight / parseFloat(getComputedStyle(prose).lineHeight));
  return [prose.textContent.trim(), lines];
}}).filter(([text, lines]) => text.length > {LONGEST} * lines).map(([text]) => text)"""


@every_experiment
def test_no_line_is_too_long_to_be_read_on_the_widest_screen(new_tab: NewTab, name: str) -> None:
    tab = new_tab(viewport={"width": 2560, "height": 1440})
    tab.run(f"{EXPERIMENTS[name].spec().links['page']}?open=all")
    prose = tab.page.locator(":is(.why p, .summary, .caption, .found li):visible")
    expect(tab.page.locator(".why p").first).to_be_visible()
    assert prose.evaluate_all(LONG) == []


PARTED = r"""() => {
  const number = /[\d.,]+\s(?:%|×\s10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)|±\s[\d.,]+/gu;
  const found = { whole: 0, parted: [] };
  const walker = document.createTreeWalker(document.getElementById("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (parentElement.closest("svg, code, pre") || !parentElement.checkVisibility()) continue;
    for (const { 0: written, index } of data.matchAll(number)) {
      const range = document.createRange();
      range.setStart(walker.currentNode, index);
      range.setEnd(walker.currentNode, index + written.length);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1) found.parted.push(data);
      else found.whole += 1;
    }
  }
  return found;
}"""


@every_experiment
def test_no_number_is_parted_where_a_line_ends(new_tab: NewTab, name: str) -> None:
    tab = new_tab(viewport={"width": 320, "height": 740})
    tab.run(f"{EXPERIMENTS[name].spec().links['page']}?open=all")
    expect(tab.page.locator(".why p").first).to_be_visible()
    found = tab.page.evaluate(PARTED)
    assert found["whole"] > 0
    assert found["parted"] == []


@every_experiment
def test_what_is_refused_is_said_where_the_reader_is(new_tab: NewTab, name: str) -> None:
    tab = new_tab(viewport={"width": 1280, "height": 800})
    tab.run(f"{small_spec(name).links['page']}&open=all")
    tab.page.evaluate("() => document.querySelector('.take').scrollIntoView()")
    tab.page.wait_for_function("() => scrollY > 400")
    with tab.refused():
        tab.text_input("gain").evaluate(
            "input => { input.value = -1; input.dispatchEvent(new Event('input', { bubbles: true })); }"
        )
    expect(tab.experiment.locator(".status")).to_be_in_viewport()
    assert tab.page.evaluate("() => scrollY") > 400


@every_chart_in_a_section
def test_a_zoom_ends_with_its_run(tab: Tab, name: str, key: str) -> None:
    tab.run(f"{small_spec(name).links['page']}&open=all")
    plot = tab.chart(key).locator(".plot")
    plot.scroll_into_view_if_needed()
    expect(plot.locator(".trace").first).to_be_attached()
    plot.evaluate("plot => Plotly.relayout(plot, { 'xaxis.range': [0.123, 0.124] })")
    with tab.rerun():
        tab.set("seed", 7)
    tab.page.wait_for_function("plot => plot.layout.xaxis.range[0] !== 0.123", arg=plot.element_handle())
    assert plot.evaluate("plot => plot.layout.xaxis.range") == plot.evaluate("plot => plot.seen.layout.xaxis.range")


LEAVING = """plot => {
  const box = plot.getBoundingClientRect();
  return [...plot.querySelectorAll("svg text")].filter((text) => {
    const { left, right, top, bottom, width } = text.getBoundingClientRect();
    return width && Math.max(box.left - left, right - box.right, box.top - top, bottom - box.bottom) > 1;
  }).map((text) => text.textContent);
}"""


def wordy(name: str) -> str:
    """A query for the two lines of an experiment that have the longest names, and all its charts."""
    lines, field = EXPERIMENTS[name].lines, compared_by(EXPERIMENTS[name].spec())
    choices = next(control.accepts.choices for control in CONTROLS[name] if control.name == field) or ()
    longest = sorted(choices, key=lambda choice: len(lines[choice].label))[-2:]
    return "&".join(filter(None, (urlencode({field: longest}, doseq=True), repeated(name))))


def wordiest(*, of_two_axes: bool) -> str:
    """The preset of a sweep over one axis, or over two, that follows what has the longest name."""
    specs: list[Any] = [EXPERIMENTS["sweep"].spec.from_query(query) for _, query in EXPERIMENTS["sweep"].presets]
    longest = max((spec for spec in specs if of_two_axes == bool(spec.y)), key=lambda spec: len(spec.followed.label))
    query: str = longest.query
    return query


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize(
    ("name", "query"),
    [
        *((name, wordy(name)) for name in EXPERIMENTS if name != "sweep"),
        *(("sweep", wordiest(of_two_axes=many)) for many in (False, True)),
    ],
)
def test_no_word_in_a_chart_leaves_it_on_a_phone(new_tab: NewTab, name: str, query: str, width: int) -> None:
    tab = new_tab(viewport={"width": width, "height": 740}, reduced_motion="reduce")
    tab.run(f"{small_spec(name, query).links['page']}&open=all")
    left = {}
    for chart in tab.page.locator("[data-chart]:visible").all():
        chart.scroll_into_view_if_needed()
        expect(chart.locator("svg text").first).to_be_attached()
        if leaving := chart.locator(".plot").evaluate(LEAVING):
            left[chart.get_attribute("data-chart")] = leaving
    assert left == {}
