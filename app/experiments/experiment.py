"""What an experiment is: read this first.

An experiment lives in a folder of its own, `app/experiments/NAME/`, which holds all that only it needs:

    spec.py      its fields: query, JSON body, form, share link and cache key at once
    result.py    its numbers, as plain records
    run.py       how they are measured
    theory.py    what they should be
    cost.py      what measuring them will take
    findings.py  what they say: words and sentences, each with the number it rests on
    charts.py    how they are drawn, with titles and captions, and the sections that fold them
    picture.py   how they are drawn small, for whoever is sent a link; without one, the findings stand alone
    script.py    the same in PyTorch alone, to be read and changed by whoever takes it along
    readings.py  what each place says where a Result has places (layers, steps), and the course of each init
    statistics.py  which single numbers can be followed while a field runs, and the laws that show
    gallery.py   famous ones, with what was published of them
    words.py     the page's heading, and what its explanation is written from
    why.html     the explanation; without one, the page lists the findings
    __init__.py  the Experiment below, made of these, with presets, links worth following, and the questions it answers

Add it to the registry, `EXPERIMENTS` in this folder's `__init__.py`, and it has its page, form, link, JSON, figures,
table, event stream, catalog entry, documentation, cost refusal and cancel, over HTTP and in `initscope.run`.
"""

import sys
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_json

from ..compute.cost import Cost
from ..fields import SpecError
from ..figures.chart import Chart, Section
from ..figures.palette import LINES, Figure, Line
from ..figures.picture import Picture, picture
from ..figures.readings import Readings
from ..finding import Finding
from ..results import Result, Step
from ..spec import Spec
from ..statistic import Mark, Statistic
from ..view import ALL, View, split
from .answer import answer
from .table import csv_table

_FINDINGS = TypeAdapter(list[Finding])
OWN_SECTIONS = ("why", "numbers")  # of every page: the explanation, and the table of what is read at each place
LOOK = View()  # as nobody has chosen otherwise

S = TypeVar("S", bound=Spec)
R = TypeVar("R", bound=Result)


class Preset(NamedTuple):
    """A link worth following: what it shows, and its query."""

    label: str
    query: str


class Question(NamedTuple):
    """What people ask, and where it is answered: by the findings about this, under this query, of this init if "
    "named."""

    asked: str
    query: str
    about: str
    init: str = ""


class Published(NamedTuple):
    """A number that somebody published, and the same of a Result; they agree `within` a share of it (if 0, so much)."""

    what: str
    value: float
    measured: Callable[[Any], float | None]
    within: float = 0.1

    def agrees(self, measured: float | None) -> bool:
        """Whether what was measured here is the number published, but for chance."""
        return measured is not None and abs(measured - self.value) <= self.within * (abs(self.value) or 1)


class Famous(NamedTuple):
    """A well-known experiment, under its name in the gallery: the finding that tells it, and what its source says."""

    name: str
    title: str
    query: str
    about: str
    source: str
    link: str
    published: tuple[Published, ...]
    remark: str = ""
    init: str = ""


