"""Charts as they are looked at: in the light and in the dark, and at the chosen layer."""

import re

from playwright.sync_api import Locator, expect

from app.figures.palette import TEMPLATES
from tests.browser.conftest import NewTab
from tests.browser.tools import Tab, drawn_data
from tests.compute.tools import SMALL, every_experiment, small_spec


def rgb(color: str) -> str:
    """A colour as a browser computes it."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


def expect_scheme(tab: Tab, scheme: str) -> None:
    """The first chart, sketched, and one of Plotly's, where sections hold any, have the inks of a scheme."""
    wanted = rgb(TEMPLATES[scheme]["layout"]["xaxis"]["tickfont"]["color"])
    first = tab.experiment.locator(":is(.sketch text[font-size='12'], .still .xtick text)").first
    expect(first).to_have_css("fill", wanted)
    for plotted in tab.experiment.locator(".section .plot").all()[:1]:
        plotted.scroll_into_view_if_needed()
        expect(plotted.locator(":is(.xtick, .ytick) text").first).to_have_css("fill", wanted)


def brightness(tab: Tab) -> int:
    color: str = tab.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", color)[:3])


@every_experiment
def test_page_and_charts_follow_the_colour_scheme_even_when_it_changes(new_tab: NewTab, name: str) -> None:
    tab = new_tab(color_scheme="dark")
    tab.run(f"{small_spec(name).links['page']}&open=all")
    expect_scheme(tab, "dark")
    assert brightness(tab) < 3 * 60
    tab.page.emulate_media(color_scheme="light")
    expect_scheme(tab, "light")
    assert brightness(tab) > 3 * 200


def places_shown(chart: Locator) -> set[int]:
    return {trace["meta"]["place"] for trace in drawn_data(chart) if trace["visible"]}


def test_units_are_shown_at_the_chosen_layer(tab: Tab) -> None:
    tab.run(f"{small_spec('stack').links['page']}&open=units")
    chart = tab.chart("unit_variance")
    assert places_shown(chart) == {SMALL}
    tab.experiment.locator(".card input").fill("3")
    expect(tab.experiment.locator(".card h2")).to_have_text(f"Layer 3 of {SMALL}")
    tab.page.wait_for_function(
        "plot => plot.seen.data.every((t) => t.visible === (t.meta.place === 3))",
        arg=chart.locator(".plot").element_handle(),
    )
    with tab.rerun():
        tab.set("seed", 7)
    assert places_shown(chart) == {3}
    with tab.rerun():
        tab.set("depth", 2)
    assert places_shown(chart) == {2}


def test_lines_that_lie_on_one_another_are_said_to_beside_the_chart_and_to_who_listens(tab: Tab) -> None:
    """A ReLU network's cosines do not depend on the scale of its weights."""
    query = small_spec("stack", "activation=relu&init=1/D&init=kaiming_normal").links["page"]
    tab.run(f"{query}&open=inputs")
    chart = tab.chart("collapse")
    chart.scroll_into_view_if_needed()
    said = re.compile("1/D.* lie on one another|lie on one another.*1/D")
    expect(chart.locator(".key .together")).to_have_text(said)
    expect(chart.locator(".plot")).to_have_attribute("aria-description", said)
