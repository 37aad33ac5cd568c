"""Changing the experiment: address, charts and words follow at once, without loading the page again."""

import pytest
from playwright.sync_api import Locator, expect

from app.experiments import EXPERIMENTS
from tests.browser.tools import CONTROLS, Tab, another, changed, drawn_data, form_state, measured
from tests.compute.tools import every_experiment, small_spec


def mark(tab: Tab) -> None:
    tab.page.evaluate("() => { window.marked = true; }")


def assert_not_loaded_again(tab: Tab) -> None:
    assert tab.page.evaluate("() => window.marked") is True


def said(experiment: Locator) -> str:
    return experiment.locator(".verdicts").inner_text()


@every_experiment
def test_a_change_is_followed_by_address_numbers_charts_and_words(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    experiment = tab.run(spec.links["page"])
    mark(tab)
    first_chart = tab.chart(EXPERIMENTS[name].first[0])
    numbers, words, data = measured(experiment), said(experiment), drawn_data(first_chart)
    with tab.rerun():
        tab.set("seed", 7)
    assert tab.page.url == tab.origin + changed(spec, seed=7).links["page"]
    assert measured(experiment).keys() == numbers.keys()
    assert measured(experiment) != numbers
    assert said(experiment) != words
    assert drawn_data(first_chart) != data
    assert_not_loaded_again(tab)


@pytest.mark.parametrize("name", [name for name, entry in EXPERIMENTS.items() if not entry.of_cells])
def test_every_control_changes_the_experiment(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    tab.run(spec.links["page"])
    mark(tab)
    before = None
    for control in CONTROLS[name]:
        value = another(spec, control.name)
        with tab.rerun():
            if before:
                tab.set(before, getattr(spec, before))
            tab.set(control.name, value)
        expect(tab.page).to_have_url(tab.origin + changed(spec, **{control.name: value}).links["page"])
        tab.finished()
        before = control.name
    assert_not_loaded_again(tab)


@pytest.mark.parametrize(
    ("name", "field", "other"),
    [(name, *pair) for name, entry in EXPERIMENTS.items() for pair in entry.spec.decided_by.items()],
)
def test_what_follows_from_another_field_cannot_be_changed_while_it_does(
    tab: Tab, name: str, field: str, other: str
) -> None:
    spec = small_spec(name)
    tab.run(spec.links["page"])
    expect(tab.text_input(field)).to_be_enabled()
    with tab.rerun():
        tab.set(other, another(spec, other))
    expect(tab.text_input(field)).to_be_disabled()
    with tab.rerun():
        tab.set(other, getattr(spec, other))
    expect(tab.text_input(field)).to_be_enabled()
    tab.run(changed(spec, **{other: another(spec, other)}).links["page"])
    expect(tab.text_input(field)).to_be_disabled()


@every_experiment
def test_of_two_quick_changes_the_last_one_stays(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    experiment = tab.run(changed(spec, seed=7).links["page"])
    wanted = measured(experiment)
    tab.run(spec.links["page"])
    with tab.rerun():
        tab.set("seed", 77)
        tab.set("seed", 7)
    assert tab.page.url == tab.origin + changed(spec, seed=7).links["page"]
    assert measured(experiment) == wanted


@every_experiment
def test_a_change_during_a_run_has_the_last_word(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    experiment = tab.run(changed(spec, seed=7).links["page"])
    wanted = measured(experiment)
    tab.run(spec.links["page"])
    with tab.rerun():
        with tab.page.expect_request(lambda request: "seed=5" in request.url):
            tab.set("seed", 5)
        tab.set("seed", 7)
    expect(tab.page).to_have_url(tab.origin + changed(spec, seed=7).links["page"])
    tab.finished()
    assert measured(experiment) == wanted


@every_experiment
def test_the_preset_on_screen_is_marked_as_long_as_it_is_that(tab: Tab, name: str) -> None:
    tab.run(changed(small_spec(name), seed=7).links["page"])
    marked = tab.experiment.locator(".presets [aria-current]")
    expect(marked).to_have_count(0)
    tab.experiment.locator(".presets a").first.click()
    tab.page.wait_for_url(lambda url: "seed=7" not in url)
    tab.finished()
    expect(marked).to_have_text(EXPERIMENTS[name].presets[0].label)
    with tab.rerun():
        tab.set("seed", 7)
    expect(marked).to_have_count(0)


@every_experiment
def test_reset_returns_to_the_defaults(tab: Tab, name: str) -> None:
    experiment = tab.run(f"/{name}")
    defaults = form_state(experiment)
    tab.run(changed(small_spec(name), seed=7).links["page"])
    assert form_state(experiment) != defaults
    tab.page.get_by_role("link", name="Reset").click()
    expect(tab.page).to_have_url(f"{tab.origin}/{name}")
    tab.finished()
    assert form_state(experiment) == defaults
