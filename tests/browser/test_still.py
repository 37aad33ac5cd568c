"""Nothing moves while a page comes, and nothing is cut or covered when its text is twice as large."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.lab.initializers import INITIALIZERS
from tests.browser.conftest import NewTab
from tests.compute.tools import every_experiment, small_spec
from tests.web.tools import PAGES

LEAST, MOST = 320, 2560  # pixels, of windows
BETWEEN = (768, 1280)
SHIFT = 0.02  # of the layout, as browsers measure it
LATE = 400  # milliseconds
LOOKS: dict[str, dict[str, Any]] = {
    "a phone": {"viewport": {"width": 412, "height": 823}, "has_touch": True, "is_mobile": True},
    "a desk": {"viewport": {"width": 1350, "height": 940}},
}
NOTE_SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifts += entry.value)))
  .observe({ type: "layout-shift", buffered: true });"""
# What is fetched comes when the page has long been seen, as from a busy server.
FETCH_LATE = f"""const fetchNow = window.fetch;
window.awaited = 0;
window.fetch = async (...asked) => {{
  window.awaited += 1;
  await new Promise((resolve) => setTimeout(resolve, {LATE}));
  return fetchNow(...asked).finally(() => setTimeout(() => (window.awaited -= 1), 100));
}};"""

# Texts that stick out of the window or of their own box without a way to scroll, and those that lie on one another.
CUT = """() => {
  const apart = ".unseen, .skip, .help, .quiet, .sheet, .run, svg, math, .js-plotly-plot, option, noscript, script";
  const scrolls = (element) => {
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth) return true;
    }
    return false;
  };
  const found = [];
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest(apart) || !element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const scrolled = scrolls(element);
    for (const box of range.getClientRects()) {
      if (box.width < 2) continue;
      if (!scrolled && (box.left < -1 || box.right > innerWidth + 1)) found.push(`out: ${node.textContent.trim()}`);
      if (!scrolled) boxes.push([box, node]);
    }
  }
  for (const [at, [one, node]] of boxes.entries()) {
    for (const [other, beside] of boxes.slice(at + 1)) {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      const least = Math.min(one.height, other.height);
      if (across > 3 && down > least / 2) found.push(`over: ${node.textContent.trim()} | ${beside.textContent.trim()}`);
    }
  }
  const wide = document.documentElement.scrollWidth;
  return wide > innerWidth ? [`page: ${wide}`, ...found] : found;
}"""


# Words of charts that stick out of the chart.
OUT_OF_CHARTS = """() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
  const { left, right } = plot.getBoundingClientRect();
  const words = [...plot.querySelectorAll("svg text")].filter((text) => text.textContent.trim());
  const out = words.filter((text) => {
    const box = text.getBoundingClientRect();
    return box.width && (box.left < left - 1 || box.right > right + 1);
  });
  return out.map((text) => `${plot.closest("[data-chart]").id}: ${text.textContent}`);
})"""


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_while_a_page_comes(new_tab: NewTab, path: str, look: str) -> None:
    tab = new_tab(**LOOKS[look])
    tab.page.add_init_script(NOTE_SHIFTS)
    tab.page.add_init_script(FETCH_LATE)
    tab.open(path)
    if tab.experiment.count():
        tab.finished()
    tab.page.wait_for_timeout(300)
    tab.page.wait_for_function("() => window.awaited === 0")
    tab.page.wait_for_timeout(300)
    assert tab.page.evaluate("() => window.shifts") <= SHIFT


@pytest.mark.parametrize("path", PAGES)
def test_text_of_twice_the_size_is_neither_cut_nor_covered(new_tab: NewTab, path: str) -> None:
    tab = new_tab(reduced_motion="reduce", bypass_csp=True)
    tab.open(path)
    if tab.experiment.count():
        tab.finished()
    assert_readable_at_twice_the_size(tab.page)


@every_experiment
def test_text_of_twice_the_size_is_readable_in_every_section(new_tab: NewTab, name: str) -> None:
    tab = new_tab(reduced_motion="reduce", bypass_csp=True)
    tab.run(f"{small_spec(name).links['page']}&open=all")
    assert_readable_at_twice_the_size(tab.page)


@every_experiment
def test_charts_keep_their_words_on_the_narrowest_phone(new_tab: NewTab, name: str) -> None:
    tab = new_tab(viewport={"width": LEAST, "height": 640}, reduced_motion="reduce")
    tab.run(f"{small_spec(name).links['page']}&open=all")
    assert_charts_keep_their_words(tab.page)


@pytest.mark.parametrize("gain", [0.5, 1, 2])
@pytest.mark.parametrize("activation", ["linear", "tanh", "relu"])
def test_every_gain_in_use_is_named_on_the_narrowest_phone(new_tab: NewTab, activation: str, gain: float) -> None:
    tab = new_tab(viewport={"width": LEAST, "height": 640}, reduced_motion="reduce")
    inits = "&".join(f"init={name}" for name in INITIALIZERS)
    tab.run(f"{small_spec('stack', f'activation={activation}&gain={gain}&{inits}').links['page']}&open=gains")
    assert_charts_keep_their_words(tab.page)


@pytest.mark.parametrize("width", [LEAST, 1280])
@every_experiment
def test_no_name_of_a_field_is_cut(new_tab: NewTab, name: str, width: int) -> None:
    tab = new_tab(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    tab.run(small_spec(name).links["page"])
    tab.unfold_all()
    labels = tab.experiment.locator(".label > :first-child")
    cut = "labels => labels.filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.textContent)"
    assert labels.count() > 3
    assert labels.evaluate_all(cut) == []


def test_the_menu_holds_every_experiment_on_the_narrowest_phone(new_tab: NewTab) -> None:
    tab = new_tab(viewport={"width": LEAST, "height": 640})
    tab.open("/questions")
    links = tab.page.locator("header nav a")
    expect(links.first).to_be_hidden()
    tab.page.get_by_role("button", name="Menu").click()
    for link in links.all():
        expect(link).to_be_in_viewport(ratio=1)
    tab.page.keyboard.press("Escape")
    expect(links.first).to_be_hidden()


def assert_charts_keep_their_words(page: Page) -> None:
    for chart in page.locator("[data-chart]:visible").all():
        chart.scroll_into_view_if_needed()
        page.wait_for_timeout(100)
    assert "\n".join(page.evaluate(OUT_OF_CHARTS)) == ""


def assert_readable_at_twice_the_size(page: Page) -> None:
    page.add_style_tag(content="html { font-size: 200% !important }")
    for width in (LEAST, *BETWEEN, MOST):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        assert page.evaluate(CUT) == [], width
