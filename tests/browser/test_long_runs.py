"""Runs that take a while: they show how far they are and what they have, and end when nobody wants them."""

import json
from typing import Any

import httpx
from playwright.sync_api import Locator, Request, expect

from app.experiments import EXPERIMENTS
from app.fields import shape
from app.figures import CHARTS
from app.specs import Spec
from tests.browser.tools import PATIENCE, Tab, changed, drawn_data, is_stream
from tests.compute.tools import SMALL, every_experiment


def refusal(origin: str, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The problem with an experiment that is too large; empty if it is not, and then it is not waited for."""
    with httpx.stream("POST", f"{origin}/api/{name}/stream", json=fields) as answer:
        problem: dict[str, Any] = json.loads(answer.read()) if answer.status_code == 422 else {}
    return problem


def largest_value(problem: dict[str, Any], field: str) -> int:
    (message,) = (error["message"] for error in problem["errors"] if error["field"] == field)
    return int(message.rsplit(" ", 1)[-1].replace(",", ""))


def long_spec(origin: str, name: str, seed: int) -> Spec:
    """Two thirds of what may be run: seconds. Each test has its own seed, since results are kept."""
    model = EXPERIMENTS[name].spec
    shapes = {field: shape(info) for field, info in model.model_fields.items()}
    bare = {field: False for field, accepts in shapes.items() if accepts.kind == "boolean"} | {"seed": seed}
    longest: dict[float, Spec] = {}
    for size in EXPERIMENTS[name].sizes:
        if problem := refusal(origin, name, bare | {size: shapes[size].maximum}):
            largest = largest_value(problem, size)
            seconds = refusal(origin, name, bare | {size: largest + 1})["cost"]["seconds"]
            longest[seconds] = model.parse(bare | {size: largest * 2 // 3})
    return longest[max(longest)]


def begin(tab: Tab, spec: Spec) -> Request:
    """Opens a page whose run has begun, and is far from over; what it asks for."""
    with tab.page.expect_request(is_stream) as asked:
        tab.open(spec.links["page"])
    expect(tab.experiment.locator(".cancel")).to_be_visible()
    return asked.value


def wait_for_partial_charts(tab: Tab, name: str) -> None:
    chart = tab.chart(next(iter(CHARTS[name])))
    expect(chart.locator(".main-svg .trace path").first).to_be_attached()
    expect(tab.experiment).to_have_attribute("aria-busy", "true")


def assert_at_rest(experiment: Locator) -> None:
    expect(experiment).not_to_have_attribute("aria-busy", "true")
    expect(experiment.locator(".progress")).to_be_hidden()
    expect(experiment.locator(".cancel")).to_be_hidden()


@every_experiment
def test_a_long_run_shows_how_far_it_is_and_what_it_has(tab: Tab, name: str) -> None:
    spec = long_spec(tab.origin, name, seed=1)
    begin(tab, spec)
    progress = tab.experiment.locator(".progress")
    expect(progress).not_to_have_js_property("value", 0)
    some: float = progress.evaluate("progress => progress.value")
    wait_for_partial_charts(tab, name)
    expect(progress).to_be_visible()
    expect(progress).not_to_have_js_property("value", some)
    assert some < progress.evaluate("progress => progress.value") <= progress.evaluate("progress => progress.max")
    partial = [drawn_data(tab.chart(key)) for key in CHARTS[name]]
    tab.finished()
    assert_at_rest(tab.experiment)
    assert [drawn_data(tab.chart(key)) for key in CHARTS[name]] != partial


@every_experiment
def test_cancel_ends_a_run_and_run_again_begins_anew(tab: Tab, name: str) -> None:
    experiment = tab.experiment
    begin(tab, long_spec(tab.origin, name, seed=2))
    wait_for_partial_charts(tab, name)
    with tab.page.expect_event("requestfailed", is_stream):
        experiment.locator(".cancel").click()
    expect(experiment.locator(".status")).to_have_text("Cancelled. Nothing is running.")
    assert_at_rest(experiment)
    assert len(tab.streams) == 1
    with tab.page.expect_request(is_stream):
        experiment.get_by_role("button", name="Run again").click()
    expect(experiment.get_by_role("button", name="Run again")).to_be_hidden()
    expect(experiment.locator(".status")).to_be_empty()
    expect(experiment.locator(".progress")).not_to_have_js_property("value", 0)


@every_experiment
def test_a_change_ends_the_run_before(tab: Tab, name: str) -> None:
    long = long_spec(tab.origin, name, seed=3)
    sizes = dict.fromkeys(EXPERIMENTS[name].sizes, SMALL)
    asked = begin(tab, long)
    with tab.rerun(), tab.page.expect_event("requestfailed", lambda request: request == asked):
        for size, value in sizes.items():
            tab.set(size, value)
    assert asked.failure == "net::ERR_ABORTED"
    assert tab.page.url == tab.origin + changed(long, **sizes).links["page"]
    assert_at_rest(tab.experiment)


@every_experiment
def test_leaving_the_page_ends_the_run(tab: Tab, name: str) -> None:
    asked = begin(tab, long_spec(tab.origin, name, seed=4))
    with tab.page.expect_event("requestfailed", lambda request: request == asked, timeout=PATIENCE):
        tab.page.get_by_role("link", name="API").click()
    expect(tab.page.locator("h1")).to_have_text("The API")
