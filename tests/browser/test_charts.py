"""Charts as they are looked at: in the light and in the dark, and with a slider for the layer."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from app.figures.palette import TEMPLATES
from tests.browser.conftest import NewTab
from tests.browser.tools import Tab, drawn_data
from tests.compute.tools import SMALL, every_experiment, small_spec

SLIDER = "unit_variance"


def rgb(color: str) -> str:
    """A colour as a browser computes it."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


def expect_scheme(tab: Tab, scheme: str) -> None:
    """Every chart on screen has the inks of a scheme."""
    wanted = rgb(TEMPLATES[scheme]["layout"]["xaxis"]["tickfont"]["color"])
    charts = tab.experiment.locator(".chart:not([hidden])")
    assert charts.count() > 1
    for chart in charts.all():
        expect(chart.locator(".xtick text, .ytick text, .x2tick text").first).to_have_css("fill", wanted)


def background(tab: Tab) -> str:
    color: str = tab.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return color


def brightness(color: str) -> int:
    return sum(int(part) for part in re.findall(r"\d+", color)[:3])


@every_experiment
def test_page_and_charts_follow_the_colour_scheme_even_when_it_changes(new_tab: NewTab, name: str) -> None:
    tab = new_tab(color_scheme="light")
    tab.run(small_spec(name).links["page"])
    expect_scheme(tab, "light")
    light = brightness(background(tab))
    tab.page.emulate_media(color_scheme="dark")
    expect_scheme(tab, "dark")
    assert light > 3 * 200
    assert brightness(background(tab)) < 3 * 60
    tab.page.emulate_media(color_scheme="light")
    expect_scheme(tab, "light")


@every_experiment
def test_a_page_opened_in_the_dark_is_dark(new_tab: NewTab, name: str) -> None:
    tab = new_tab(color_scheme="dark")
    tab.run(small_spec(name).links["page"])
    expect_scheme(tab, "dark")
    assert brightness(background(tab)) < 3 * 60


def slider_says(chart: Locator, layer: int) -> None:
    expect(chart.locator(".slider-label").filter(has_text=re.compile(rf"^layer {layer}$"))).to_be_attached()


def layers_shown(chart: Locator) -> set[int]:
    return {trace["meta"] for trace in drawn_data(chart) if trace["visible"]}


def outlines(chart: Locator) -> list[str]:
    found: list[str] = chart.locator(".main-svg .trace path").evaluate_all(
        "paths => paths.map((path) => path.getAttribute('d'))"
    )
    assert found
    return found


def choose_first(tab: Tab, chart: Locator) -> None:
    rail = chart.locator(".slider-rail-touch-rect")
    rail.scroll_into_view_if_needed()
    box = rail.bounding_box()
    assert box is not None
    tab.page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)


def test_the_slider_chooses_the_layer(tab: Tab) -> None:
    tab.run(small_spec("stack").links["page"])
    chart = tab.chart(SLIDER)
    slider_says(chart, SMALL)
    assert layers_shown(chart) == {SMALL}
    before = outlines(chart)
    choose_first(tab, chart)
    slider_says(chart, 1)
    assert layers_shown(chart) == {1}
    assert outlines(chart) != before


@pytest.mark.parametrize(("field", "value"), [("seed", 7), ("depth", 12), ("init", ["1/sqrt(D)"])])
def test_the_slider_and_the_chart_agree_after_a_change(tab: Tab, field: str, value: Any) -> None:
    tab.run(small_spec("stack").links["page"])
    chart = tab.chart(SLIDER)
    choose_first(tab, chart)
    slider_says(chart, 1)
    with tab.rerun():
        tab.set(field, value)
    (layer,) = layers_shown(chart)
    slider_says(chart, layer)
