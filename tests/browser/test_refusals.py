"""What cannot be run: it is said beside the field, nothing runs, and nothing typed is lost."""

import json
import re

import httpx
import pytest
from playwright.sync_api import Locator, expect

from app.experiments import EXPERIMENTS
from app.fields import SpecError, shape
from app.spec import Spec
from tests.browser.tools import CONTROLS, Tab, alarming, changed, is_stream, measured
from tests.compute.tools import compared_by, every_experiment, small_spec

WRONG = "wrong"
TYPED = ("number", "list")


def message(name: str, query: str) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        EXPERIMENTS[name].spec.from_query(query)
    return dict(caught.value.errors)


def assert_marked(tab: Tab, field: str, text: str) -> None:
    expect(tab.error(field)).to_be_visible()
    expect(tab.error(field)).to_have_text(text)
    for control in tab.field(field).locator("input:not(.slider), select").all():
        expect(control).to_have_attribute("aria-invalid", "true")


def assert_nothing_wrong(tab: Tab) -> None:
    expect(tab.experiment.locator(".error:not([hidden])")).to_have_count(0)
    expect(tab.experiment.locator("[aria-invalid=true]")).to_have_count(0)


def stale(experiment: Locator) -> bool:
    return "stale" in (experiment.get_attribute("class") or "").split()


@every_experiment
def test_a_wrong_value_is_marked_where_it_is_typed_until_it_is_mended(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    experiment = tab.run(spec.links["page"])
    numbers = measured(experiment)
    follows = spec.derived  # from others: it is out of reach
    fields = [control.name for control in CONTROLS[name] if control.widget in TYPED and control.name not in follows]
    before = {field: tab.text_input(field).input_value() for field in fields}
    for count, field in enumerate(fields, start=1):
        with tab.refused():
            tab.text_input(field).fill(WRONG)
        assert_marked(tab, field, message(name, f"{field}={WRONG}")[field])
        assert tab.text_input(field).input_value() == WRONG
        expect(experiment.locator(".error:not([hidden])")).to_have_count(count)
        expect(experiment.locator(".status")).not_to_contain_text(f"{field}:")
        assert alarming(experiment.locator(".status"))
        assert stale(experiment)
        assert measured(experiment) == numbers
    with tab.rerun():
        for field, text in before.items():
            tab.text_input(field).fill(text)
    expect(experiment).not_to_have_class(re.compile("stale"))
    assert_nothing_wrong(tab)


@pytest.mark.parametrize("text", ["0x200", "0b1000000000", " 512 ", "5.12e2"])
def test_a_number_is_the_default_only_if_it_is_written_as_one(tab: Tab, text: str) -> None:
    tab.run("/matmul?fan_in=500&fan_out=1000")
    if text.strip().isdecimal() or "e" in text:
        with tab.rerun():
            tab.text_input("fan_in").fill(text)
        assert tab.page.url == f"{tab.origin}/matmul?fan_out=1000"
    else:
        with tab.refused():
            tab.text_input("fan_in").fill(text)
        assert_marked(tab, "fan_in", message("matmul", f"fan_in={text}")["fan_in"])


@every_experiment
def test_everything_wrong_is_marked_at_once(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    compared = compared_by(spec)
    tab.run(spec.links["page"])
    with tab.refused():
        tab.set(compared, [])
        tab.text_input("seed").fill("-1")
        tab.text_input("gain").fill("much")
    wrong = message(name, f"{compared}=&seed=-1&gain=much")
    assert set(wrong) == {compared, "gain", "seed"}
    for field, text in wrong.items():
        assert_marked(tab, field, text)


@every_experiment
def test_a_link_with_wrong_values_shows_them_and_runs_nothing(tab: Tab, name: str) -> None:
    query = "&".join(f"{control.name}={WRONG}" for control in CONTROLS[name])
    tab.expect_refusal()
    experiment = tab.open(f"/{name}?{query}")
    for field, text in message(name, query).items():
        assert_marked(tab, field, text)
    for control in CONTROLS[name]:
        if control.widget in TYPED:
            assert tab.text_input(control.name).input_value() == WRONG
    expect(experiment.locator(".status")).to_contain_text("Nothing has run")
    expect(experiment.locator(".charts").first).to_be_hidden()
    assert tab.streams == []


@every_experiment
def test_a_wrong_link_runs_once_it_is_mended(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    tab.expect_refusal()
    tab.open(f"/{name}?{spec.query}&gain={WRONG}")
    with tab.rerun():
        tab.text_input("gain").fill("2")
    assert tab.page.url == tab.origin + changed(spec, gain=2.0).links["page"]
    assert_nothing_wrong(tab)
    expect(tab.experiment.locator(".trace").first).to_be_visible()


@every_experiment
def test_an_unknown_field_of_a_link_is_named(tab: Tab, name: str) -> None:
    tab.expect_refusal()
    experiment = tab.open(f"/{name}?fan_inn=3")
    expect(experiment.locator(".form-errors")).to_contain_text("fan_inn")
    assert tab.streams == []


def too_much(tab: Tab, spec: Spec) -> tuple[str, dict[str, int], int]:
    """Sizes of which as few as it takes are at their most, for the API to refuse them.

    The last one raised, all of them, and what the API offers for that one.
    """
    model, names = type(spec), EXPERIMENTS[spec.name].sizes
    sizes: dict[str, int] = {size: getattr(model(), size) for size in names}
    for size in names:
        sizes[size] = int(shape(model.model_fields[size]).maximum or 0)
        with httpx.stream("GET", tab.origin + changed(spec, **sizes).api("/look"), timeout=60) as answer:
            refused = json.loads(answer.read()) if answer.status_code == 422 else {"fits": {}}
        if size in refused["fits"]:
            return size, sizes, refused["fits"][size]
    raise AssertionError(f"{spec.name} may be as large as it can be")


@every_experiment
def test_what_is_too_expensive_offers_the_largest_value_that_fits(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    field, sizes, fits = too_much(tab, spec)
    tab.run(spec.links["page"])
    with tab.refused():
        for size, value in sizes.items():
            tab.text_input(size).fill(str(value))
    expect(tab.error(field)).to_contain_text("largest value that fits")
    expect(tab.experiment.locator(".status")).to_contain_text("allowed")
    with tab.page.expect_response(lambda answer: is_stream(answer.request) and answer.ok):  # refusals may still come in
        tab.error(field).get_by_role("button", name=f"Use {fits:,}").click()
    assert tab.text_input(field).input_value() == str(fits)
    assert_nothing_wrong(tab)
