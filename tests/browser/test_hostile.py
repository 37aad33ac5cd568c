"""Hostile values, in a link or typed: they are shown as the text they are, and nothing of them ever runs."""

from urllib.parse import quote, urlencode

import httpx
import pytest
from playwright.sync_api import expect

from app.experiments import EXPERIMENTS
from app.web.forms import Control
from tests.browser.tools import CONTROLS, Tab, form_state, in_sight
from tests.compute.tools import every_experiment, small_spec

PAYLOADS = (
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=1</script>",
    "<ScRiPt >window.hacked=1</sCrIpT>",
    "<scr<script>ipt>window.hacked=1</scr</script>ipt>",
    "<script src=data:text/javascript,window.hacked=1></script>",
    "<img src=x onerror=window.hacked=1>",
    "<img/src='x'/onerror=window.hacked=1>",
    "<svg onload=window.hacked=1>",
    "<svg><script>window.hacked=1</script></svg>",
    "<math><mtext><script>window.hacked=1</script></mtext></math>",
    "<body onload=window.hacked=1>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<iframe src=javascript:parent.hacked=1></iframe>",
    "<details open ontoggle=window.hacked=1>",
    "<style>*{background:url(//evil.invalid)}</style>",
    "<base href=//evil.invalid/>",
    "<form action=javascript:window.hacked=1><button>",
    '"><script>window.hacked=1</script>',
    "'><script>window.hacked=1</script>",
    '" autofocus onfocus=window.hacked=1 x="',
    "' autofocus onfocus=window.hacked=1 x='",
    "` onmouseover=window.hacked=1 x=`",
    "javascript:window.hacked=1",
    "java\tscript:alert(1)",
    "{{7*7}}",
    "{% print(7*7) %}{{ cycler.__init__.__globals__ }}",
    "${7*7}#{7*7}",
    "</textarea></option></select><script>window.hacked=1</script>",
    "<!--><script>window.hacked=1</script-->",
    "]]>&lt;script&gt;window.hacked=1&lt;/script&gt;",
    "&#60;script&#62;window.hacked=1&#60;/script&#62;",
    "\\u003cscript\\u003ewindow.hacked=1\\u003c/script\\u003e",
    "\uff1cscript\uff1ewindow.hacked=1\uff1c/script\uff1e",
    "\u202e<script>window.hacked=1</script>",
    "\ufeff<img src=x onerror=alert(1)>",
    "<img src=x\u2028onerror=alert(1)>",
    "\ud7ff\U0010ffff<svg/onload=alert(1)>",
    "__proto__",
    "constructor",
)
STRUCTURE = """() => {
  const all = [...document.querySelectorAll("*")];
  const href = (found) => found.getAttribute("href") ?? "";
  const map = (found) => found.matches(".plot image") && href(found).startsWith("data:image/png;base64,");
  // Charts are drawn when they like.
  const outsideCharts = (tag) => document.querySelectorAll(`${tag}:not(.plot *)`).length;
  const tags = "script, img, iframe, base, object, embed, link, style, body, main, form, article, svg, math, a";
  return {
    counts: Object.fromEntries(tags.split(", ").map((tag) => [tag, outsideCharts(tag)])),
    handlers: all.flatMap((found) => found.getAttributeNames()).filter((name) => name.startsWith("on")),
    links: all.filter((found) => /^\\s*(javascript|data):/i.test(href(found)) && !map(found)).length,
    hacked: window.hacked ?? null,
    polluted: Object.keys(Object.prototype).length,
  };
}"""


def text_fields(controls: list[Control]) -> list[str]:
    """The fields among these that take text."""
    return [control.name for control in controls if control.widget in ("number", "list")]


def typed(tab: Tab, name: str) -> set[str]:
    """What the fields that take text hold."""
    texts = {field: value for field, value, _ in form_state(tab.experiment)}
    return {texts[field] for field in text_fields(CONTROLS[name])}


@every_experiment
def test_a_hostile_link_is_shown_as_text(tab: Tab, name: str) -> None:
    tab.expect_refusal()
    fields = list(EXPERIMENTS[name].spec.model_fields)
    wanted = None
    for payload in ("harmless", *PAYLOADS):
        pairs = [(field, payload) for field in fields] + [(payload, payload)]
        tab.open(f"/{name}?{urlencode(pairs)}")
        assert typed(tab, name) == {payload}
        expect(tab.experiment.locator(".form-errors")).to_contain_text(payload[:40].strip())
        structure = tab.page.evaluate(STRUCTURE)
        wanted = wanted or structure
        assert structure == wanted, payload
    assert wanted is not None
    assert (wanted["handlers"], wanted["links"], wanted["hacked"], wanted["polluted"]) == ([], 0, None, 0)
    assert tab.streams == []


@every_experiment
def test_hostile_values_are_typed_in_vain(tab: Tab, name: str) -> None:
    spec = small_spec(name)
    tab.run(spec.links["page"])
    wanted = tab.page.evaluate(STRUCTURE)
    fields = text_fields(in_sight(spec))
    assert (wanted["handlers"], wanted["links"], wanted["hacked"], wanted["polluted"]) == ([], 0, None, 0)
    for start in range(0, len(PAYLOADS), len(fields)):
        payloads = dict(zip(fields, PAYLOADS[start:], strict=False))
        with tab.refused():
            for field, payload in payloads.items():
                tab.text_input(field).fill(payload)
            tab.text_input(fields[0]).press("Enter")
        for field, payload in payloads.items():
            expect(tab.error(field)).to_be_visible()
            expect(tab.text_input(field)).to_have_value(payload)
        assert tab.page.evaluate(STRUCTURE) == wanted, payloads


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_path_is_not_found_and_not_echoed(server: str, payload: str) -> None:
    for path in (f"/{quote(payload, safe='')}", *(f"/{name}/{quote(payload, safe='')}" for name in EXPERIMENTS)):
        answer = httpx.get(server + path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert payload not in answer.text
        assert "hacked" not in answer.text


def test_a_hostile_path_opens_a_page_that_does_not_know_of_it(tab: Tab) -> None:
    tab.expect_refusal(404)
    tab.page.goto(f"{tab.origin}/matmul/{quote(PAYLOADS[0])}")
    expect(tab.page.locator("body")).to_contain_text("There is no page at this address.")
    assert tab.page.evaluate("() => window.hacked ?? null") is None
    assert PAYLOADS[0] not in tab.page.content()
