"""Links and commands: whoever follows one sees the same numbers."""

import csv
import io
import json
import re
from contextlib import nullcontext

import httpx
import pytest
from playwright.sync_api import expect

from app.experiments import EXPERIMENTS
from tests.browser.conftest import NewTab
from tests.browser.tools import Tab, another, assert_drawn, changed, form_state, measured
from tests.compute.tools import compared_by, every_experiment, small_spec

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


def clipboard(tab: Tab) -> str:
    text: str = tab.page.evaluate("() => navigator.clipboard.readText()")
    return text


def explained(name: str, answer: str) -> dict[str, str]:
    """The measured numbers of an answer of the API, as a page writes them."""
    result = EXPERIMENTS[name].result.model_validate_json(answer)
    said = json.loads(EXPERIMENTS[name].answer_json(result))
    return {verdict["init"]: verdict["brief"] for verdict in said["verdicts"]}


def open_menu(tab: Tab) -> None:
    menu = tab.experiment.locator(".take")
    expect(menu.locator("dl")).not_to_have_attribute("hidden", "")
    menu.evaluate("menu => { menu.open = true; }")


def addresses(tab: Tab) -> list[str]:
    """The addresses the commands of a page ask, in their order."""
    open_menu(tab)
    commands = tab.experiment.locator("[data-command]")
    expect(commands.first).to_be_visible()
    found = [re.search(r"'(http[^']+)'", command) for command in commands.all_inner_texts()]
    return [address[1] for address in found if address]


@every_experiment
def test_a_copied_link_shows_the_same_in_another_browser(new_tab: NewTab, name: str) -> None:
    mine, theirs = new_tab(**CLIPBOARD), new_tab()
    spec = small_spec(name)
    lines = another(spec, compared_by(spec))
    experiment = mine.run(spec.links["page"])
    with mine.rerun():
        mine.set("seed", 7)
    with mine.rerun():
        mine.set(compared_by(spec), lines)
    experiment.get_by_role("button", name="Copy link").click()
    expect(experiment.get_by_role("button", name="Copied")).to_be_visible()
    link = clipboard(mine)
    assert link == mine.page.url
    expect(mine.page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    assert measured(experiment).keys() == set(lines)
    theirs.page.goto(link)
    theirs.finished()
    assert measured(theirs.experiment) == measured(experiment)
    assert form_state(theirs.experiment) == form_state(experiment)
    assert theirs.page.url == link


@every_experiment
def test_commands_are_copied_as_they_stand(new_tab: NewTab, name: str) -> None:
    tab = new_tab(**CLIPBOARD)
    experiment = tab.run(small_spec(name).links["page"])
    open_menu(tab)
    for command in experiment.locator(".take .command").all():
        command.get_by_role("button").click()
        expect(command.get_by_role("button")).to_have_text("Copied")
        assert clipboard(tab) == command.locator("code").inner_text()


@every_experiment
def test_commands_give_what_is_on_screen(tab: Tab, name: str) -> None:
    small = small_spec(name)
    field = compared_by(small)
    spec = changed(small, seed=7, **{field: ["1/sqrt(D)"]})
    experiment = tab.run(f"{spec.links['page']}&open=all")
    api, table, figures, *script = (httpx.get(address, timeout=60) for address in addresses(tab))
    assert explained(name, api.text) == measured(experiment)
    assert {row[field] for row in csv.DictReader(io.StringIO(table.text))} == measured(experiment).keys()
    assert_drawn(tab, name, figures.json())
    assert len(script) == (EXPERIMENTS[name].script is not None)
    for written in script:
        compile(written.text, "script", "exec")


@every_experiment
def test_files_are_those_of_what_is_on_screen(tab: Tab, name: str) -> None:
    spec = changed(small_spec(name), seed=7)
    experiment = tab.run(spec.links["page"])
    open_menu(tab)
    for link in experiment.locator(".take [data-file]").all():
        with tab.page.expect_download() if link.get_attribute("download") is not None else nullcontext():
            suffix = "" if (kind := link.get_attribute("data-file")) == "api" else f".{kind}"
            assert link.evaluate("link => link.href") == tab.origin + spec.api(suffix)
            if suffix:
                link.click()


@every_experiment
def test_a_chart_is_taken_as_picture_numbers_and_figure(new_tab: NewTab, name: str) -> None:
    tab = new_tab(accept_downloads=True, **CLIPBOARD)
    tab.run(small_spec(name).links["page"])
    chart = tab.chart(next(iter(EXPERIMENTS[name].charts)))
    chart.locator(".take-chart summary").click()
    for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"trace,x,y\n")):
        with tab.page.expect_download() as taken:
            chart.get_by_role("button", name=kind, exact=True).click()
        assert taken.value.suggested_filename.endswith(kind.lower())
        assert taken.value.path().read_bytes().startswith(begins)
    chart.get_by_role("button", name="Copy as Plotly JSON").click()
    expect(chart.get_by_role("button", name="Copied")).to_be_visible()
    assert json.loads(clipboard(tab))["data"]


@every_experiment
def test_commands_follow_a_change(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    tab.run(spec.links["page"])
    before = addresses(tab)
    with tab.rerun():
        tab.set("seed", 7)
    after = addresses(tab)
    assert after[0] == tab.origin + changed(spec, seed=7).links["api"]
    assert set(before).isdisjoint(after)


@pytest.mark.parametrize(
    "written", ["seed=7&{query}&gain=1.0", "gain=2e0&{query}&seed=7", "{query}&seed=7&{compared}=1/sqrt(D)"]
)
@every_experiment
def test_an_address_becomes_canonical(tab: Tab, name: str, written: str) -> None:
    spec = small_spec(name, "bins=12")
    query = written.format(query=changed(spec, seed=0).query, compared=compared_by(spec))
    tab.run(f"/{name}?{query}")
    assert tab.page.url == tab.origin + EXPERIMENTS[name].spec.from_query(query).links["page"]


@every_experiment
def test_going_back_shows_the_experiment_that_was_left(tab: Tab, name: str) -> None:
    experiment = tab.run(small_spec(name).links["page"])
    with tab.rerun():
        tab.set("seed", 7)
    address, numbers, state = tab.page.url, measured(experiment), form_state(experiment)
    tab.page.get_by_role("link", name="API").click()
    expect(tab.page.locator("h1")).to_have_text("The API")
    tab.page.go_back()
    tab.finished()
    assert tab.page.url == address
    assert measured(experiment) == numbers
    assert form_state(experiment) == state
