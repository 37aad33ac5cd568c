"""What an experiment is: read this first.

An experiment lives in a folder of its own, `app/experiments/NAME/`, which holds all that only it needs:

    spec.py      its fields: query, JSON body, form, share link and cache key at once
    result.py    its numbers, as plain records
    run.py       how they are measured
    theory.py    what they should be
    cost.py      what measuring them will take
    findings.py  what they say: words and sentences, each with the number it rests on
    charts.py    how they are drawn, with titles and captions
    picture.py   how they are drawn small, for whoever is sent a link; without one, the findings stand alone
    script.py    the same in PyTorch alone, to be read and changed by whoever takes it along
    words.py     the page's heading, and what its explanation is written from
    why.html     the explanation; without one, the page lists the findings
    __init__.py  the Experiment below, made of these, with presets, links worth following, and the questions it answers

Add it to the registry, `EXPERIMENTS` in this folder's `__init__.py`, and it has its page, form, link, JSON, figures,
table, event stream, catalog entry, documentation, cost refusal and cancel, over HTTP and in `initscope.run`.
"""

import json
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from pydantic import TypeAdapter

from ..compute.cost import Cost
from ..fields import SpecError
from ..figures.chart import Chart
from ..figures.palette import Figure
from ..figures.picture import Picture, picture
from ..finding import Finding
from ..results import Result, Step
from ..spec import Spec
from ..view import View, split

_FINDINGS = TypeAdapter(list[Finding])

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


@dataclass(frozen=True)
class Experiment(Generic[S, R]):
    """One experiment, whole.

    `run` is a pure function of the spec, as a generator: it yields a Step after every block of work, the last one
    whole. Whoever iterates it decides between two steps whether to go on; closing it cancels what is left.
    `sizes` are the fields that make the experiment smaller, most telling first. `heading` asks, of a spec, what the
    experiment answers. `words` gives the template `why.html` what it shows beside the result and its findings.
    """

    title: str
    heading: Callable[[S], str]
    spec: type[S]
    result: type[R]
    run: Callable[[S], Generator[Step[R]]]
    cost: Callable[[S], Cost]
    sizes: tuple[str, ...]
    findings: Callable[[R], list[Finding]]
    charts: Mapping[str, Chart]
    words: Callable[[R, list[Finding]], dict[str, Any]]
    presets: tuple[Preset, ...]
    questions: tuple[Question, ...] = ()
    picture: Picture | None = None
    script: Callable[[S], str] | None = None

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
            if view.pinned is not None:
                self.spec.from_query(view.pinned)
        except SpecError as error:
            errors += [(field if field in View.model_fields else "pinned", said) for field, said in error.errors]
        if errors:
            raise SpecError(errors)
        return spec, view

    def page(self, spec: S) -> dict[str, Any]:
        """What the page says before there is a result: its heading, and each chart's title and caption."""
        charts = {name: {"title": chart.title, "caption": chart.read(spec)} for name, chart in self.charts.items()}
        return {"heading": self.heading(spec), "charts": charts}

    def drawn(self, kind: Literal["png", "svg"], result: R) -> bytes:
        """The result as a picture to show with a link."""
        heading = self.heading(self.spec.parse(result.experiment))
        return picture(heading, self.findings(result), result, self.picture, kind)

    def findings_json(self, result: R) -> bytes:
        """The findings of a result as JSON."""
        return _FINDINGS.dump_json(self.findings(result))

    def figures(self, result: R) -> dict[str, Figure]:
        """Every chart that this result has something to show in, as plain dicts in Plotly's schema."""
        drawn = {name: chart.draw(result) for name, chart in self.charts.items()}
        return {name: figure for name, figure in drawn.items() if figure is not None}

    def figures_json(self, result: R) -> bytes:
        """The same as JSON."""
        drawn = self.figures(result)
        return json.dumps(drawn, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


Experiments = Mapping[str, Experiment[Any, Any]]


def by_name(*experiments: Experiment[Any, Any]) -> dict[str, Experiment[Any, Any]]:
    """A registry, in this order."""
    return {experiment.name: experiment for experiment in experiments}
