"""A browser, a tab that remembers what went wrong in it, and the hands and eyes of whoever sits before it."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Playwright, Request, expect

from app.experiments import EXPERIMENTS
from app.fields import SpecError, shape, to_text
from app.spec import Spec
from app.web.forms import Control, form
from tests.compute.tools import small_spec

WIDTHS = (360, 768, 1280, 1920)  # pixels, of windows
PATIENCE = 30_000  # milliseconds for what is expected to happen
DRAWN = ".trace path, .heatmaplayer image"  # what there is of a chart once it is drawn
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CONTROLS = {
    name: [control for group in form(entry.spec, {}, {}).values() for control in group]
    for name, entry in EXPERIMENTS.items()
}


def in_hand(name: str) -> str:
    """A field with a slider in sight: the gain, where that has one."""
    sliders = [control.name for control in CONTROLS[name] if control.main and control.slider]
    return "gain" if "gain" in sliders else sliders[0]


def alone(name: str) -> str:
    """A query for one line."""
    one = "1/sqrt(D)"
    return next(f"{control.name}={one}" for control in CONTROLS[name] if one in (control.accepts.choices or ()))


def spaced(texts: Locator) -> list[str]:
    """Their words, whether or not a line may end between them."""
    return [text.replace("\xa0", " ") for text in texts.all_text_contents()]


expect.set_options(timeout=PATIENCE)


def launch(playwright: Playwright) -> Browser:
    """The Chromium of this machine, or else Playwright's own."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    return playwright.chromium.launch(executable_path=found, args=[*FLAGS, *sandbox])