@dataclass(frozen=True)
class Experiment(Generic[S, R]):
    """One experiment, whole.

    `run` is a pure function of the spec, as a generator: it yields a Step after every block of work, the last one
    whole. Whoever iterates it decides between two steps whether to go on; closing it cancels what is left.
    `sizes` are the fields that make the experiment smaller, most telling first. `heading` asks, of a spec, what the
    experiment answers. `words` gives the template `why.html` what it shows beside the result and its findings. Charts
    in none of the `sections` are shown first. Where a Result has places, one after the other, `courses` has a number of
    each init at each, to be drawn small, and `readings` says what there is to read at each. `lines` says how what it
    sets side by side is called and drawn, where those are not the initializations of all. While it runs there is a
    partial result every `partial_seconds`, unless others wait. `statistics` are the single numbers that can be followed
    while one of the fields runs, `laws` such runs worth a look, and `marks` the values of a field worth marking on its
    axis. `unscripted` says why there is no `script` of a spec, where there is none. `of_cells`: the experiment is made
    of others, and `run` takes beside the spec what computes them.
    """

    title: str
    heading: Callable[[S], str]
    spec: type[S]
    result: type[R]
    run: Callable[..., Generator[Step[R]]]
    cost: Callable[[S], Cost]
    sizes: tuple[str, ...]
    findings: Callable[[R], list[Finding]]
    charts: Mapping[str, Chart]
    words: Callable[[R, list[Finding]], dict[str, Any]]
    presets: tuple[Preset, ...]
    questions: tuple[Question, ...] = ()
    gallery: tuple[Famous, ...] = ()
    statistics: Mapping[str, Statistic] = field(default_factory=dict)
    laws: tuple[Preset, ...] = ()
    marks: Callable[[S, str], list[Mark]] = lambda spec, field: []
    picture: Picture | None = None
    script: Callable[[S], str] | None = None
    unscripted: Callable[[S], SpecError | None] = lambda spec: None
    sections: tuple[Section, ...] = ()
    courses: Callable[[R], Mapping[str, Sequence[float | None]]] = lambda result: {}
    readings: Callable[[R], Readings | None] = lambda result: None
    partial_seconds: float = 0.3
    lines: Mapping[str, Line] = field(default_factory=lambda: LINES)
    table: Callable[[R], bytes] = csv_table
    of_cells: bool = False

    @property
    def name(self) -> str:
        """As it stands in addresses."""
        return self.spec.name

    @property
    def folder(self) -> Path:
        """Where it lives."""
        found = sys.modules[self.spec.__module__].__file__
        assert found is not None
        return Path(found).parent

    def address(self, query: str) -> tuple[S, View]:
        """What a page's address holds: the spec, and how its Result is looked at. Raises SpecError."""
        computed, looked_at = split(query)
        errors: list[tuple[str, str]] = []
        spec, view = self.spec(), View()
        try:
            spec = self.spec.from_query(computed)
        except SpecError as error:
            errors += error.errors
        try:
            view = View.from_query(looked_at)
            self._check_sections(view)
            if view.pinned is not None:
                self.spec.from_query(view.pinned)
        except SpecError as error:
            errors += [(field if field in View.model_fields else "pinned", said) for field, said in error.errors]
        if errors:
            raise SpecError(errors)
        return spec, view

    def _check_sections(self, view: View) -> None:
        names = [*(section.name for section in self.sections), *OWN_SECTIONS, ALL]
        if not set(view.open) <= set(names):
            raise SpecError([("open", f"choose from {', '.join(names)}")])

    def page(self, spec: S) -> dict[str, Any]:
        """What the page says before there is a result: its heading, its inits, each chart's title and caption, and
        whether there is a script."""
        charts = {
            name: {"title": chart.title, "caption": chart.read(spec), "shown": chart.when(spec)}
            for name, chart in self.charts.items()
        }
        scripted = self.script is not None and self.unscripted(spec) is None
        return {"heading": self.heading(spec), "charts": charts, "inits": spec.compared, "scripted": scripted}

    @property
    def first(self) -> tuple[str, ...]:
        """The charts that stand in no section."""
        folded = {chart for section in self.sections for chart in section.charts}
        return tuple(name for name in self.charts if name not in folded)

    def answer_json(self, result: R) -> bytes:
        """What a page says first, and what there is to read at each place, as JSON."""
        said = answer(self.findings(result), self.courses(result), self.sections, self.lines)
        readings = self.readings(result)
        document = {**said.model_dump(), "readings": readings and readings._asdict()}
        return to_json(document, inf_nan_mode="null")

    def drawn(self, kind: Literal["png", "svg"], result: R) -> bytes:
        """The result as a picture to show with a link."""
        heading = self.heading(self.spec.parse(result.experiment))
        return picture(heading, self.findings(result), result, self.picture, kind, self.lines)

    def findings_json(self, result: R) -> bytes:
        """The findings of a result as JSON."""
        return _FINDINGS.dump_json(self.findings(result))

    def figures(self, result: R, view: View = LOOK) -> dict[str, Figure]:
        """Every chart that this result has something to show in, as plain dicts in Plotly's schema."""
        drawn = {name: chart.figure(result, view) for name, chart in self.charts.items()}
        return {name: figure for name, figure in drawn.items() if figure is not None}

    def figures_json(self, result: R, view: View = LOOK, names: Collection[str] | None = None) -> bytes:
        """The same as JSON; of these charts alone, where they are named."""
        wanted = self.charts if names is None else names
        drawn = {name: chart.figure(result, view) for name, chart in self.charts.items() if name in wanted}
        shown = {name: figure for name, figure in drawn.items() if figure is not None}
        return to_json(shown, inf_nan_mode="null")

    def in_sight(self, view: View) -> tuple[str, ...]:
        """The charts that a page shows under this view: those in no section, and those of the open ones."""
        opened = (section.charts for section in self.sections if view.unfolds(section.name))
        return (*self.first, *(name for charts in opened for name in charts))


Experiments = Mapping[str, Experiment[Any, Any]]


def by_name(*experiments: Experiment[Any, Any]) -> dict[str, Experiment[Any, Any]]:
    """A registry, in this order."""
    return {experiment.name: experiment for experiment in experiments}
