"""The page answers the hand: a layer chosen anywhere is marked everywhere, sliders are followed, Back undoes."""

import re

import pytest
from playwright.sync_api import expect

from app.experiments import EXPERIMENTS
from app.view import View
from tests.browser.conftest import NewTab
from tests.browser.tools import Tab, alone, changed, drawn_data, in_hand, measured, spaced
from tests.compute.tools import SMALL, every_experiment, small_spec
from tests.figures.tools import two_lines

WITH_AXES = [  # what may be drawn on other axes, of charts that are shown at once
    (name, entry.first[0]) for name, entry in EXPERIMENTS.items() if entry.charts[entry.first[0]].axes
]
NOTE_SHIFTS = """() => {
  window.shifts = 0;
  window.drawn = 0;
  window.empty = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifts += entry.value)))
    .observe({ type: "layout-shift" });
  const plot = document.querySelector(".still .plot");
  new MutationObserver(() => {
    window.drawn += 1;
    window.empty += !plot.querySelector(".trace") || plot.closest("[hidden]") !== null;
  }).observe(plot, { childList: true });
}"""


def looked_at(tab: Tab, name: str) -> View:
    _, _, query = tab.page.url.partition("?")
    return EXPERIMENTS[name].address(query)[1]


def card(tab: Tab) -> str:
    return tab.experiment.locator(".card h2").inner_text()


def cursors(tab: Tab) -> set[int]:
    """Where the chosen layer is marked, in pixels from the left of each chart over layers."""
    lefts: list[int] = tab.page.evaluate(
        """() => [...document.querySelectorAll('.plot[data-place=layer]')].filter((plot) => plot.seen)
          .map((plot) => [plot.querySelector('.cursor'), plot].map((element) => element.getBoundingClientRect().left))
          .map(([cursor, plot]) => Math.round(cursor - plot))"""
    )
    return set(lefts)


def test_a_layer_chosen_anywhere_is_marked_everywhere_and_stands_in_the_address(tab: Tab) -> None:
    tab.run(f"{small_spec('stack').links['page']}&open=all")
    tab.experiment.locator(".section .plot[data-place=layer]").first.scroll_into_view_if_needed()
    expect(tab.experiment.locator(".section .cursor").first).to_be_attached()
    assert card(tab) == f"Layer {SMALL} of {SMALL}"
    tab.chart("picture").locator(".plot").hover()
    middle = card(tab)
    assert middle != f"Layer {SMALL} of {SMALL}"
    tab.page.mouse.move(0, 0)
    tab.page.keyboard.press("ArrowLeft")
    expect(tab.experiment.locator(".card h2")).not_to_have_text(middle)
    layer = int(card(tab).split()[1])
    tab.page.wait_for_url(re.compile(rf"[?&]layer={layer}\b"))
    assert len(cursors(tab)) == 1
    tab.page.reload()
    tab.finished()
    assert card(tab) == f"Layer {layer} of {SMALL}"


def test_the_card_has_the_numbers_of_every_init_and_gives_them_in_words(new_tab: NewTab) -> None:
    tab = new_tab(permissions=["clipboard-read", "clipboard-write"])
    tab.run(f"{small_spec('stack').links['page']}&layer=2")
    cells = spaced(tab.experiment.locator(".card .measured"))
    tab.experiment.get_by_role("button", name="Copy in words").click()
    expect(tab.experiment.get_by_role("button", name="Copied")).to_be_visible()
    words: str = tab.page.evaluate("() => navigator.clipboard.readText()")
    assert words.startswith("Layer 2, What becomes")
    assert tab.page.url in words
    assert all(cell in words for cell in cells if cell != "–")