class Tab:
    """A page of the application. Whatever goes wrong in it counts against it when it is closed."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.origin = origin
        self.streams: list[Request] = []
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self._wrong: list[str] = []
        self._refused: set[int] = set()
        self._expected: set[int] = set()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._wrong.append(str(error)))
        self.page.on("request", self._requested)
        self.page.on("dialog", self._asked)

    def expect_refusal(self, status: int = 422) -> None:
        """The page, or something it asks for, is going to be answered with this error."""
        self._expected.add(status)

    def close(self) -> None:
        self.page.close()
        assert self._wrong == []
        assert self._refused == self._expected

    def open(self, path: str) -> Locator:
        """Opens a page; the first experiment on it."""
        self.page.goto(self.origin + path)
        return self.experiment

    def run(self, path: str) -> Locator:
        """Opens a page and waits for its experiment."""
        self.open(path)
        self.finished()
        return self.experiment

    @property
    def experiment(self) -> Locator:
        return self.page.locator("[data-experiment]").first

    def finished(self) -> None:
        """The experiment has been run to its end."""
        expect(self.experiment.locator(".status")).to_have_text("Done.")
        expect(self.experiment).not_to_have_attribute("aria-busy", "true")

    @contextmanager
    def rerun(self) -> Iterator[None]:
        """What is done in the block runs the experiment again."""
        with self.page.expect_request(is_stream):
            yield
        self.finished()

    @contextmanager
    def refused(self) -> Iterator[None]:
        """What is done in the block asks for a run that is refused."""
        self.expect_refusal()
        with self.page.expect_response(lambda answer: is_stream(answer.request) and answer.status == 422):
            yield
        expect(self.experiment).not_to_have_attribute("aria-busy", "true")

    def field(self, name: str) -> Locator:
        return self.page.locator(f'[data-field="{name}"]')

    def text_input(self, name: str) -> Locator:
        """Where a number is typed; its group is unfolded."""
        self.unfold(name)
        return self.field(name).locator("input[name]")

    def unfold(self, name: str) -> None:
        self.field(name).evaluate("field => field.closest('details')?.setAttribute('open', '')")

    def unfold_all(self) -> None:
        """Every control is in reach; on a phone they are in a sheet."""
        handle = self.experiment.locator(".handle")
        if handle.is_visible():
            handle.click()
        self.experiment.locator(".group").evaluate_all("groups => groups.forEach((group) => (group.open = true))")

    def error(self, name: str) -> Locator:
        return self.field(name).locator(".error")

    def chart(self, key: str) -> Locator:
        return self.experiment.locator(f'[data-chart="{key}"]')

    def set(self, name: str, value: Any) -> None:
        """Gives a control a value, as a hand would."""
        field = self.field(name)
        self.unfold(name)
        match field.get_attribute("data-widget"):
            case "select":
                field.locator("select").select_option(value)
            case "check":
                field.locator("input").set_checked(value)
            case "checks":
                for box in field.locator("input").all():
                    box.set_checked(box.get_attribute("value") in value)
            case _:
                texts = [to_text(item) for item in value or []] if isinstance(value, list | None) else [to_text(value)]
                field.locator("input[name]").fill(", ".join(texts))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if refusal := re.search(r"responded with a status of (\d+)", message.text):
            self._refused.add(int(refusal[1]))
        else:
            self._wrong.append(f"{message.type}: {message.text}")

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self._wrong.append(f"asked for {request.url}")
        if is_stream(request):
            self.streams.append(request)

    def _asked(self, dialog: Dialog) -> None:
        self._wrong.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()


WHOLE = {"sweep": "y=gain&x_steps=2&y_steps=2&repeats=2"}  # a sweep over one field has no controls for a second


def whole_spec(name: str) -> Spec:
    """A small experiment whose page has every control there is, but for what follows from another one."""
    return small_spec(name, WHOLE.get(name, ""))


def in_sight(spec: Spec) -> list[Control]:
    """The controls on its page, once its groups are unfolded: what follows from other fields has none to use."""
    controls = [control for group in form(type(spec), {}, {}).values() for control in group]
    return [control for control in controls if control.name not in spec.derived]


def is_stream(request: Request) -> bool:
    return urlsplit(request.url).path.endswith(("/stream", "/look"))


def measured(experiment: Locator) -> dict[str, str]:
    """The measured numbers on screen, by init, as they are written there."""
    cells: dict[str, str] = experiment.evaluate(
        "root => Object.fromEntries([...root.querySelectorAll('.verdict [data-measured]')]"
        ".map(cell => [cell.dataset.measured, cell.textContent.split(/\\s+/).filter(Boolean).join(' ')]))"
    )
    assert cells
    return cells


def alarming(said: Locator) -> bool:
    """Whether this is said in the colour of errors."""
    compared: bool = said.evaluate(
        """said => {
          const wrong = document.createElement("span");
          wrong.style.color = "var(--wrong)";
          said.append(wrong);
          const same = getComputedStyle(said).color === getComputedStyle(wrong).color;
          wrong.remove();
          return same;
        }"""
    )
    return compared


def form_state(experiment: Locator) -> list[list[Any]]:
    """What every control of the form holds."""
    state: list[list[Any]] = experiment.evaluate(
        "root => [...root.querySelectorAll('input, select')].map(({name, value, checked}) => [name, value, checked])"
    )
    assert state
    return state


def drawn_data(chart: Locator) -> list[dict[str, Any]]:
    """Every trace of a chart on screen: its points, whether it is visible, and what it is of."""
    data: list[dict[str, Any]] = chart.locator(".plot").evaluate(
        "plot => (plot.seen?.data ?? [])"
        ".map(({x, y, z, visible, meta, opacity}) => ({x, y, z, visible, meta, opacity}))"
    )
    return data


def assert_drawn(tab: Tab, name: str, figures: Mapping[str, Any]) -> None:
    """Exactly the charts of these figures are on screen, every trace with its points."""
    points = ("x", "y", "z")
    on_screen = {key: [[trace.get(at) for at in points] for trace in drawn_data(tab.chart(key))] for key in figures}
    wanted = {key: [[trace.get(at) for at in points] for trace in figures[key]["data"]] for key in figures}
    assert on_screen == wanted
    for key in EXPERIMENTS[name].charts:
        if key in figures:
            tab.chart(key).scroll_into_view_if_needed()
            expect(tab.chart(key).locator(DRAWN).first).to_be_attached()
        else:
            expect(tab.chart(key)).to_be_hidden()


def another(spec: Spec, field: str) -> Any:
    """A value this field could have instead of the one it has."""
    accepts, now = shape(type(spec).model_fields[field]), getattr(spec, field)
    if accepts.choices and accepts.many:
        others = [choice for choice in accepts.choices if choice not in now]
        return [choice for choice in accepts.choices if choice in [*now, *others[:1]]] if others else now[:-1]
    if accepts.choices:
        return next(choice for choice in accepts.choices if choice != now)
    if accepts.kind == "boolean":
        return not now
    if accepts.many:
        return [8, 8, 8]
    kind = float if accepts.kind == "number" else int
    return next(kind(value) for value in (now + 1, now - 1, 2 * now) if _accepted(spec, field, kind(value)))


def _accepted(spec: Spec, field: str, value: float) -> bool:
    try:
        changed(spec, **{field: value})
    except SpecError:
        return False
    return True


def changed(spec: Spec, **values: Any) -> Spec:
    """The same experiment but for these fields."""
    fields = {name: getattr(spec, name) for name in type(spec).model_fields if name not in spec.derived}
    return type(spec).parse(fields | values)
