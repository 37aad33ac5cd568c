"""Menus of the form: what is chosen can be read whole while they are closed."""

import pytest

from app.experiments import EXPERIMENTS
from tests.browser.conftest import NewTab

SWEPT = [f"/sweep?of={name}" for name, experiment in EXPERIMENTS.items() if experiment.statistics]
CUT = """() => {
  const cut = [];
  for (const group of document.querySelectorAll(".controls details")) group.open = true;
  for (const select of document.querySelectorAll("select")) {
    if (!select.checkVisibility()) continue;
    const alone = select.cloneNode(false);
    alone.removeAttribute("id");
    alone.style.width = "max-content";
    select.after(alone);
    for (const option of select.options) {
      alone.replaceChildren(option.cloneNode(true));
      if (alone.offsetWidth > select.offsetWidth) cut.push([select.name, option.text]);
    }
    alone.remove();
  }
  return cut;
}"""


@pytest.mark.parametrize("width", [320, 768, 1280, 2560])
def test_no_choice_is_wider_than_its_menu(new_tab: NewTab, width: int) -> None:
    tab = new_tab(viewport={"width": width, "height": 900})
    pages = ["/", *(f"/{name}" for name in EXPERIMENTS), *SWEPT]
    for page in pages:
        tab.page.goto(tab.origin + page)
        handle = tab.page.locator(".handle:visible")
        if handle.count():
            handle.click()
        assert tab.page.locator("select").count() or page == "/"
        assert tab.page.evaluate(CUT) == [], page
