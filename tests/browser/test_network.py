"""A recording on the page: chosen or dropped, drawn and told, kept for a link, and never markup."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Route, expect

from app.figures.numbers import power
from app.network.charts import figures
from app.network.charts.lines import log_of
from app.network.diagnosis import diagnose
from app.network.example import example
from app.network.recording import read
from tests.browser.conftest import NewTab
from tests.browser.test_access import violations
from tests.browser.tools import Tab, alarming, drawn_data
from tests.conftest import serving

SAVED = Path(__file__).parents[1] / "network" / "recordings" / "version-1.json"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def keeping(browser: Browser, tmp_path: Path) -> Iterator[Tab]:
    """A tab of a server that keeps recordings."""
    with serving("--port", "0", "--store", str(tmp_path / "kept.sqlite")) as served:
        context = browser.new_context()
        tab = Tab(context, served.url)
        yield tab
        tab.close()
        context.close()


def choose(tab: Tab, file: Path) -> None:
    tab.page.goto(f"{tab.origin}/network")
    tab.page.locator("#recording").set_input_files(file)
    expect(tab.page.locator(".heading")).to_be_focused()


def test_a_chosen_recording_is_drawn_and_told(tab: Tab) -> None:
    choose(tab, SAVED)
    recording = read(SAVED.read_bytes())
    said = tab.page.locator(".diagnosis")
    for item in diagnose(recording):
        expect(said).to_contain_text(item.sentence.replace("`", ""))
    for name, figure in figures(recording).items():
        chart = tab.page.locator(f'[data-chart="{name}"]')
        chart.scroll_into_view_if_needed()
        expect(chart.locator(".trace path").first).to_be_attached()
        assert [trace["y"] for trace in drawn_data(chart)] == [trace["y"] for trace in figure["data"]]
    expect(tab.page.locator(".layers tbody tr")).to_have_count(len(recording.layers))


def test_a_dropped_recording_is_read_too(tab: Tab) -> None:
    tab.page.goto(f"{tab.origin}/network")
    drop = """text => {
      const data = new DataTransfer();
      data.items.add(new File([text], "run.json", { type: "application/json" }));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    tab.page.evaluate(drop, SAVED.read_text())
    expect(tab.page.locator(".heading")).to_have_text("Sequential, recorded")


def test_what_is_being_read_is_not_said_as_an_error(tab: Tab) -> None:
    held: list[Route] = []
    tab.page.route("**/api/network/look", lambda route: held.append(route))
    tab.page.goto(f"{tab.origin}/network")
    tab.page.locator("#recording").set_input_files(SAVED)
    expect(tab.page.locator(".status")).to_have_text("Reading …")
    assert not alarming(tab.page.locator(".status"))
    held.pop().continue_()
    expect(tab.page.locator(".heading")).to_be_focused()


def test_the_example_is_a_network_with_something_to_say(tab: Tab) -> None:
    tab.page.goto(f"{tab.origin}/network")
    tab.page.get_by_role("button", name="Look at an example").click()
    expect(tab.page.locator(".diagnosis .command code").first).to_contain_text("torch.nn.init.kaiming_normal_")


def test_what_is_wrong_with_a_file_is_said_field_by_field(tab: Tab, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(json.loads(SAVED.read_text()) | {"version": 99, HOSTILE: 1}))
    tab.expect_refusal()
    tab.page.goto(f"{tab.origin}/network")
    tab.page.locator("#recording").set_input_files(wrong)
    expect(tab.page.locator(".errors")).to_contain_text("version: this recording is of version 99")
    assert alarming(tab.page.locator(".status"))
    expect(tab.page.locator(".seen")).to_be_hidden()


def test_names_in_a_file_are_never_markup(tab: Tab, tmp_path: Path) -> None:
    values = json.loads(SAVED.read_text())
    values["model"] = values["torch"] = HOSTILE
    for layer in values["layers"]:
        layer["name"] = layer["kind"] = HOSTILE
    hostile = tmp_path / "hostile.json"
    hostile.write_text(json.dumps(values))
    choose(tab, hostile)
    expect(tab.page.locator(".heading")).to_have_text(f"{HOSTILE}, recorded")
    assert tab.page.locator("img[src=x]").count() == 0


def test_a_layer_is_chosen_by_key_pointer_and_slider_and_marked_in_every_chart(tab: Tab) -> None:
    choose(tab, SAVED)
    layers = read(SAVED.read_bytes()).layers
    heading = tab.page.locator(".card h2")
    tab.page.locator(".card input").fill("1")
    tab.page.locator(".heading").focus()
    tab.page.keyboard.press("ArrowRight")
    expect(heading).to_have_text(f"Layer 2 of {len(layers)}: {layers[1].label} ({layers[1].kind})")
    expect(tab.page.locator(".card .measured").first).to_have_text(power(log_of(layers[1].output.mean_square)))
    expect(tab.page.locator(".plot > .cursor")).to_have_count(len(figures(read(SAVED.read_bytes()))))
    tab.page.keyboard.press("ArrowLeft")
    expect(heading).to_contain_text("Layer 1 of")
    plot = tab.page.locator("#network-picture .plot")
    box = plot.bounding_box()
    assert box is not None
    plot.click(position={"x": box["width"] - 20, "y": 60})
    expect(heading).to_contain_text(f"Layer {len(layers)} of")


def test_the_layer_to_blame_is_chosen_first(tab: Tab) -> None:
    tab.page.goto(f"{tab.origin}/network")
    tab.page.get_by_role("button", name="Look at an example").click()
    blamed = next(item.layer for item in diagnose(example()) if item.layer)
    expect(tab.page.locator(".card h2")).to_contain_text(f"Layer {blamed} of")


@pytest.mark.parametrize("width", [320, 2560])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_on_a_recording(new_tab: NewTab, look: Literal["light", "dark"], width: int) -> None:
    tab = new_tab(color_scheme=look, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    choose(tab, SAVED)
    expect(tab.page.locator(".card")).to_be_visible()
    assert violations(tab) == {}
    assert tab.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_recording_is_kept_for_a_link_and_removed_again(keeping: Tab) -> None:
    choose(keeping, SAVED)
    page = keeping.page
    page.get_by_role("button", name="Keep it for a link").click()
    expect(page.locator(".kept")).to_contain_text("Kept until")
    link = page.url
    assert "?recording=" in link
    page.locator(".card input").fill("2")
    page.wait_for_url("**&layer=2")
    link = page.url
    page.goto(f"{keeping.origin}/network")
    page.goto(link)
    expect(page.locator(".heading")).to_have_text("Sequential, recorded")
    expect(page.locator(".card h2")).to_contain_text("Layer 2 of")
    page.get_by_role("button", name="Keep it for a link").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(".kept")).to_have_text("Removed.")
    assert page.url == f"{keeping.origin}/network"
