"""An experiment made of cells: each leads to its own experiment, and the form is that of the chosen one."""

import re

import httpx
from playwright.sync_api import Locator, expect

from app.experiments import EXPERIMENTS
from tests.browser.conftest import NewTab
from tests.browser.tools import Tab

FEW = "x=fan_in&x_from=4&x_to=64&x_steps=3&fan_out=200&bins=4&init=unscaled&repeats=2"
LONG = "x=gain&x_from=1&x_to=2&x_steps=30&fan_in=256&fan_out=300000&init=unscaled&repeats=4"
MIDDLE = 1  # of three points
INK = "paper => getComputedStyle(paper.querySelector('.xtick text')).fill"
LIGHT = """() => {
  const ink = JSON.parse(document.getElementById("plot-templates").textContent).light.layout.xaxis.tickfont.color;
  const text = Object.assign(document.body.appendChild(document.createElement("i")), { style: `color: ${ink}` });
  return getComputedStyle(text).color;
}"""


def point(chart: Locator, number: int) -> Locator:
    return chart.locator(".points path").nth(number)


def test_a_point_says_its_numbers_and_leads_to_the_very_experiment(tab: Tab) -> None:
    tab.run(f"/sweep?{FEW}")
    here = point(tab.chart("lines"), MIDDLE)
    here.scroll_into_view_if_needed()
    here.hover(force=True)
    expect(tab.chart("lines").locator(".hoverlayer text").first).to_contain_text("at fan_in (D) 16")
    here.click(force=True)
    tab.page.wait_for_url(re.compile(r"/matmul\?"))
    found = EXPERIMENTS["matmul"].spec.from_query(tab.page.url.partition("?")[2])
    assert found == EXPERIMENTS["matmul"].spec.from_query("fan_in=16&fan_out=200&bins=4&init=unscaled")
    tab.finished()


def test_another_experiment_brings_its_own_form_and_its_first_law(tab: Tab) -> None:
    tab.run(f"/sweep?{FEW}")
    expect(tab.field("depth")).to_have_count(0)
    tab.set("of", "stack")
    tab.page.wait_for_url(re.compile(r"of=stack"))
    asked = EXPERIMENTS["sweep"].spec.from_query(tab.page.url.partition("?")[2])
    assert asked == EXPERIMENTS["sweep"].spec.from_query(EXPERIMENTS["stack"].laws[0].query)
    expect(tab.field("depth")).to_have_count(1)
    expect(tab.field("fan_in")).to_have_count(0)
    tab.finished()


def test_a_script_is_offered_only_where_there_is_one(tab: Tab) -> None:
    offered = tab.run(f"/sweep?{FEW}&statistic=input_spread").locator(".take [data-file]")
    tab.page.locator(".take summary").click()
    expect(offered.first).to_be_visible()
    expect(offered.last).to_be_hidden()
    with tab.rerun():
        tab.set("statistic", "variance")
    expect(offered.last).to_be_visible()
    assert httpx.get(offered.last.evaluate("link => link.href")).status_code == 200


def test_what_runs_has_no_control_of_its_own_and_an_axis_that_is_not_there_no_ends(tab: Tab) -> None:
    tab.run(f"/sweep?{FEW}")
    expect(tab.field("fan_in")).to_be_hidden()
    expect(tab.field("y_from")).to_be_hidden()
    with tab.rerun():
        tab.set("y", "gain")
    expect(tab.field("y_from")).to_be_visible()
    expect(tab.field("gain")).to_be_hidden()
    expect(tab.chart("maps").locator(".heatmaplayer image").first).to_be_attached()


def test_cancel_stops_it_and_whoever_runs_it_again_goes_on(tab: Tab) -> None:
    tab.open(f"/sweep?{LONG}")
    expect(tab.chart("lines").locator(".points path").first).to_be_attached()
    tab.experiment.locator(".cancel").click()
    expect(tab.experiment.locator(".status")).to_have_text("Cancelled. Nothing is running.")
    expect(tab.experiment.locator(".again")).to_be_visible()


def test_a_map_is_printed_as_wide_as_the_paper_and_in_light_colours(new_tab: NewTab) -> None:
    tab = new_tab(color_scheme="dark", viewport={"width": 1280, "height": 900})
    tab.run(f"/sweep?{FEW}&y=gain&y_steps=3")
    on_screen = tab.chart("maps").locator(".plot")
    expect(on_screen.locator(".heatmaplayer image").first).to_be_attached()
    tab.page.set_viewport_size({"width": 700, "height": 900})
    tab.page.emulate_media(media="print")
    tab.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    paper = tab.chart("maps").locator(".on-paper")
    assert paper.locator(".heatmaplayer image").count() == on_screen.locator(".heatmaplayer image").count()
    assert not on_screen.is_visible()
    assert paper.evaluate(INK) == tab.page.evaluate(LIGHT)
    assert tab.page.locator("main").evaluate("main => main.scrollWidth <= main.clientWidth")
    box, inside = paper.bounding_box(), paper.locator(".heatmaplayer image").first.bounding_box()
    assert box is not None
    assert inside is not None
    assert box["x"] <= inside["x"] < inside["x"] + inside["width"] <= box["x"] + box["width"]
    assert inside["width"] > box["width"] / 2
    tab.page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    expect(paper).to_have_count(0)