@every_experiment
def test_an_init_looked_at_alone_fades_the_others_in_every_chart(tab: Tab, name: str) -> None:
    tab.run(f"{small_spec(name, two_lines(name)).links['page']}&open=all")
    verdict = tab.experiment.locator(".verdict").nth(1)
    init = verdict.get_attribute("data-init")
    sentence = tab.experiment.locator(".said")
    expect(sentence).to_be_hidden()
    verdict.click()
    expect(tab.experiment.locator(".verdict").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(tab.experiment.locator(".verdict").nth(1)).to_be_focused()
    expect(sentence).to_be_visible()
    faded = """plots => plots.filter((plot) => plot.seen).flatMap((plot) => plot.seen.data)
      .filter(({ meta, opacity }) => meta?.init && (opacity ?? 1) < 0.5).map(({ meta }) => meta.init)"""
    plots = tab.experiment.locator(".plot")
    tab.page.wait_for_function(f"() => ({faded})([...document.querySelectorAll('.plot')]).length > 0")
    assert init not in plots.evaluate_all(faded)
    tab.experiment.locator(".verdict").nth(1).click()
    expect(sentence).to_be_hidden()


def drag(tab: Tab, field: str, steps: int = 20) -> None:
    """Moves a slider to the right, as a hand does."""
    tab.field(field).locator(".slider").scroll_into_view_if_needed()
    box = tab.field(field).locator(".slider").bounding_box()
    assert box is not None
    down = box["y"] + box["height"] / 2
    tab.page.mouse.move(box["x"] + 30, down)
    tab.page.mouse.down()
    for step in range(steps):
        tab.page.mouse.move(box["x"] + 30 + 3 * step, down)
        tab.page.wait_for_timeout(20)
    tab.page.mouse.up()


def follow(tab: Tab, field: str, steps: int = 20) -> str:
    """Moves a slider, and waits until the address has followed: what of it says where the slider is."""
    drag(tab, field, steps)
    reached = f"{field}={tab.text_input(field).input_value()}"
    tab.page.wait_for_url(re.compile(rf"[?&]{reached}\b"))
    return reached


@every_experiment
def test_a_slider_is_followed_without_a_shift_or_an_empty_chart(tab: Tab, name: str) -> None:
    tab.run(small_spec(name, alone(name)).links["page"])
    tab.page.evaluate(NOTE_SHIFTS)
    follow(tab, in_hand(name), steps=30)
    tab.finished()
    drawn, shifts, empty = tab.page.evaluate("() => [window.drawn, window.shifts, window.empty]")
    assert drawn > 2 or EXPERIMENTS[name].of_cells, "many runs take longer than a hand on a slider"
    assert empty == 0
    assert shifts < 0.02


@every_experiment
def test_while_the_hand_moves_charts_in_sight_alone_are_asked_for_and_in_the_end_all(tab: Tab, name: str) -> None:
    tab.run(f"{small_spec(name, alone(name)).links['page']}&open=all")
    tab.page.evaluate("() => scrollTo(0, 0)")
    asked = len(tab.streams)
    reached = follow(tab, in_hand(name))
    tab.finished()
    moving, last = [request.url for request in tab.streams[asked:-1]], tab.streams[-1].url
    assert moving
    assert "open=all" not in moving[0]
    assert "open=all" in last
    assert reached in last


@every_experiment
def test_back_undoes_one_change_after_the_other(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    experiment = tab.run(spec.links["page"])
    before = measured(experiment)
    with tab.rerun():
        tab.set("seed", 7)
    with tab.rerun():
        tab.set("gain", 2.0)
    with tab.page.expect_request("**/look*"):
        tab.page.go_back()
    tab.finished()
    assert tab.page.url == tab.origin + changed(spec, seed=7).links["page"]
    assert tab.text_input("gain").input_value() == "1.0"
    with tab.page.expect_request("**/look*"):
        tab.page.go_back()
    tab.finished()
    assert tab.page.url == tab.origin + spec.links["page"]
    assert measured(experiment) == before


@every_experiment
def test_a_pinned_run_is_drawn_under_the_next_and_both_are_in_the_link(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    experiment = tab.run(spec.links["page"])
    brief = next(iter(measured(experiment).values()))
    with tab.rerun():
        experiment.get_by_role("button", name="Pin to compare").click()
    with tab.rerun():
        tab.set("gain", 2.0)
    assert looked_at(tab, name).pinned == spec.query
    tab.page.reload()
    tab.finished()
    expect(experiment.locator(".before").first).to_contain_text(brief)
    first = tab.chart(EXPERIMENTS[name].first[0])
    assert any(trace["opacity"] for trace in drawn_data(first))
    with tab.rerun():
        experiment.get_by_role("button", name="Unpin").click()
    assert tab.page.url == tab.origin + changed(spec, gain=2.0).links["page"]
    expect(experiment.locator(".before")).to_have_count(0)


@pytest.mark.parametrize(("name", "key"), WITH_AXES)
def test_a_choice_of_axes_is_drawn_and_stands_in_the_address(tab: Tab, name: str, key: str) -> None:
    tab.run(small_spec(name).links["page"])
    chart = tab.chart(key)
    before = chart.locator(".plot").evaluate("plot => JSON.stringify(plot.seen.layout)")
    button = chart.locator(".axes button").first
    with tab.rerun():
        button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert looked_at(tab, name).axes == [button.get_attribute("data-axis")]
    assert chart.locator(".plot").evaluate("plot => JSON.stringify(plot.seen.layout)") != before


@pytest.mark.parametrize("name", [name for name, entry in EXPERIMENTS.items() if entry.sections])
def test_a_section_is_drawn_when_it_is_opened_and_its_state_is_in_the_address(tab: Tab, name: str) -> None:
    experiment = tab.run(small_spec(name).links["page"])
    section = EXPERIMENTS[name].sections[0]
    key = section.charts[0]
    assert drawn_data(tab.chart(key)) == []
    fold = experiment.locator(f'[data-section="{section.name}"]')
    assert fold.locator(".summary").inner_text()
    with tab.rerun():
        fold.locator("summary").click()
    assert looked_at(tab, name).open == [section.name]
    tab.page.reload()
    tab.finished()
    tab.chart(key).scroll_into_view_if_needed()
    expect(tab.chart(key).locator(".trace path").first).to_be_attached()
    with tab.rerun():
        experiment.get_by_role("button", name="Open all").click()
    assert looked_at(tab, name).open == ["all"]
    assert experiment.locator(".section:not([hidden]):not([open])").count() == 0
    experiment.get_by_role("button", name="Close all").click()
    assert looked_at(tab, name).open == []


def test_the_closed_page_is_three_screens_tall_at_most(new_tab: NewTab) -> None:
    tab = new_tab(viewport={"width": 1280, "height": 800})
    for name in EXPERIMENTS:
        tab.run(f"/{name}")
        assert tab.page.evaluate("() => document.documentElement.scrollHeight") <= 2400


@pytest.mark.parametrize(("typed", "address"), [("5/3", "gain=1.6666666666666667"), (".5", "gain=0.5"), ("1e0", "")])
def test_arithmetic_is_typed_and_an_unfinished_number_waits(tab: Tab, typed: str, address: str) -> None:
    spec = small_spec("matmul", "gain=3")
    tab.run(spec.links["page"])
    asked = len(tab.streams)
    for unfinished in ("", "5/", "sqrt(", "."):
        tab.text_input("gain").fill(unfinished)
        tab.page.wait_for_timeout(250)
    assert len(tab.streams) == asked
    with tab.rerun():
        tab.text_input("gain").fill(typed)
    assert address in tab.page.url
    assert "gain=3" not in tab.page.url
    assert tab.text_input("gain").input_value() == typed


@every_experiment
def test_another_seed_is_one_click_away(tab: Tab, name: str) -> None:
    experiment = tab.run(small_spec(name).links["page"])
    before = measured(experiment)
    with tab.rerun():
        experiment.get_by_role("button", name="New seed").click()
    assert "seed=" in tab.page.url
    assert measured(experiment) != before


@every_experiment
def test_on_a_phone_the_form_is_a_sheet_under_the_first_picture(new_tab: NewTab, name: str) -> None:
    tab = new_tab(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, reduced_motion="reduce")
    experiment = tab.run(small_spec(name).links["page"])
    expect(tab.text_input("gain")).to_be_hidden()
    experiment.get_by_role("button", name="Change the experiment").click()
    expect(tab.text_input("gain")).to_be_visible()
    expect(tab.chart(EXPERIMENTS[name].first[0]).locator(".plot")).to_be_in_viewport()
    with tab.rerun():
        tab.set("gain", 2.0)
    expect(tab.chart(EXPERIMENTS[name].first[0]).locator(".plot")).to_be_in_viewport()
