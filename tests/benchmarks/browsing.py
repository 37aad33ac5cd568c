"""What a reader waits for, in a real browser: the first bars of a page, and the first change after a control's."""

from playwright.sync_api import Browser, Page

# Runs before anything else of a page: notes when a chart's first marks appear, and every change within charts.
WATCH = """
window.firstMarks = null;
window.lastChange = 0;
new MutationObserver((changes) => {
  for (const { target } of changes) {
    if (!target.closest || !target.closest('.plot')) continue;
    window.lastChange = performance.now();
    if (window.firstMarks === null && target.closest('.plot').querySelector('.trace')) {
      window.firstMarks = performance.now();
    }
  }
}).observe(document, { childList: true, subtree: true, attributes: true });
"""
CHANGE = """
() => new Promise((resolve) => {
  const began = performance.now();
  const input = document.querySelector('[data-field=seed] input');
  input.value = String(Math.floor(Math.random() * 1e9));
  input.dispatchEvent(new Event('input', { bubbles: true }));
  const look = () => (window.lastChange > began ? resolve(window.lastChange - began) : setTimeout(look, 1));
  look();
})
"""


def _open(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True).new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    page.locator(".plot .trace").first.wait_for(state="attached")
    return page


def first_marks(browser: Browser, url: str) -> float:
    """Seconds from the navigation's start to the first marks of the first chart."""
    page = _open(browser, url)
    found: float = page.evaluate("() => window.firstMarks")
    page.context.close()
    return found / 1000


def changes(browser: Browser, url: str, times: int) -> list[float]:
    """Seconds from each of so many changes of the seed to the first change of a chart."""
    page = _open(browser, url)
    found = []
    for _ in range(times):
        page.wait_for_timeout(1000)
        found.append(page.evaluate(CHANGE) / 1000)
    page.context.close()
    return found
