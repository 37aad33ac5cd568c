"""Runs that take a while: they show how far they are and what they have, and end when nobody wants them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect

from app.experiments import EXPERIMENTS
from app.fields import shape
from app.spec import Spec
from tests.browser.tools import Tab, alarming, changed, drawn_data, is_stream
from tests.compute.tools import SMALL, every_experiment, small
from tests.conftest import serving

WELL_UNDER_WAY = 1 / 5  # of a run: enough is left for a slow machine to leave it
TO_FINISH = 120_000  # ms, on a machine that is busy with other tests
BASE: dict[str, dict[str, Any]] = {
    "attention": {"keys": 8192},
    "sweep": {"x": "gain", "x_from": 1, "x_to": 2, "fan_in": 256, "fan_out": 100_000},
}
APART = 1000  # seeds, more than repeats of a cell
LITTLE = {"sweep": 2}  # of every size: SMALL steps of SMALL repeats are many cells
NOTE_SHARES = """document.addEventListener("DOMContentLoaded", () => {
  window.shares = [];
  const progress = document.querySelector(".progress");
  if (!progress) return;
  const note = () => window.shares.push(progress.value / progress.max);
  new MutationObserver(note).observe(progress, { attributes: true });
})"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """One with time for runs that are long on a fast machine too, and end on a busy one."""
    with serving("--port=0", "--max-seconds=10", "--max-cells-seconds=10", "--deadline-seconds=300") as served:
        yield served.url


def refusal(origin: str, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The problem with an experiment that is too large; empty if it is not, and then it is not waited for."""
    with httpx.stream("POST", f"{origin}/api/{name}/stream", json=fields, timeout=60) as answer:
        problem: dict[str, Any] = json.loads(answer.read()) if answer.status_code == 422 else {}
    return problem


def largest_value(problem: dict[str, Any], field: str) -> int:
    (message,) = (error["message"] for error in problem["errors"] if error["field"] == field)
    return int(message.rsplit(" ", 1)[-1].replace(",", ""))


def long_spec(origin: str, name: str, seed: int, share: float = 1) -> Spec:
    """This share of what may be run, by the size that tells most. Each test has seeds of its own: results are kept."""
    model = EXPERIMENTS[name].spec
    shapes = {field: shape(info) for field, info in model.model_fields.items()}
    off = {field: False for field, accepts in shapes.items() if accepts.kind == "boolean"}
    bare = off | BASE.get(name, {}) | {"seed": APART * seed}
    for size in EXPERIMENTS[name].sizes:
        if problem := refusal(origin, name, bare | {size: shapes[size].maximum}):
            spec: Spec = model.parse(bare | {size: int(share * largest_value(problem, size))})
            return spec
        bare[size] = shapes[size].maximum
    raise AssertionError(f"whatever is asked of {name} may be run")


def begin(tab: Tab, spec: Spec) -> None:
    """Opens a page whose run has begun, and is far from over."""
    tab.page.add_init_script(NOTE_SHARES)
    tab.open(spec.links["page"])
    expect(tab.experiment.locator(".cancel")).to_be_visible()


def shares_done(tab: Tab) -> list[float]:
    """How far the run was each time the page said so, since it was opened or told to forget."""
    shares: list[float] = tab.page.evaluate("() => window.shares.filter((share) => share > 0)")
    return shares


def wait_until_well_under_way(tab: Tab) -> None:
    progress = tab.experiment.locator(".progress").element_handle()
    tab.page.wait_for_function(
        "([progress, least]) => progress.value / progress.max > least", arg=[progress, WELL_UNDER_WAY]
    )


def assert_begins_anew(tab: Tab, name: str) -> None:
    """Nobody has gone on with the run meanwhile: it would be joined where it is.

    One made of cells keeps those it has and goes on from there, by design; but it was not run to its end.
    """
    if EXPERIMENTS[name].of_cells:
        expect(tab.experiment).to_have_attribute("aria-busy", "true")
        return
    expect(tab.experiment.locator(".progress")).not_to_have_js_property("value", 0)
    assert shares_done(tab)[0] < WELL_UNDER_WAY


def wait_for_partial_charts(tab: Tab, name: str) -> None:
    chart = tab.chart(EXPERIMENTS[name].first[0])
    expect(chart.locator(".trace path").first).to_be_attached()
    expect(tab.experiment).to_have_attribute("aria-busy", "true")


def assert_at_rest(experiment: Locator) -> None:
    expect(experiment).not_to_have_attribute("aria-busy", "true")
    expect(experiment.locator(".progress")).to_be_hidden()
    expect(experiment.locator(".cancel")).to_be_hidden()


@every_experiment
def test_a_long_run_shows_how_far_it_is_and_what_it_has(tab: Tab, name: str) -> None:
    spec = long_spec(tab.origin, name, seed=1, share=0.5)
    begin(tab, spec)
    expect(tab.experiment.locator(".progress")).to_be_visible()
    assert not alarming(tab.experiment.locator(".status"))
    wait_for_partial_charts(tab, name)
    partial = [drawn_data(tab.chart(key)) for key in EXPERIMENTS[name].charts]
    expect(tab.experiment.locator(".status")).to_have_text("Done.", timeout=TO_FINISH)
    tab.finished()
    assert_at_rest(tab.experiment)
    shares = shares_done(tab)
    assert len(set(shares)) > 3
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    assert [drawn_data(tab.chart(key)) for key in EXPERIMENTS[name].charts] != partial


@every_experiment
def test_cancel_ends_a_run_and_run_again_begins_anew(tab: Tab, name: str) -> None:
    experiment = tab.experiment
    begin(tab, long_spec(tab.origin, name, seed=2))
    wait_for_partial_charts(tab, name)
    wait_until_well_under_way(tab)
    experiment.locator(".cancel").click()
    expect(experiment.locator(".status")).to_have_text("Cancelled. Nothing is running.")
    assert not alarming(experiment.locator(".status"))
    expect(experiment.get_by_role("button", name="Run again")).to_be_focused()
    assert_at_rest(experiment)
    assert len(tab.streams) == 1
    tab.page.evaluate("() => { window.shares = []; }")
    with tab.page.expect_request(is_stream):
        experiment.get_by_role("button", name="Run again").click()
    expect(experiment.get_by_role("button", name="Run again")).to_be_hidden()
    expect(experiment.locator(".status")).to_be_empty()
    assert_begins_anew(tab, name)


@every_experiment
def test_a_change_ends_the_run_before(tab: Tab, name: str) -> None:
    long = long_spec(tab.origin, name, seed=3)
    little = small(long)
    sizes = {size: min(getattr(little, size), LITTLE.get(name, SMALL)) for size in EXPERIMENTS[name].sizes}
    begin(tab, long)
    wait_until_well_under_way(tab)
    with tab.rerun():
        for size, value in sizes.items():
            tab.set(size, value)
    assert tab.page.url == tab.origin + changed(long, **sizes).links["page"]
    assert_at_rest(tab.experiment)
    begin(tab, long)
    assert_begins_anew(tab, name)


@every_experiment
def test_leaving_the_page_ends_the_run(tab: Tab, name: str) -> None:
    long = long_spec(tab.origin, name, seed=4)
    begin(tab, long)
    wait_until_well_under_way(tab)
    tab.page.get_by_role("link", name="API").click()
    expect(tab.page.locator("h1")).to_have_text("The API")
    begin(tab, long)
    assert_begins_anew(tab, name)
