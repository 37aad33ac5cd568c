"""Pages as a browser shows them: they run, draw whatever the result gives, and ask no one but their server."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from app.compute.rates import USUAL
from app.experiments import EXPERIMENTS
from app.spec import Spec
from tests.browser.conftest import NewTab
from tests.browser.tools import WIDTHS, Tab, assert_drawn, spaced
from tests.compute.tools import every_experiment, every_preset, repeated, small, small_spec
from tests.web.tools import PAGES

every_page = pytest.mark.parametrize("path", PAGES)

LONG = 1  # second of a usual core that a preset may take to be run whole here
INSTEAD = {  # what else there is to draw: a map instead of lines
    "stack": ["jacobian=true"],
    "sweep": ["y=gain&y_steps=3&x_from=4&x_to=64&x_steps=3&fan_out=200&bins=4"],
}

NOTE_UNDRAWN = """document.addEventListener("DOMContentLoaded", () => {
  const experiment = document.querySelector("[data-experiment]");
  experiment.addEventListener("result", () => {
    const shown = [...experiment.querySelectorAll(".first .chart:not([hidden])")];
    const undrawn = shown.filter((chart) => !chart.querySelector(".trace"));
    window.undrawn = undrawn.map((chart) => chart.dataset.chart);
  });
})"""


def figures_of(origin: str, spec: Spec) -> dict[str, Any]:
    api = httpx.URL(origin + spec.links["api"])
    figures: dict[str, Any] = httpx.get(api.copy_with(path=f"{api.path}/figures"), timeout=60).json()
    return figures


@every_preset
def test_a_preset_runs_and_is_drawn_under_its_canonical_address(tab: Tab, name: str, query: str) -> None:
    spec = EXPERIMENTS[name].spec.from_query(query)
    if EXPERIMENTS[name].cost(spec).seconds(1, USUAL) > LONG:
        spec = small(spec)
        query = spec.query
    tab.run(f"/{name}?{query}&open=all")
    assert tab.page.url == f"{tab.origin}/{name}?{'&'.join(filter(None, (spec.query, 'open=all')))}"
    figures = figures_of(tab.origin, spec)
    assert figures
    assert_drawn(tab, name, figures)


@every_experiment
def test_every_chart_is_drawn_by_some_experiment(tab: Tab, name: str) -> None:
    drawn = set()
    for query in [repeated(name), *INSTEAD.get(name, [])]:
        spec = small_spec(name, query)
        tab.run(f"{spec.links['page']}&open=all")
        figures = figures_of(tab.origin, spec)
        assert_drawn(tab, name, figures)
        drawn |= set(figures)
    assert drawn == set(EXPERIMENTS[name].charts)


@every_experiment
def test_done_is_said_when_all_is_drawn(new_tab: NewTab, name: str) -> None:
    tab = new_tab()
    tab.page.add_init_script(NOTE_UNDRAWN)
    tab.run(small_spec(name).links["page"])
    assert tab.page.evaluate("() => window.undrawn") == []


@every_experiment
def test_words_and_formulas_are_unfolded(tab: Tab, name: str) -> None:
    experiment = tab.run(f"{small_spec(name).links['page']}&open=why")
    why = experiment.locator(".why")
    formula = why.locator("math").first
    expect(formula).to_be_visible()
    box = formula.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) > 10


def test_the_home_page_runs_what_is_in_sight(tab: Tab) -> None:
    first = tab.run("/")
    second = tab.page.locator("[data-experiment]").nth(1)
    assert len(tab.streams) == 1
    second.scroll_into_view_if_needed()
    for experiment in (first, second):
        expect(experiment.locator(".status")).to_have_text("Done.")
        for chart in experiment.locator("[data-chart]").all():
            chart.scroll_into_view_if_needed()
            expect(chart.locator(".trace path").first).to_be_attached()
    stacks = [stream.url for stream in tab.streams if "/api/stack/" in stream.url and "activation" not in stream.url]
    assert len(stacks) == 1


def test_the_documentation_opens_on_its_own(tab: Tab) -> None:
    tab.page.goto(f"{tab.origin}/docs")
    expect(tab.page.locator("h1")).to_be_visible()
    assert tab.streams == []


@pytest.mark.parametrize("width", WIDTHS)
@every_page
def test_a_page_is_as_wide_as_its_window(new_tab: NewTab, path: str, width: int) -> None:
    tab = new_tab(viewport={"width": width, "height": 900})
    tab.open(path)
    if tab.page.locator("[data-experiment]").count():
        tab.finished()
        tab.page.locator("[data-experiment]").last.scroll_into_view_if_needed()
        expect(tab.page.locator(".trace").last).to_be_attached()
    inside = tab.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert inside[0] <= inside[1]
    assert inside[1] == width


def test_a_question_is_answered_when_it_comes_into_sight(tab: Tab) -> None:
    tab.page.goto(f"{tab.origin}/questions")
    asked = tab.page.locator("[data-findings]")
    first = asked.first
    told = httpx.get(tab.origin + (first.get_attribute("data-findings") or "").removeprefix("."), timeout=60).json()
    about = first.get_attribute("data-about")
    sentence = next(finding["sentence"] for finding in told if finding["about"] == about)
    expect(first.locator(".answer")).to_contain_text(sentence)
    last = asked.last
    expect(last.locator(".answer")).to_be_empty()
    last.scroll_into_view_if_needed()
    expect(last.locator(".answer p").first).to_be_visible(timeout=60_000)


@every_experiment
def test_a_chart_says_what_it_shows_and_a_heading_what_is_asked(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    experiment = tab.run(spec.links["page"])
    told = httpx.get(
        f"{tab.origin}{spec.links['api'].replace(f'/api/{name}', f'/api/{name}/findings')}", timeout=60
    ).json()
    for key, chart in EXPERIMENTS[name].charts.items():
        sentences = [finding["sentence"] for finding in told if finding["about"] == chart.about]
        assert spaced(experiment.locator(f'[data-chart="{key}"] .found li')) == sentences
    assert experiment.locator("h1").inner_text() == EXPERIMENTS[name].heading(spec)
    with tab.rerun():
        tab.set("gain", 2)
    assert tab.page.title() == f"{EXPERIMENTS[name].heading(spec.model_copy(update={'gain': 2.0}))} · Initscope"
