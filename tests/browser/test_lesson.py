"""For a teacher: a page in somebody else's page, a guess before the result, one side hidden until it is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import expect

from app.experiments import EXPERIMENTS
from tests.browser.tools import Tab, in_sight
from tests.compute.tools import compared_by, every_experiment, small_spec


def looked_at(name: str, view: str) -> str:
    return f"/{name}?{small_spec(name).query}&{view}"


def roles(tab: Tab, name: str) -> set[str]:
    """Of the traces that the first chart shows."""
    plot = tab.chart(EXPERIMENTS[name].first[0]).locator(".plot")
    found: list[str] = plot.evaluate("plot => plot.seen.data.map(({meta}) => meta?.role)")
    return set(found)


@every_experiment
@pytest.mark.parametrize("side", ["predicted", "measured"])
def test_what_is_hidden_is_nowhere_until_it_is_asked_for(tab: Tab, name: str, side: str) -> None:
    tab.run(looked_at(name, f"hide={side}"))
    assert side not in roles(tab, name)
    expect(tab.page.locator(".sections")).to_be_hidden()
    expect(tab.page.locator(".verdict .brief").first).to_be_hidden()
    tab.page.get_by_role("button", name="Show it").click()
    expect(tab.page.locator(".verdict .brief").first).to_be_visible()
    tab.finished()
    assert side in roles(tab, name)
    assert "hide" not in tab.page.url


@every_experiment
def test_a_guess_comes_before_the_result_and_is_judged_by_it(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    (compared,) = (control for control in in_sight(spec) if control.name == compared_by(spec))
    assert compared.accepts.choices
    guess = compared.accepts.choices[spec.compared[0]]
    tab.open(looked_at(name, "ask=holds"))
    asked = tab.page.locator(".ask")
    expect(asked).to_contain_text("Which of these holds?")
    expect(tab.page.locator(".verdicts")).to_be_hidden()
    asked.get_by_label(guess, exact=True).check()
    asked.get_by_role("button").click()
    expect(tab.page.locator(".verdict .word").first).to_be_visible()
    expect(tab.page.locator(".guess")).to_contain_text(f"Your guess: {guess}. It is")


@every_experiment
def test_a_question_in_the_teachers_own_words_is_asked_as_it_stands(tab: Tab, name: str) -> None:
    tab.open(looked_at(name, "ask=What+is+the+variance%3F"))
    asked = tab.page.locator(".ask")
    expect(asked.locator("legend")).to_have_text("What is the variance?")
    asked.get_by_label("In words or a number").fill("<b>512</b>")
    asked.get_by_role("button").click()
    expect(tab.page.locator(".guess")).to_have_text("Your guess: <b>512</b>.")


@contextmanager
def somebody_elses(html: str) -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@every_experiment
def test_a_page_may_be_framed_where_its_address_asks_for_that_and_nowhere_else(tab: Tab, name: str) -> None:
    embedded, plain = (tab.origin + looked_at(name, view) for view in ("embed=true", "embed=false"))
    for path, frames in ((embedded, "frame-ancestors *"), (plain, "frame-ancestors 'none'")):
        assert frames in tab.page.request.get(path).headers["content-security-policy"]
    with somebody_elses(f"<iframe src='{embedded}' width=900 height=700></iframe>") as elsewhere:
        page = tab.page.context.new_page()
        page.goto(elsewhere)
        framed = page.frame_locator("iframe")
        expect(framed.locator(".verdict .word").first).to_be_visible()
        expect(framed.locator("header.top")).to_be_hidden()
        expect(framed.locator("form")).to_be_hidden()
        page.close()


def test_a_term_tells_what_it_means_at_a_tap_and_by_the_keyboard(tab: Tab) -> None:
    tab.run(looked_at("stack", "open=all"))
    term = tab.page.locator(".term").first
    expect(term).to_be_visible()
    term.focus()
    tab.page.keyboard.press("Enter")
    told = tab.page.locator("#definition")
    expect(told).to_be_visible()
    name = term.get_attribute("data-term") or ""
    tab.page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    term.click()
    said = told.inner_text()
    tab.page.goto(f"{tab.origin}/glossary")
    expect(tab.page.locator("dl")).to_contain_text(said)
    expect(tab.page.locator("dl")).to_contain_text(name)
